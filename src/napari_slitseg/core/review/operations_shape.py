"""Merge, split and project points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from napari_slitseg.core.points_table import TOMBSTONES, PointTable
from napari_slitseg.core.review.edit import Edit
from napari_slitseg.core.review.lines import nearest_on_lines
from napari_slitseg.core.review.signature import Signature
from napari_slitseg.core.review.table_rows import (
    changed,
    finite_yx,
    living_rows_with,
    points_of,
    rows_with,
)

ON_THE_LINE_PX: Final = 1e-6
"""A point this near to the line is on it."""


def merge(table: PointTable | None, ids: ArrayLike, by: Signature) -> Edit:
    """Make one point of several, at their mean place.

    The one with the lowest id stays, uncertain only if all were. Of the others, those that a
    model found are rejected, so that no walk asks for them again, and a person's own are deleted.

    Raises
    ------
    ValueError
        If there are fewer than two points, one is not there or was taken away.
    """
    points = points_of(table)
    rows = living_rows_with(points, ids, "merge")
    if len(rows) < 2:
        raise ValueError("Merging needs at least two points. Select more and merge again.")
    stays = points.ids[rows] == points.ids[rows].min()
    yx = np.where(stays[:, None], points.yx[rows].mean(axis=0), points.yx[rows])
    uncertain = np.where(stays, points.uncertain[rows].all(), points.uncertain[rows])
    moved = np.where(points.status[rows] == "added", "added", "moved")
    gone = np.where(points.origin[rows] == "human", "deleted", "rejected")
    status = np.where(stays, moved, gone)
    return changed("merge", points, rows, by, yx=yx, uncertain=uncertain, status=status)


def split(table: PointTable | None, point_id: int, yx_two: ArrayLike, by: Signature) -> Edit:
    """Make two points of one: it moves to the first place, a new one is set at the second.

    Raises
    ------
    ValueError
        If there is no such point, it was taken away, or the places are not two.
    """
    points = points_of(table)
    rows = living_rows_with(points, [point_id], "split")
    places = finite_yx(yx_two)
    if len(np.unique(places, axis=0)) != 2 or len(places) != 2:
        raise ValueError("Splitting a point needs two different places.")
    status = np.where(points.status[rows] == "added", "added", "moved")
    new = PointTable.from_yx(places[1:], uncertain=points.uncertain[rows])
    return changed("split", points, rows, by, new=new, yx=places[:1], status=status)


def project(
    table: PointTable | None, ids: ArrayLike, lines: Sequence[ArrayLike], by: Signature
) -> Edit:
    """Move points to the nearest place of the membrane's lines.

    Points on a line already, and those taken away, stay as they are; a proposal stays one.

    Parameters
    ----------
    table : PointTable or None
        The annotation.
    ids : (N,) int
        Which points.
    lines : sequence of (K, 2) array_like
        Corners (y, x) of each line, px.
    by : Signature
        Who, and when.

    Raises
    ------
    ValueError
        If there is no such point or no line.
    """
    points = points_of(table)
    rows = rows_with(points, ids)
    rows = rows[~np.isin(points.status[rows], TOMBSTONES)]
    places = nearest_on_lines(points.yx[rows], lines)
    off = np.hypot(*(places - points.yx[rows]).T) > ON_THE_LINE_PX
    status = points.status[rows[off]]
    status = np.where(np.isin(status, ("added", "proposed")), status, "moved")
    return changed("project", points, rows[off], by, yx=places[off], status=status)
