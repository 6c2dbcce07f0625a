"""Membrane lines as the published tool finds them in a membrane map.

Skeleton, cut where it branches; each piece reduced to what lies between its two strongest corners;
pieces joined end to end; all of it drawn again, and the borders of that drawing are the lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_slitseg.core.morphometry.fpw_dl_v1_borders import (
    Corners,
    Mask,
    chain_length,
    outer_borders,
)
from napari_slitseg.core.morphometry.fpw_dl_v1_corners import ends_of, nearest_index
from napari_slitseg.core.morphometry.fpw_dl_v1_draw import draw_line, simplified
from napari_slitseg.core.skeleton_links import thin

MEMBRANE_LEVEL: Final = 25
CUT_PX: Final = 7
SHORTEST_PX: Final = 40.0
BORDER_PX: Final = 10
WIDEST_GAP_PX: Final = 150.0
TOLERANCE_PX: Final = 1.0

_Place = tuple[int, int]
_CROSSES: Final = ("010/111/010", "101/010/101")
_FORKS: Final = (".1./111/...", "1.1/.1./1..", "101/010/.1.", "010/11./0.1")
_ANY: Final = 2
_CODES: Final = {"0": 0, "1": 1, ".": _ANY}
_AROUND: Final = tuple(product((-1, 0, 1), repeat=2))
_PLUS: Final = ndimage.generate_binary_structure(2, 1)


class _Piece(NamedTuple):
    """A piece of the skeleton between its two ends; the last end is not part of the line."""

    line: Corners
    ends: tuple[_Place, _Place]


def membrane_lines(membrane: NDArray[np.uint8]) -> list[Corners]:
    """Return the lines, pixel after pixel, in the order in which the tool goes through them.

    Parameters
    ----------
    membrane : (H, W) uint8

    Returns
    -------
    list of (K, 2) int64
        Pixels (y, x), each next to the one before; K may be 0.
    """
    skeleton = thin(membrane > MEMBRANE_LEVEL)
    branches = branch_points(skeleton)
    skeleton &= ~ndimage.binary_dilation(branches, np.ones((CUT_PX, CUT_PX), np.bool_))
    pieces = [piece for piece in map(_piece_of, outer_borders(skeleton)) if piece]
    drawing = _Drawing(membrane.shape[0], membrane.shape[1])
    for index in range(len(pieces)):
        drawing.add(pieces[index], pieces[index + 1 :])
    return _lines_in(drawing.finished(), drawing.loose_ends(pieces))


def branch_points(skeleton: Mask) -> Mask:
    """Return where three or four arms of a skeleton meet, but not in the image's outermost pixels.

    The neighbourhoods that count are two crosses and four forks, these in all four directions.
    """
    forks = [np.rot90(_pattern(fork), turn) for fork in _FORKS for turn in range(4)]
    patterns = np.stack([*map(_pattern, _CROSSES), *forks]).reshape(-1, 9)
    points = np.zeros_like(skeleton)
    yx = np.argwhere(skeleton[1:-1, 1:-1]) + 1
    around = np.stack([skeleton[yx[:, 0] + y, yx[:, 1] + x] for y, x in _AROUND], axis=1)
    fits = (patterns == _ANY) | (patterns == around[:, None])
    points[tuple(yx[fits.all(axis=2).any(axis=1)].T)] = True
    return points


def _pattern(rows: str) -> NDArray[np.int8]:
    return np.array([[_CODES[sign] for sign in row] for row in rows.split("/")], np.int8)


def _piece_of(border: Corners) -> _Piece | None:
    ends = ends_of(border)
    if ends is None:
        return None
    start, end = ends
    return _Piece(border[start:end], (_place(border[start]), _place(border[end])))


def _place(yx: Corners) -> _Place:
    return int(yx[0]), int(yx[1])


@dataclass
class _Drawing:
    """Lines joined and drawn one after the other; what was joined once is not joined again."""

    height: int
    width: int

    def __post_init__(self) -> None:
        self.mask = np.zeros((self.height, self.width), np.bool_)
        self.joined: list[_Place] = []

    def add(self, piece: _Piece, later: Sequence[_Piece]) -> None:
        """Join later pieces to either end of one, and draw the result if it is long enough."""
        line = piece.line
        for end in piece.ends:
            other, other_end = self._nearest(end, later)
            if other is None or end in self.joined or other_end in self.joined:
                continue
            line = _put_together(
                line, other.line, at_end=end == piece.ends[1], to_end=other_end == other.ends[1]
            )
            self.joined += [end, other_end]
        if chain_length(line) >= SHORTEST_PX:
            draw_line(self.mask, simplified(line, TOLERANCE_PX))

    def finished(self) -> Mask:
        """Return the drawing with a small cross on every joined end."""
        crosses = np.zeros_like(self.mask)
        for end in self.joined:
            crosses[end] = True
        return np.asarray(self.mask | ndimage.binary_dilation(crosses, _PLUS))

    def loose_ends(self, pieces: Sequence[_Piece]) -> Corners:
        """Return the ends (N, 2) of pieces that were not joined, also of those left out."""
        ends = [end for piece in pieces for end in piece.ends if end not in self.joined]
        return np.array(list(dict.fromkeys(ends)), np.int64).reshape(-1, 2)

    def _nearest(self, end: _Place, later: Sequence[_Piece]) -> tuple[_Piece | None, _Place]:
        """Return the nearest end of a later piece within reach; none for an end near the border."""
        ends = [(piece, other) for piece in later for other in piece.ends]
        if not ends or self._is_at_border(end):
            return None, end
        apart = np.hypot(*(np.array([other for _, other in ends]) - end).T)
        best = int(apart.argmin())
        return ends[best] if apart[best] < WIDEST_GAP_PX else (None, end)

    def _is_at_border(self, end: _Place) -> bool:
        y, x = end
        return (
            min(y, x) <= BORDER_PX
            or x + BORDER_PX > self.width - 1
            or y + BORDER_PX >= self.height - 1
        )


def _put_together(line: Corners, other: Corners, *, at_end: bool, to_end: bool) -> Corners:
    """Join two lines at the ends named; a line once turned round is taken as if it were not."""
    if at_end:
        return np.concatenate([line, other[::-1] if to_end else other])
    if to_end:
        return np.concatenate([other, line])
    return np.concatenate([line[::-1], other])


def _lines_in(drawing: Mask, loose_ends: Corners) -> list[Corners]:
    """Cut the border of each drawn piece between the two loose ends nearest to it."""
    lines = []
    for border in outer_borders(drawing):
        apart = [float(((border - end) ** 2).sum(axis=1).min()) for end in loose_ends]
        nearest = loose_ends[np.argsort(apart, kind="stable")[:2]]
        missing = np.zeros((2 - len(nearest), 2), np.int64)
        ends = [nearest_index(border, end) for end in np.concatenate([nearest, missing])]
        lines.append(border[min(ends) : max(ends)])
    return lines
