"""Dots of a slit map as OpenCV's SimpleBlobDetector sees them, with the published tool's settings.

Own implementation of the rules: the map is cut at several levels; every closed border at a level
is a dot where its area is right; dots of several levels near one another are one dot.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.morphometry.fpw_dl_v1_borders import (
    Corners,
    all_borders,
    area_and_centre,
)

SMALLEST_AREA_PX: Final = 3.0
LARGEST_AREA_PX: Final = 100.0
LEVELS: Final = tuple(range(55, 220, 10))
"""Grey values at which the map is cut; a dot's pixels are brighter."""
NEAREST_PX: Final = 1.0
FEWEST_LEVELS: Final = 2


class _Dot(NamedTuple):
    y: float
    x: float
    radius: float


def slit_dots(slits: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the places of the dots in a slit map, in the order in which the tool gets them.

    Parameters
    ----------
    slits : (H, W) uint8

    Returns
    -------
    (N, 2) float64
        Means over the levels of the centres (y, x), px. A dot shows at two levels at least, so it
        has pixels brighter than 65 with an area (that of the polygon through the outermost pixels'
        centres) of 3 up to, not including, 100 px.
    """
    groups: list[list[_Dot]] = []
    for level in LEVELS:
        groups += [[dot] for dot in _dots_at(slits, level) if not _joins(dot, groups)]
    kept = [np.mean([dot[:2] for dot in group], axis=0) for group in groups if _is_lasting(group)]
    return np.asarray(kept, np.float64).reshape(-1, 2)


def _is_lasting(group: list[_Dot]) -> bool:
    return len(group) >= FEWEST_LEVELS


def _dots_at(slits: NDArray[np.uint8], level: int) -> list[_Dot]:
    dots = (_dot_in(border) for border in all_borders(slits > level))
    return [dot for dot in dots if dot is not None]


def _dot_in(border: Corners) -> _Dot | None:
    area, y, x = area_and_centre(border)
    if not SMALLEST_AREA_PX <= area < LARGEST_AREA_PX:
        return None
    apart = np.sort(np.hypot(border[:, 0] - y, border[:, 1] - x))
    middle = len(apart) // 2
    return _Dot(y, x, float(apart[middle] + apart[-1 - middle]) / 2)


def _joins(dot: _Dot, groups: list[list[_Dot]]) -> bool:
    """Whether a dot belongs to one of the groups of earlier levels, which it then joins.

    The middle one of a group by radius speaks for it.
    """
    for group in groups:
        middle = group[len(group) // 2]
        apart = float(np.hypot(middle.y - dot.y, middle.x - dot.x))
        if apart < max(NEAREST_PX, middle.radius, dot.radius):
            group.append(dot)
            group.sort(key=lambda one: one.radius)
            return True
    return False
