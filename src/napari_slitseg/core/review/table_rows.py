"""Rows of a table: found by id or place, changed and signed, made into an edit."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_slitseg.core.points_table import TOMBSTONES, PointTable
from napari_slitseg.core.review.edit import Edit
from napari_slitseg.core.review.signature import Signature


def points_of(table: PointTable | None) -> PointTable:
    """Return the table, an empty one where nobody said anything yet."""
    return PointTable.empty() if table is None else table


def rows_with(table: PointTable, ids: ArrayLike) -> NDArray[np.intp]:
    """Return the rows of some ids, each once, ascending.

    Raises
    ------
    ValueError
        If there is no such point.
    """
    wanted = np.unique(np.asarray(ids, np.int64))
    rows = np.flatnonzero(np.isin(table.ids, wanted))
    if len(rows) < len(wanted):
        lost = sorted(set(wanted.tolist()) - set(table.ids[rows].tolist()))
        raise ValueError(
            f"This annotation has no point {', '.join(map(str, lost[:5]))}"
            f"{' and others' if len(lost) > 5 else ''}. Select the points again."
        )
    return rows


def living_rows_with(table: PointTable, ids: ArrayLike, does: str) -> NDArray[np.intp]:
    """Return the rows of some ids, none of which may have been taken away.

    Raises
    ------
    ValueError
        If there is no such point, or it was rejected or deleted.
    """
    rows = rows_with(table, ids)
    gone = np.isin(table.status[rows], TOMBSTONES)
    if gone.any():
        row = rows[gone][0]
        raise ValueError(
            f"Point {table.ids[row]} is {table.status[row]}. Accept it first to {does} it."
        )
    return rows


def finite_yx(yx: ArrayLike) -> NDArray[np.float64]:
    """Return places as (N, 2), a single one as (1, 2).

    Raises
    ------
    ValueError
        If they are no places.
    """
    places = np.asarray(yx, np.float64)
    if places.shape == (2,):
        places = places[None]
    if places.ndim != 2 or places.shape[1] != 2:
        raise ValueError(f"A place is a row and a column, not values of shape {places.shape}.")
    if not np.isfinite(places).all():
        raise ValueError("A place must be finite numbers; NaN and infinity are nowhere.")
    return places


def rows_at(table: PointTable, yx: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the row at exactly each place, that of a slit where there are several; else -1."""
    near = np.flatnonzero(np.isin(table.yx[:, 0], yx[:, 0]))
    status = table.status[near]
    rank = np.where(np.isin(status, TOMBSTONES), 0, np.where(status == "proposed", 1, 2))
    order = near[np.argsort(rank, kind="stable")]
    places = map(tuple, table.yx[order].tolist())
    row_at = dict(zip(places, order.tolist(), strict=True))
    return np.array([row_at.get((y, x), -1) for y, x in yx.tolist()], np.intp)


def changed(
    kind: str,
    table: PointTable,
    rows: NDArray[Any],
    by: Signature,
    *,
    new: PointTable | None = None,
    **columns: ArrayLike,
) -> Edit:
    """Return the edit that gives some rows other values, and signs them.

    Parameters
    ----------
    kind : str
        What it is called.
    table : PointTable
        Before it.
    rows : (N,) bool or (K,) int
        Which rows.
    by : Signature
        Who, and when.
    new : PointTable or None
        Points to add; they get ids above all others, and are signed.
    columns : (K,) arrays, or one value for all
        New values by column.
    """
    before = table.take(rows)
    values = {name: _filled(before, name, column) for name, column in columns.items()}
    after = _signed(replace(before, **values), by)
    if new is not None and len(new):
        first = int(table.ids.max(initial=-1)) + 1
        after = joined(after, _signed(replace(new, ids=np.arange(len(new)) + first), by))
    return Edit(kind, before, after, editor=by.editor, time=by.time)


def joined(one: PointTable, other: PointTable) -> PointTable:
    """Return the rows of one table and then those of another."""
    names = [each.name for each in fields(PointTable)]
    return PointTable(
        **{name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in names}
    )


def _filled(table: PointTable, name: str, value: ArrayLike) -> NDArray[Any]:
    values = np.asarray(value)
    return values if values.ndim else np.full(len(table), values)


def _signed(table: PointTable, by: Signature) -> PointTable:
    return replace(table, editor=np.full(len(table), by.editor), time=np.full(len(table), by.time))
