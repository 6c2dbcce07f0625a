"""Which point of a file is which point of ours."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.matching import match
from napari_slitseg.core.points import TOMBSTONES, PointTable

SAME_PX: Final = 0.5
"""Points this near are the same one, px."""

ROUNDING_PX: Final = 0.01
"""A point that is this near to where it was did not move: a program wrote fewer digits, px."""

Rows = NDArray[np.intp]


def match_rows(file: PointTable, table: PointTable) -> Rows:
    """Row of a table that each point of a file is, -1 for none; no row twice.

    The same id at the same place is the same point; of the others, nearest ones within `SAME_PX`,
    living ones before those taken away. Programs number points anew, so an id alone tells nothing.
    """
    rows = _by_id(file, table)
    gone = np.isin(table.status, TOMBSTONES)
    for candidates in (~gone, gone):
        rows = _nearest(file, table, rows, candidates)
    return rows


def pair_rows(file: PointTable, table: PointTable, base: PointTable | None) -> Rows:
    """Row of a table that each point of a file is, -1 for none.

    Parameters
    ----------
    file : PointTable
        Points of a file.
    table : PointTable
        Ours, which were edited since.
    base : PointTable or None
        Those that both come from; its ids are those of `table`. A point may have moved far since.
    """
    if base is None:
        return match_rows(file, table)
    in_base = match_rows(file, base)
    rows = np.full(len(file), -1, np.intp)
    known = in_base >= 0
    rows[known] = rows_by_id(table, base.ids[in_base[known]])
    others = ~np.isin(table.ids, base.ids)
    return _nearest(file, table, rows, others)


def rows_by_id(table: PointTable, ids: NDArray[np.int64]) -> Rows:
    """Rows of points by their ids, -1 for those that are not there."""
    order = np.argsort(table.ids)
    at = np.searchsorted(table.ids, ids, sorter=order)
    rows = np.full(len(ids), -1, np.intp)
    inside = at < len(order)
    rows[inside] = order[at[inside]]
    rows[inside] = np.where(table.ids[rows[inside]] == ids[inside], rows[inside], -1)
    return rows


def distances_px(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance between the points of each row, px."""
    return np.asarray(np.hypot(*(one - other).T))


def _by_id(file: PointTable, table: PointTable) -> Rows:
    rows = rows_by_id(table, file.ids)
    known = rows >= 0
    near = distances_px(file.yx[known], table.yx[rows[known]]) <= ROUNDING_PX
    rows[known] = np.where(near, rows[known], -1)
    return rows


def _nearest(file: PointTable, table: PointTable, rows: Rows, may: NDArray[np.bool_]) -> Rows:
    """Pair points that have no partner yet with the nearest of some rows."""
    left = np.flatnonzero(rows < 0)
    free = np.flatnonzero(may & ~np.isin(np.arange(len(table)), rows))
    if not len(left) or not len(free):
        return rows
    pairs = match(file.yx[left], table.yx[free], SAME_PX).pairs
    result = rows.copy()
    result[left[pairs[:, 0]]] = free[pairs[:, 1]]
    return result
