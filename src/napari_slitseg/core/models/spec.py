"""What it takes to build a model: a small document, readable without torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

ARCHITECTURES = ("forknet", "unet")
NORMS = ("batch", "group", "none")
MAX_WIDTH = 4.0


@dataclass(frozen=True)
class ModelSpec:
    """The architecture of a model and its two knobs.

    Attributes
    ----------
    architecture : str
        A name in `ARCHITECTURES`.
    width : float
        Multiplies every channel count of the architecture, in (0, 4]; 1.0 is the published size.
    norm : str
        ``"batch"`` (as published), ``"group"`` (for batches of one; the statistics span the
        whole input, so tiles of one image differ slightly where they meet) or ``"none"``.

    Raises
    ------
    ValueError
        For a value outside these.
    """

    architecture: str = "forknet"
    width: float = 1.0
    norm: str = "batch"

    def __post_init__(self) -> None:
        _check_choice("architecture", self.architecture, ARCHITECTURES)
        _check_choice("norm", self.norm, NORMS)
        width = self.width
        is_number = isinstance(width, (int, float)) and not isinstance(width, bool)
        if not (is_number and math.isfinite(width) and 0 < width <= MAX_WIDTH):
            raise ValueError(
                f"the model's width is {width!r}; give a number above 0 and up to {MAX_WIDTH:g}"
            )
        object.__setattr__(self, "width", float(width))

    def channels(self, base: int) -> int:
        """Return the number of channels of a layer that has `base` of them at width 1.0."""
        return max(1, math.floor(base * self.width + 0.5))

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelSpec:
        """Build a spec from plain values; missing ones take their default.

        Raises
        ------
        ValueError
            For a key that is not a field of the spec, or a value outside its range.
        """
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(
                f"the model's spec has unknown keys {', '.join(map(repr, unknown))}; "
                f"known are {', '.join(sorted(known))}"
            )
        return cls(**values)


def _check_choice(what: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"the model's {what} is {value!r}; choose one of {', '.join(choices)}")
