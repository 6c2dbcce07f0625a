"""What every detector tells about itself, and its settings. No torch here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, cast

from napari_slitseg.core.spec import Spec, setting

_LONGEST_NM = 2000.0
_WIDEST_NM = 500.0
_BORDER = "Drop detections closer than this to the edge of the image."
_SMALLEST = "Standard deviation of the narrowest Gaussian; a disc answers most at radius / sqrt(2)."
_LARGEST = "Standard deviation of the widest Gaussian."
_RESPONSE = "Lowest response of the filter at a blob."
_RELATIVE = "Lowest response as a share of the image's highest; the stricter of the two counts."
_OVERLAP = "Of two blobs that share more than this part of the smaller, the smaller is dropped."


@dataclass(frozen=True, kw_only=True)
class About:
    """A detector in words, for menus, the command line and the documentation.

    Attributes
    ----------
    title : str
        Name in menus.
    idea : str
        How it works, in one sentence.
    use_when : str
        One sentence.
    source : str
        Paper or program it comes from.
    recommended : bool
        Whether menus show it first.
    """

    title: str
    idea: str
    use_when: str
    source: str
    recommended: bool = False


@dataclass(frozen=True, kw_only=True)
class DetectorSpec(Spec):
    """Base of the specs of detectors; lengths are in nm, so that one spec fits all images.

    A subclass has a literal field ``name``, one field for each setting of its function, and these
    class attributes. The threshold on the score and the smallest distance of two detections are no
    settings of a detector: they are applied afterwards, to all alike.

    Attributes
    ----------
    function : str
        ``"module:function"`` in `napari_slitseg.core.detection`.
    about : About
        The detector in words.
    """

    function: ClassVar[str]
    about: ClassVar[About]

    name: str = ""
    border_nm: float = setting(0.0, _BORDER, unit="nm", ge=0, le=_LONGEST_NM)

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a detector needs a name: take the spec of one of DETECTORS")
        super().__post_init__()

    def in_px(self, pixel_size_nm: float) -> dict[str, Any]:
        """Return the settings with lengths in px: ``border_nm`` becomes ``border_px``.

        Raises
        ------
        ValueError
            If the pixel size is not a positive number.
        """
        if not 0 < pixel_size_nm < math.inf:
            raise ValueError(f"pixel_size_nm must be a positive number, got {pixel_size_nm}.")
        return {
            name.removesuffix("_nm") + "_px" if name.endswith("_nm") else name: (
                value / pixel_size_nm if name.endswith("_nm") else value
            )
            for name, value in self.settings().items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a spec from plain values; of the base, the spec that has their name.

        Raises
        ------
        ValueError
            If there is no such detector, or it has no such setting, or not that value.
        """
        if cls is not DetectorSpec:
            return super().from_dict(values)
        from napari_slitseg.core.detection import detector_from_dict

        return cast("Self", detector_from_dict(values))


@dataclass(frozen=True, kw_only=True)
class Peaks(DetectorSpec):
    """Smoothed local maxima."""

    function: ClassVar[str] = "peaks:candidates"
    about: ClassVar[About] = About(
        title="Smoothed peaks",
        idea="Local maxima of the slightly smoothed map, to a fraction of a pixel.",
        use_when="The default: fastest, and as exact as any on maps of dots.",
        source="Local maxima with a quadratic fitted to the logarithm",
        recommended=True,
    )

    name: Literal["peaks"] = "peaks"
    sigma_nm: float = setting(
        10.0,
        "Standard deviation of the smoothing before maxima are looked for; 0 for none.",
        unit="nm",
        ge=0,
        le=_WIDEST_NM,
    )


@dataclass(frozen=True, kw_only=True)
class _Blobs(DetectorSpec):
    """What detectors in scale space share."""

    min_sigma_nm: float = setting(10.0, _SMALLEST, unit="nm", gt=0, le=_WIDEST_NM)
    max_sigma_nm: float = setting(40.0, _LARGEST, unit="nm", gt=0, le=_WIDEST_NM)
    response: float = setting(0.1, _RESPONSE, ge=0, le=10)
    relative_response: float = setting(0.0, _RELATIVE, ge=0, le=1)
    overlap: float = setting(0.5, _OVERLAP, ge=0, le=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_order("min_sigma_nm", "max_sigma_nm")


@dataclass(frozen=True, kw_only=True)
class _SpacedBlobs(_Blobs):
    """What detectors share whose Gaussians are so many from the narrowest to the widest."""

    n_sigma: int = setting(7, "Number of Gaussians.", ge=1, le=50)
    log_scale: bool = setting(False, "Space the Gaussians by equal ratios instead of equal steps.")


@dataclass(frozen=True, kw_only=True)
class LaplacianOfGaussian(_SpacedBlobs):
    """Laplacian of Gaussian."""

    function: ClassVar[str] = "blobs:find_log"
    about: ClassVar[About] = About(
        title="Laplacian of Gaussian",
        idea="Maxima, in place and in scale, of how much brighter a spot is than its ring.",
        use_when="Dots differ in size.",
        source="Lindeberg 1998; as blob_log of scikit-image",
    )

    name: Literal["log"] = "log"


@dataclass(frozen=True, kw_only=True)
class DifferenceOfGaussians(_Blobs):
    """Difference of Gaussians."""

    function: ClassVar[str] = "blobs:find_dog"
    about: ClassVar[About] = About(
        title="Difference of Gaussians",
        idea="As the Laplacian of Gaussian, from differences of ever wider Gaussians.",
        use_when="As the Laplacian of Gaussian, on large images: it needs fewer filters.",
        source="Lowe 2004; as blob_dog of scikit-image",
    )

    name: Literal["dog"] = "dog"
    sigma_ratio: float = setting(
        1.6, "How many times wider each Gaussian is than the one before.", ge=1.05, le=4
    )


@dataclass(frozen=True, kw_only=True)
class DeterminantOfHessian(_SpacedBlobs):
    """Determinant of the Hessian."""

    function: ClassVar[str] = "blobs:find_doh"
    about: ClassVar[About] = About(
        title="Determinant of Hessian",
        idea="Maxima, in place and in scale, of the product of the two curvatures.",
        use_when="Lines and edges must not be taken for dots; dots closer than 6 px may merge.",
        source="Lindeberg 1998; Bay et al. 2008; used by the 2021 study of distance losses",
    )

    name: Literal["doh"] = "doh"
    response: float = setting(0.0025, _RESPONSE, ge=0, le=10)


@dataclass(frozen=True, kw_only=True)
class Components(DetectorSpec):
    """Connected components."""

    function: ClassVar[str] = "components:find_components"
    about: ClassVar[About] = About(
        title="Connected components",
        idea="Centres of mass of the regions where the map exceeds a level.",
        use_when="Every slit is an island of its own; slits that touch become one.",
        source="As the blob detector of fpw-dl-v1 (Smerkous et al. 2024)",
    )

    name: Literal["components"] = "components"
    level: float = setting(
        0.5, "Lowest probability of a pixel that belongs to a region.", gt=0, le=1
    )
    min_diameter_nm: float = setting(
        20.0, "Diameter of a disc as large as the smallest region.", unit="nm", ge=0, le=_LONGEST_NM
    )
    max_diameter_nm: float = setting(
        200.0, "Diameter of a disc as large as the largest region.", unit="nm", gt=0, le=20_000
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_order("min_diameter_nm", "max_diameter_nm")
