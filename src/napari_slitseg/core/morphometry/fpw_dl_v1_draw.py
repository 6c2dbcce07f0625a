"""Lines made of fewer corners, and drawn again as pixels: the published tool does both.

Own implementations after Douglas and Peucker, 1973, and Bresenham, 1965, with the rounding of
OpenCV.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.morphometry.fpw_dl_v1_borders import Corners, Mask


def simplified(line: NDArray[Any], tolerance_px: float) -> Corners:
    """Return fewer corners of an open line, which stays within a distance of those left out.

    Parameters
    ----------
    line : (K, 2)
        Whole numbers, px; K >= 1.
    tolerance_px : float
        Largest distance of a corner from the straight line that replaces it.
    """
    points = np.asarray(line, np.int64)
    kept, open_parts = [], [(0, len(points) - 1)]
    while open_parts:
        start, end = open_parts.pop()
        farthest = _farthest(points[start : end + 1], tolerance_px)
        if farthest is None:
            kept.append(start)
        else:
            open_parts += [(start + farthest, end), (start, start + farthest)]
    return _without_straight(points[[*kept, len(points) - 1]], tolerance_px)


def _farthest(points: Corners, tolerance_px: float) -> int | None:
    """Which corner lies farthest from the chord, the first of several; None if all are near."""
    (along_y, along_x), off = points[-1] - points[0], points[1:-1] - points[0]
    if not len(off):
        return None
    square = along_y**2 + along_x**2
    apart = np.abs(off[:, 0] * along_x - off[:, 1] * along_y)
    if not square:
        apart, square = (off**2).sum(axis=1), 1
        return int(apart.argmax()) + 1 if apart.max() > tolerance_px**2 else None
    if int(apart.max()) ** 2 <= tolerance_px**2 * square:
        return None
    return int(apart.argmax()) + 1


def _without_straight(corners: Corners, tolerance_px: float) -> Corners:
    """Drop each corner that is almost straight between two oblique neighbours, never two in a row.

    The last step of OpenCV's approxPolyDP.
    """
    kept, at, left = [corners[0]], 1, len(corners)
    while at < len(corners) - 1:
        if left > 2 and _is_straight(kept[-1], corners[at], corners[at + 1], tolerance_px):
            at, left = at + 1, left - 1
        kept.append(corners[at])
        at += 1
    if at < len(corners):
        kept.append(corners[at])
    return np.array(kept)


def _is_straight(before: Corners, here: Corners, after: Corners, tolerance_px: float) -> bool:
    (along_y, along_x), (come_y, come_x), go = after - before, here - before, after - here
    apart = come_x * along_y - come_y * along_x
    near = apart**2 <= 0.5 * tolerance_px**2 * (along_y**2 + along_x**2)
    onwards = come_y * go[0] + come_x * go[1] >= 0
    return bool(near and along_x and along_y and onwards)


def draw_line(mask: Mask, corners: Corners) -> None:
    """Set the pixels of a line, one pixel wide, in a mask that holds all its corners."""
    for start, end in pairwise(corners):
        mask[tuple(_pixels_between(start, end).T)] = True


def _pixels_between(start: Corners, end: Corners) -> Corners:
    """Pixels of a straight line, from its left end; halves go towards that end."""
    start, end = (start, end) if start[1] <= end[1] else (end, start)
    along = end - start
    steps = int(np.abs(along).max())
    if not steps:
        return start[None]
    at = np.arange(steps + 1)[:, None]
    moved = -((steps - 2 * at * np.abs(along)) // (2 * steps))
    return np.asarray(start + np.sign(along) * moved)
