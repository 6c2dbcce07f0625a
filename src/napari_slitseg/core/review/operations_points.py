"""Accept, reject, delete, move, add points, and say how sure one is of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from napari_slitseg.core.points_table import PointTable
from napari_slitseg.core.review.edit import Edit
from napari_slitseg.core.review.signature import Signature
from napari_slitseg.core.review.table_rows import changed, finite_yx, points_of, rows_at, rows_with


def accept(table: PointTable | None, ids: ArrayLike, by: Signature) -> Edit:
    """Say that points are slits; brings back what was taken away.

    Points that somebody said to be slits already, and signed, stay as they are.

    Raises
    ------
    ValueError
        If there is no such point.
    """
    points = points_of(table)
    rows = rows_with(points, ids)
    news = ~points.is_slit[rows] | (points.time[rows] == "")
    return changed("accept", points, rows[news], by, status="accepted")


def reject(table: PointTable | None, ids: ArrayLike, by: Signature) -> Edit:
    """Say that points are no slits; they stay as tombstones.

    Raises
    ------
    ValueError
        If there is no such point.
    """
    return _take_away("reject", "rejected", points_of(table), ids, by)


def delete(table: PointTable | None, ids: ArrayLike, by: Signature) -> Edit:
    """Withdraw points that were set, accepted or rejected by mistake; they stay as tombstones.

    Raises
    ------
    ValueError
        If there is no such point.
    """
    return _take_away("delete", "deleted", points_of(table), ids, by)


def move(table: PointTable | None, point_id: int, yx: ArrayLike, by: Signature) -> Edit:
    """Put a point elsewhere; brings it back if it was taken away.

    A point that a person added stays "added".

    Raises
    ------
    ValueError
        If there is no such point or the place is none.
    """
    points = points_of(table)
    rows = rows_with(points, [point_id])
    place = finite_yx(yx)
    if len(place) != 1:
        raise ValueError(f"A point moves to one place, not to {len(place)}.")
    rows = rows[(points.yx[rows] != place).any(axis=1)]
    status = np.where(points.status[rows] == "added", "added", "moved")
    return changed("move", points, rows, by, yx=place[: len(rows)], status=status)


def add(table: PointTable | None, yx: ArrayLike, by: Signature) -> Edit:
    """Set slits that were missing, at one place (y, x) or at several.

    Where there is a slit at exactly that place, none is set: a key held down sets one point.

    Raises
    ------
    ValueError
        If a place is none.
    """
    points = points_of(table)
    places = finite_yx(yx)
    _, first = np.unique(places, axis=0, return_index=True)
    places = places[np.sort(first)]
    rows = rows_at(points, places)
    free = rows < 0
    free[~free] = ~points.is_slit[rows[~free]]
    return changed("add", points, np.zeros(0, np.intp), by, new=PointTable.from_yx(places[free]))


def set_uncertain(
    table: PointTable | None, ids: ArrayLike, by: Signature, *, uncertain: bool
) -> Edit:
    """Say whether one is sure of points.

    One who is not sure of a proposal, or of a point taken away, says that it may be a slit: it is
    accepted as an uncertain one.

    Raises
    ------
    ValueError
        If there is no such point.
    """
    points = points_of(table)
    rows = rows_with(points, ids)
    news = points.uncertain[rows] != uncertain
    if uncertain:
        news |= ~points.is_slit[rows] | (points.time[rows] == "")
    rows = rows[news]
    status = points.status[rows]
    if uncertain:
        status = np.where(points.is_slit[rows], status, "accepted")
    kind = "mark as uncertain" if uncertain else "mark as certain"
    return changed(kind, points, rows, by, status=status, uncertain=uncertain)


def _take_away(kind: str, status: str, points: PointTable, ids: ArrayLike, by: Signature) -> Edit:
    rows = rows_with(points, ids)
    news = (points.status[rows] != status) | (points.time[rows] == "")
    return changed(kind, points, rows[news], by, status=status)
