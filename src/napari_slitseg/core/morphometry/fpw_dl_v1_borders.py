"""Borders of the pieces of a mask, in the order and with the corners that OpenCV gives them.

Border following after Suzuki and Abe, "Topological structural analysis of digitized binary images
by border following", 1985; own implementation. The published tool walks along such borders as if
they were lines, so its figures depend on where a border begins and which way it goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Corners = NDArray[np.int64]
Mask = NDArray[np.bool_]

_WEST: Final = 0
_EAST: Final = 4
_ROUND: Final = ((0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1))
_NEW: Final = 1
_SEEN: Final = 2
_OPEN_EAST: Final = 3


def outer_borders(mask: Mask) -> list[Corners]:
    """Return the border of each piece that lies in no hole of another, the lowest piece first.

    Parameters
    ----------
    mask : (H, W) bool
        Pixels that touch, at a corner too, are one piece.

    Returns
    -------
    list of (K, 2) int64
        Pixels (y, x) in order, from the piece's first one in reading order, downwards first; a line
        one pixel wide is walked there and back. What OpenCV calls RETR_EXTERNAL.
    """
    return _borders(ndimage.binary_fill_holes(mask), holes=False)


def all_borders(mask: Mask) -> list[Corners]:
    """Return the borders of all pieces and of all their holes, the last one met first.

    What OpenCV calls RETR_LIST; see `outer_borders`.
    """
    return _borders(mask, holes=True)


def _borders(mask: Mask, *, holes: bool) -> list[Corners]:
    padded = np.pad(mask, 1)
    west, east = padded.copy(), padded.copy()
    west[:, 1:] &= ~padded[:, :-1]
    east[:, :-1] &= ~padded[:, 1:]
    marks, is_west = bytearray(padded.tobytes()), bytearray(west.tobytes())
    steps = [y * padded.shape[1] + x for y, x in _ROUND]
    found = []
    for at in np.flatnonzero((west | east) if holes else west).tolist():
        if is_west[at] and marks[at] == _NEW:
            found.append(_follow(marks, at, _WEST, steps))
        if holes and marks[at] != _OPEN_EAST and not marks[at + steps[_EAST]]:
            found.append(_follow(marks, at, _EAST, steps))
    return [np.stack(np.divmod(each, padded.shape[1]), axis=1) - 1 for each in reversed(found)]


def _follow(marks: bytearray, start: int, outside: int, steps: Sequence[int]) -> Corners:
    """Walk once round, counter-clockwise as seen; marks what was passed."""
    back = next((d for d in _turned(outside, 1) if marks[start + steps[d]]), None)
    if back is None:
        marks[start] = _OPEN_EAST
        return np.array([start])
    last, here, walked = start + steps[back], start, []
    while True:
        walked.append(here)
        ahead = next(d for d in _turned(back - 1, -1) if marks[here + steps[d]])
        if (back - 1 - _EAST) % 8 < (back - 1 - ahead) % 8:
            marks[here] = _OPEN_EAST
        elif marks[here] == _NEW:
            marks[here] = _SEEN
        following = here + steps[ahead]
        if following == start and here == last:
            return np.array(walked)
        here, back = following, (ahead + 4) % 8


def _turned(first: int, turn: int) -> list[int]:
    return [(first + turn * k) % 8 for k in range(8)]


def area_and_centre(border: Corners) -> tuple[float, float, float]:
    """Return the area of the polygon through a border's pixels, px, and its centre (y, x).

    A piece of 3 x 3 pixels has an area of 4, and a line none: its centre is not a number then.
    """
    y, x = border.T.astype(np.float64)
    next_y, next_x = np.roll(y, -1), np.roll(x, -1)
    cross = y * next_x - next_y * x
    twice = float(cross.sum())
    if not twice:
        return 0.0, float("nan"), float("nan")
    y_sum, x_sum = float((cross * (y + next_y)).sum()), float((cross * (x + next_x)).sum())
    return abs(twice) / 2, y_sum / (3 * twice), x_sum / (3 * twice)


def chain_length(corners: NDArray[Any]) -> float:
    """Return the length of the steps from corner to corner, px; 0 for fewer than two."""
    return float(np.hypot(*np.diff(np.asarray(corners, np.float64).reshape(-1, 2), axis=0).T).sum())
