"""How the membrane line is found and what counts as lying on it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from napari_slitseg.core.membrane import ASSUMED_PIXEL_SIZE_NM

_AT_MOST: Final = {"membrane_threshold": 1.0, "join_angle_deg": 180.0}


@dataclass(frozen=True)
class MeasureSettings:
    """Lengths are in nm, so images of every magnification are measured alike.

    For an image of unknown scale a pixel is taken as `ASSUMED_PIXEL_SIZE_NM`, for these settings
    only: no result is given in nm then.

    Attributes
    ----------
    membrane_threshold : float
        Lowest probability of the membrane in a map, inclusive, [0, 1].
    smooth_nm : float
        Standard deviation of the smoothing along the line.
    spur_nm : float
        Side branches shorter than this are dropped.
    hole_nm : float
        Holes in the membrane of an area smaller than the square of this are closed.
    shortest_nm : float
        Lines shorter than this are dropped.
    join_nm : float
        Widest gap between two ends that is bridged; 0 joins nothing.
    join_angle_deg : float
        Largest angle between either line's direction and the bridge.
    assign_nm : float
        A slit farther than this from every line is not on the membrane, and not counted.
    effaced_nm : float
        A foot process wider than this counts as effaced.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    membrane_threshold: float = 0.5
    smooth_nm: float = 30.0
    spur_nm: float = 150.0
    hole_nm: float = 150.0
    shortest_nm: float = 400.0
    join_nm: float = 600.0
    join_angle_deg: float = 40.0
    assign_nm: float = 150.0
    effaced_nm: float = 1000.0

    def __post_init__(self) -> None:
        for each in fields(self):
            value, most = getattr(self, each.name), _AT_MOST.get(each.name, float("inf"))
            if not 0 <= value <= most or value == float("inf"):
                raise ValueError(f"{each.name} must be a number from 0 to {most:g}, not {value}.")

    def px(self, name: str, pixel_size_nm: float | None) -> float:
        """Return one of the lengths in pixels; see the class for an unknown scale."""
        length_nm: float = getattr(self, name)
        return length_nm / (pixel_size_nm or ASSUMED_PIXEL_SIZE_NM)
