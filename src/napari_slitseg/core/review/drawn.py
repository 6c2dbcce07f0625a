"""The edit behind points that a person drew, dragged or deleted in a layer."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.points_table import TOMBSTONES, PointTable
from napari_slitseg.core.review.edit import Edit, rows_of
from napari_slitseg.core.review.signature import Signature
from napari_slitseg.core.review.table_rows import changed

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
    rows, _ = rows_of(table.ids, ids)
    rows[_repeated(ids)] = -1
    old = rows >= 0
    moved = (table.yx[rows[old]] != yx[old]).any(axis=1)
    gone = np.flatnonzero(
        np.isin(table.ids, drawn) & ~np.isin(table.ids, ids) & ~np.isin(table.status, TOMBSTONES)
    )
    goes = rows[old][moved]
    status = np.where(table.status[goes] == "added", "added", "moved")
    kinds = (not old.all(), bool(len(gone)), bool(len(goes)))
    return changed(
        next((kind for kind, is_so in zip(_KINDS, kinds, strict=True) if is_so), "edit"),
        table,
        np.concatenate([goes, gone]),
        by,
        new=PointTable.from_yx(yx[~old]),
        yx=np.concatenate([yx[old][moved], table.yx[gone]]),
        status=np.concatenate([status, np.full(len(gone), "deleted")]),
    )


def _repeated(ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which ids occurred before."""
    _, first = np.unique(ids, return_index=True)
    again = np.ones(len(ids), np.bool_)
    again[first] = False
    return again
