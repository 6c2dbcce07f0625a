"""What to simulate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Look = Literal["plain", "tissue"]

SMALLEST_NM, LARGEST_NM = 3.0, 20.0
SMALLEST_SIDE_PX = 64


@dataclass(frozen=True)
class SceneOptions:
    """What to simulate; None leaves a value to the seed.

    Attributes
    ----------
    shape : (height, width), px, each at least 64
    pixel_size_nm : nanometres per pixel, 3 to 20
    capillaries : number of capillary walls tried, at least 1
    effacement : share of membrane without slits, [0, 1]
    contrast : 0 cytoplasm as grey as the membrane, 1 hard contrast
    noise : standard deviation of the grain, share of the full grey range, [0, 0.5]
    blur_nm : standard deviation of the defocus, nm
    look : "plain" draws the bare shapes, "tissue" what real sections are full of besides
    """

    shape: tuple[int, int] = (640, 640)
    pixel_size_nm: float = 10.0
    capillaries: int | None = None
    effacement: float | None = None
    contrast: float | None = None
    noise: float | None = None
    blur_nm: float | None = None
    look: Look = "plain"

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        if len(self.shape) != 2 or min(self.shape) < SMALLEST_SIDE_PX:
            raise ValueError(f"shape must be two sides of at least 64 px, not {self.shape}")
        if self.look not in get_args(Look):
            raise ValueError(f"look must be one of {', '.join(get_args(Look))}, not {self.look!r}")
        _within("pixel_size_nm", self.pixel_size_nm, SMALLEST_NM, LARGEST_NM)
        _within("capillaries", self.capillaries, 1, 20)
        _within("effacement", self.effacement, 0, 1)
        _within("contrast", self.contrast, 0, 1)
        _within("noise", self.noise, 0, 0.5)
        _within("blur_nm", self.blur_nm, 0, 200)


def _within(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise ValueError(f"{name} must lie between {low:g} and {high:g}, not {value:g}")
