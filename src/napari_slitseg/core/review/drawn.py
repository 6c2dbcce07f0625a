"""The edit behind points that a person drew, dragged or deleted in a layer."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.points_table import TOMBSTONES, PointTable
from napari_slitseg.core.review.edit import Edit, points_edit
from napari_slitseg.core.review.signature import Signature

_KINDS: Final = ("add", "delete", "move")


def drawn_edit(
    table: PointTable,
    drawn: NDArray[np.int64],
    ids: NDArray[np.int64],
    yx: NDArray[np.float64],
    by: Signature,
) -> Edit:
    """Return the edit that a person made in a layer of points.

    Parameters
    ----------
    table : PointTable
        Before it.
    drawn : (M,) int64
        Ids of the points that the layer showed; others are left as they are.
    ids : (N,) int64
        Ids of the points it shows now; unknown or repeated ones mean new points.
    yx : (N, 2) float64
        Their positions, px.
    by : Signature
        Who did it, and when.
    """
    row_of = {int(key): row for row, key in enumerate(table.ids)}
    rows = np.array([row_of.pop(int(key), -1) for key in ids], dtype=np.int64)
    old = rows >= 0
    columns = {name: getattr(table, name).copy() for name in _COLUMNS}
    moved = np.zeros(len(table), np.bool_)
    moved[rows[old]] = (table.yx[rows[old]] != yx[old]).any(axis=1)
    columns["yx"][rows[old]] = yx[old]
    gone = np.isin(table.ids, drawn) & ~np.isin(table.ids, ids)
    gone &= ~np.isin(table.status, TOMBSTONES)
    status = np.where(moved & (table.status != "added"), "moved", table.status)
    changed = moved | gone
    columns["status"] = np.where(gone, "deleted", status)
    columns["editor"] = np.where(changed, by.editor, table.editor)
    columns["time"] = np.where(changed, by.time, table.time)
    after = _with_new(PointTable(**columns), yx[~old], by)
    kinds = (bool((~old).any()), bool(gone.any()), bool(moved.any()))
    kind = next((k for k, is_so in zip(_KINDS, kinds, strict=True) if is_so), "edit")
    return points_edit(kind, table, after, editor=by.editor, time=by.time)


_COLUMNS: Final = ("ids", "yx", "score", "status", "origin", "uncertain", "editor", "time")


def _with_new(table: PointTable, yx: NDArray[np.float64], by: Signature) -> PointTable:
    """Table with points that a person added at the end."""
    new = PointTable.from_yx(yx)
    first = int(table.ids.max(initial=-1)) + 1
    values: dict[str, Any] = {name: getattr(new, name) for name in _COLUMNS}
    values["ids"] = new.ids + first
    values["editor"] = np.full(len(new), by.editor)
    values["time"] = np.full(len(new), by.time)
    return PointTable(
        **{name: np.concatenate([getattr(table, name), values[name]]) for name in _COLUMNS}
    )
