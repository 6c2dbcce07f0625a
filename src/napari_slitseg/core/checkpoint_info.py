"""What a checkpoint says about its model. Needs no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from napari_slitseg.core.image_normalisation import Normalisation
from napari_slitseg.core.models.spec import ModelSpec
from napari_slitseg.core.preprocessing import PREPROCESSINGS

_PARTS: Final = ("spec", "normalisation", "card", "job")
_USUAL: Final = {"preprocessing": "", "views": 1}


@dataclass(frozen=True)
class CheckpointInfo:
    """What a model is and how its answers are meant to be read.

    Attributes
    ----------
    name : str
        Short name shown to people.
    spec : ModelSpec
        Architecture to build.
    normalisation : Normalisation
        How the images were normalised in training.
    pixel_size_nm : float
        Pixel size it was trained at, nm; other images are resampled to it.
    threshold : float
        Suggested lowest slit probability that counts, [0, 1].
    min_distance_nm : float
        Suggested smallest distance of two detections, nm.
    card : dict
        What the model saw, its scores, its licence; any JSON values.
    job : dict
        The training job it came from; any JSON values.
    sha256 : str
        Fingerprint of the weights, hex; filled in by `save_checkpoint`.
    preprocessing : str
        Name of a chain in `napari_slitseg.core.preprocessing.PREPROCESSINGS`, or "" for the plain
        way: resampled and normalised, at any size. With a chain, `normalisation` says how images
        that do not have 8 bits become such, -1 black and 1 white.
    views : int
        From how many sides the network looks at an image, 1 to 8: itself, then turned and mirrored
        (`napari_slitseg.core.views.VIEWS`); the mean of its logits counts.

    Raises
    ------
    ValueError
        If a number is outside its range or there is no such preprocessing.
    """

    name: str
    spec: ModelSpec
    normalisation: Normalisation
    pixel_size_nm: float
    threshold: float
    min_distance_nm: float
    card: dict[str, Any] = field(default_factory=dict)
    job: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""
    preprocessing: str = ""
    views: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise ValueError(f"a model needs a name, not {self.name!r}")
        _check_number("pixel_size_nm", self.pixel_size_nm, "above 0", lowest=math.ulp(0.0))
        _check_number("threshold", self.threshold, "from 0 to 1", highest=1.0)
        _check_number("min_distance_nm", self.min_distance_nm, "from 0 up")
        if self.views not in range(1, 9) or isinstance(self.views, bool):
            raise ValueError(f"views is {self.views!r}, but must be a whole number from 1 to 8")
        if self.preprocessing != "" and self.preprocessing not in PREPROCESSINGS:
            raise ValueError(
                f"this program does not know the preprocessing {self.preprocessing!r}, only "
                f"{', '.join(PREPROCESSINGS)}; update napari-slitseg"
            )

    @property
    def network_pixel_size_nm(self) -> float:
        """Side of a pixel of what the network takes, nm; a geometric mean where it is squeezed."""
        if not self.preprocessing:
            return self.pixel_size_nm
        chain = PREPROCESSINGS[self.preprocessing]
        squeezed = math.prod(chain.field_px) / math.prod(chain.input_px)
        return self.pixel_size_nm * math.sqrt(squeezed)

    def to_dict(self) -> dict[str, Any]:
        """Return the info as plain JSON values, without `preprocessing` and `views` if usual."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, usual in _USUAL.items():
            if plain[name] == usual:
                del plain[name]
        return plain | {
            "spec": self.spec.to_dict(),
            "normalisation": self.normalisation.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CheckpointInfo:
        """Build an info from plain values.

        Raises
        ------
        ValueError
            For a missing or unknown key, or a value outside its range.
        """
        _check_dict("the info", values)
        for part in _PARTS:
            _check_dict(part, values.get(part, {}))
        known = {field.name for field in fields(cls)}
        optional = {"card", "job", "sha256", *_USUAL}
        if wrong := sorted((set(values) - known) | (known - optional - set(values))):
            raise ValueError(f"missing or unknown entries: {', '.join(wrong)}")
        spec = ModelSpec.from_dict(values["spec"])
        normalisation = Normalisation.from_dict(values["normalisation"])
        return cls(**{**values, "spec": spec, "normalisation": normalisation})


def _check_number(
    name: str, value: Any, allowed: str, lowest: float = 0.0, highest: float = math.inf
) -> None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (is_number and math.isfinite(value) and lowest <= value <= highest):
        raise ValueError(f"{name} is {value!r}, but must be a number {allowed}")


def _check_dict(name: str, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} is {value!r}, but must be a dictionary")
