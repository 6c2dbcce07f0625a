"""Intervals between slits as short straight lines to draw, and which one lies at a place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.morphometry import ImageMeasures, MembranePath

Floats = NDArray[np.float64]

_STEP_PX: Final = 2.0
"""Longest straight piece of a curve, px: nobody sees a difference."""


@dataclass(frozen=True, eq=False)
class IntervalLines:
    """Pieces of all intervals of an image.

    Attributes
    ----------
    pieces : (K, 2, 2) float64
        Start and direction (y, x) of each piece, px.
    interval : (K,) int64
        Number of the interval it belongs to.
    """

    pieces: Floats
    interval: NDArray[np.int64]

    def of(self, interval: int) -> Floats:
        """Return the pieces (M, 2, 2) of one interval."""
        return self.pieces[self.interval == interval]


def lines_of(measures: ImageMeasures, *, dash_px: float) -> IntervalLines:
    """Return what to draw: measured intervals whole, those of unknown width as dashes.

    Parameters
    ----------
    measures : ImageMeasures
    dash_px : float
        Length of a dash and of the gap after it, px.
    """
    found = list(_each(measures, dash_px))
    if not found:
        return IntervalLines(np.zeros((0, 2, 2)), np.zeros(0, np.int64))
    numbers = [np.full(len(pieces), number) for number, pieces in enumerate(found)]
    return IntervalLines(np.concatenate(found), np.concatenate(numbers).astype(np.int64))


def _each(measures: ImageMeasures, dash_px: float) -> Iterator[Floats]:
    intervals = measures.intervals
    rows = zip(
        *(intervals.line.tolist(), intervals.start.tolist(), intervals.end.tolist()),
        intervals.is_measured.tolist(),
        strict=True,
    )
    for line, start, end, is_measured in rows:
        path = measures.paths[line]
        yield _whole(path, start, end) if is_measured else _dashed(path, start, end, dash_px)


def _whole(path: MembranePath, start: float, end: float) -> Floats:
    n = max(1, int(np.ceil((end - start) / _STEP_PX)))
    at = path.at(np.linspace(start, end, n + 1))
    return np.stack([at[:-1], np.diff(at, axis=0)], axis=1)


def _dashed(path: MembranePath, start: float, end: float, dash_px: float) -> Floats:
    begins = np.arange(start, end, 2 * dash_px)
    at, to = path.at(begins), path.at(np.minimum(begins + dash_px, end))
    return np.stack([at, to - at], axis=1)


def interval_at(measures: ImageMeasures, yx: tuple[float, float], reach_px: float) -> int:
    """Return the number of the interval nearest to a place, -1 where none is within reach."""
    best, place, line = reach_px, 0.0, -1
    for number, path in enumerate(measures.paths):
        arc, apart = path.nearest(np.array([yx]))
        if apart[0] <= best:
            best, place, line = float(apart[0]), float(arc[0]), number
    if line < 0:
        return -1
    intervals, path = measures.intervals, measures.paths[line]
    again = place + path.length_px if path.is_closed else place
    inside = (intervals.start <= place) & (place <= intervals.end)
    inside |= (intervals.start <= again) & (again <= intervals.end)
    found = np.flatnonzero(inside & (intervals.line == line))
    return int(found[0]) if len(found) else -1


def middle_of(measures: ImageMeasures, interval: int) -> tuple[float, float]:
    """Return the place (y, x) half way along an interval, px."""
    intervals = measures.intervals
    path = measures.paths[int(intervals.line[interval])]
    y, x = path.at((intervals.start[interval] + intervals.end[interval]) / 2).tolist()
    return y, x
