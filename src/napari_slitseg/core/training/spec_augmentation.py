"""How patches of micrographs are chosen and varied while training, as documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from napari_slitseg.core.spec import Spec, from_table, setting


@dataclass(frozen=True, kw_only=True)
class Sampling(Spec):
    """Base: where patches lie."""

    title: ClassVar[str]
    use_when: ClassVar[str]

    name: str = ""
    slit_share: float = setting(
        0.8,
        "Share of patches that lie around an annotated slit; the others lie anywhere. Of an image "
        "without slits, half lie around its membrane.",
        ge=0,
        le=1,
    )


@dataclass(frozen=True, kw_only=True)
class Augmentation(Sampling):
    """Changes that leave a micrograph a micrograph, drawn anew for every patch.

    Raises
    ------
    ValueError
        If a lowest value is above its highest.
    """

    title: ClassVar[str] = "As micrographs vary"
    use_when: ClassVar[str] = "Almost always: a few images then teach as much as many."

    name: Literal["tem"] = "tem"
    flip: bool = setting(True, "Mirror half of the patches.")
    rotation: bool = setting(True, "Turn patches by any angle.")
    min_scale: float = setting(
        0.8, "Smallest factor by which a patch is enlarged; below 1 it is reduced.", ge=0.25, le=4
    )
    max_scale: float = setting(1.25, "Largest factor by which a patch is enlarged.", ge=0.25, le=4)
    elastic_px: float = setting(
        2.0,
        "Typical length by which elastic deformation moves a pixel, or less where the patch would "
        "fold; points move along.",
        unit="px",
        ge=0,
        le=20,
    )
    elastic_grid_px: float = setting(
        64.0, "Distance over which the deformation changes.", unit="px", ge=16
    )
    gain: float = setting(
        0.3, "Contrast is multiplied by up to 1 + this, or divided by it.", ge=0, le=2
    )
    offset: float = setting(
        0.3, "Brightness is shifted by up to this; the grey range is -1 to 1.", ge=0, le=1
    )
    gamma: float = setting(
        0.4, "Grey values are raised to a power between exp(-this) and exp(this).", ge=0, le=2
    )
    blur_px: float = setting(
        1.2,
        "Largest standard deviation of the blur that a third of patches get.",
        unit="px",
        ge=0,
        le=10,
    )
    noise: float = setting(
        0.15, "Largest standard deviation of added noise; the grey range is -1 to 1.", ge=0, le=2
    )
    invert_share: float = setting(
        0.0,
        "Share of patches whose contrast is inverted; for sets in which dark and bright are "
        "sometimes exchanged.",
        ge=0,
        le=1,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_order("min_scale", "max_scale")


@dataclass(frozen=True, kw_only=True)
class NoAugmentation(Sampling):
    """Patches as they are in the images."""

    title: ClassVar[str] = "None"
    use_when: ClassVar[str] = "Images are many, or something is to be looked into."

    name: Literal["none"] = "none"

    def full(self) -> Augmentation:
        """Return the same as an `Augmentation` that changes nothing."""
        return Augmentation(
            slit_share=self.slit_share,
            flip=False,
            rotation=False,
            min_scale=1.0,
            max_scale=1.0,
            elastic_px=0.0,
            gain=0.0,
            offset=0.0,
            gamma=0.0,
            blur_px=0.0,
            noise=0.0,
        )


AUGMENTATIONS: Mapping[str, type[Sampling]] = MappingProxyType(
    {spec().name: spec for spec in (Augmentation, NoAugmentation)}
)
"""Specs of all augmentations by name, in the order of menus."""


def augmentation_from_dict(values: Mapping[str, Any]) -> Sampling:
    """Build the spec of an augmentation from plain values such as JSON's.

    Raises
    ------
    ValueError
        If there is none of that name, or it has no such setting, or not that value.
    """
    return from_table(AUGMENTATIONS, values, "augmentation")
