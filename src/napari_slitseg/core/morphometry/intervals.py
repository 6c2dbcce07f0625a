"""Stretches of membrane between neighbouring slits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.morphometry.image_measures import Intervals, SlitsOnLines
from napari_slitseg.core.morphometry.path import Floats, MembranePath

SAME_PLACE_PX: Final = 1e-6
"""Two slits nearer to each other along a line than this lie at one place."""

_NO_SLIT: Final = -1
_Row = tuple[float, float, str, int, int]


def intervals_of(paths: Sequence[MembranePath], slits: SlitsOnLines) -> Intervals:
    """Return all stretches between neighbouring slits and ends, line by line, in order.

    An open line with n slits has n + 1 stretches: n - 1 "measured" ones, and one at each end, whose
    foot process goes on where the line does not. A slit at the very end leaves a stretch of length
    0 there. A loop with n slits has n measured ones; with a single slit that is the whole loop,
    from the slit round to itself, since a single foot process surrounds it. A line without slits
    is one "empty" stretch. Slits at the same place are taken in order of their numbers, so the
    order in which slits come changes nothing.
    """
    order = np.lexsort((slits.ids, slits.arc, slits.line))
    lines, rows = [], []
    for index, path in enumerate(paths):
        here = order[slits.line[order] == index]
        of_line = list(_along(path, slits.arc[here], slits.ids[here]))
        rows += of_line
        lines += [index] * len(of_line)
    start, end, kind, first, last = zip(*rows, strict=True) if rows else ((),) * 5
    return Intervals(
        line=np.array(lines, np.int64),
        start=np.array(start, np.float64),
        end=np.array(end, np.float64),
        kind=np.array(kind, np.str_),
        first=np.array(first, np.int64),
        last=np.array(last, np.int64),
    )


def slits_at_one_place(intervals: Intervals) -> list[tuple[int, int]]:
    """Return the numbers of neighbouring slits that lie at the same place of a line."""
    is_none = intervals.is_measured & (intervals.length_px < SAME_PLACE_PX)
    pairs = zip(intervals.first[is_none].tolist(), intervals.last[is_none].tolist(), strict=True)
    return list(pairs)


def _along(path: MembranePath, arcs: Floats, ids: NDArray[np.int64]) -> Iterator[_Row]:
    """Yield the stretches of one line; arcs ascend."""
    if not len(arcs):
        yield 0.0, path.length_px, "empty", _NO_SLIT, _NO_SLIT
        return
    places, names = arcs.tolist(), ids.tolist()
    if path.is_closed:
        places, names = [*places, places[0] + path.length_px], [*names, names[0]]
    else:
        yield 0.0, places[0], path.start, _NO_SLIT, names[0]
    for i in range(len(places) - 1):
        yield places[i], places[i + 1], "measured", names[i], names[i + 1]
    if not path.is_closed:
        yield places[-1], path.length_px, path.end, names[-1], _NO_SLIT
