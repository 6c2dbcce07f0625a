"""Take into an annotation what somebody changed in its file: as an edit, so it can be undone."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.points import TOMBSTONES, PointTable
from napari_slitseg.core.review import Edit, Signature, points_edit
from napari_slitseg.pipelines.save_plan_changes import VALUES, values_differ
from napari_slitseg.pipelines.save_plan_file import PointsFile
from napari_slitseg.pipelines.save_plan_match import (
    ROUNDING_PX,
    Rows,
    distances_px,
    match_rows,
    pair_rows,
    rows_by_id,
)

READ_BACK: Final = "read back"
MERGE: Final = "merge with file"


@dataclass(frozen=True, eq=False)
class Merged:
    """What a file and an annotation are together.

    Attributes
    ----------
    edit : Edit
        Turns the annotation into it.
    conflicts : tuple of str
        One line for each point that both sides changed, where ours is kept.
    """

    edit: Edit
    conflicts: tuple[str, ...]


def read_back(
    table: PointTable | None, file: PointsFile, base: PointTable | None, by: Signature
) -> Edit:
    """Return the edit that makes an annotation what its file says.

    Points are recognised as in `pair_rows`. Those that are not in the file become tombstones, those
    that are only there are new, and a tombstone that is there lives again.

    Parameters
    ----------
    table : PointTable or None
        The annotation; None for none.
    file : PointsFile
        A file that could be read.
    base : PointTable or None
        Points that both come from, where that is known.
    by : Signature
        Who reads it back.
    """
    ours, theirs = _tables(table, file)
    rows = pair_rows(theirs, ours, base)
    draft = _Draft(ours, file.columns, by)
    draft.take_over(theirs, rows)
    missing = ~np.isin(np.arange(len(ours)), rows) & ~np.isin(ours.status, TOMBSTONES)
    draft.delete(missing)
    return draft.edit(READ_BACK, theirs.take(rows < 0))


def merged(
    table: PointTable | None, file: PointsFile, base: PointTable | None, by: Signature
) -> Merged:
    """Return an annotation with what somebody else changed in its file since both were the same.

    Parameters
    ----------
    table, file, by
        As in `read_back`.
    base : PointTable or None
        Points of the file when both were the same; None where it was never read: nothing is taken
        away then.
    """
    ours, theirs = _tables(table, file)
    base = PointTable.empty() if base is None else base
    in_base = match_rows(theirs, base)
    of_base = rows_by_id(ours, base.ids)
    mine = _change(base, ours, of_base, file.columns)
    other = _change_of_file(base, theirs, in_base, file.columns)
    both = (mine != _SAME) & (other != _SAME) & ~_agree(ours, theirs, of_base, in_base, base)
    takes = (mine == _SAME) & (of_base >= 0)
    draft = _Draft(ours, file.columns, by)
    changed = np.append(takes & (other == _CHANGED), values=False)[in_base]
    draft.take_over(theirs.take(changed), of_base[in_base[changed]])
    gone = np.zeros(len(ours), np.bool_)
    gone[of_base[takes & (other == _GONE)]] = True
    draft.delete(gone)
    new = theirs.take(in_base < 0)
    only_ours = ours.take(~np.isin(ours.ids, base.ids) & ~np.isin(ours.status, TOMBSTONES))
    edit = draft.edit(MERGE, new.take(match_rows(new, only_ours) < 0))
    return Merged(edit, _told(base, both, mine, other))


_SAME, _CHANGED, _GONE = 0, 1, 2
_DID: Final = ("left", "changed", "removed")


def _tables(table: PointTable | None, file: PointsFile) -> tuple[PointTable, PointTable]:
    if file.table is None:
        raise ValueError(file.problem or f"There is no file {file.path}.")
    return (PointTable.empty() if table is None else table), file.table


def _change(
    base: PointTable, table: PointTable, rows: Rows, columns: tuple[str, ...]
) -> NDArray[np.int64]:
    """Tell what became of each point of the base: left, changed or taken away."""
    change = np.full(len(base), _GONE)
    there = rows >= 0
    there[there] = ~np.isin(table.status[rows[there]], TOMBSTONES)
    now, then = table.take(rows[there]), base.take(there)
    differs = distances_px(now.yx, then.yx) > ROUNDING_PX
    differs |= values_differ(now, then, columns)
    change[there] = np.where(differs, _CHANGED, _SAME)
    change[~there & np.isin(base.status, TOMBSTONES)] = _SAME
    return change


def _change_of_file(
    base: PointTable, theirs: PointTable, in_base: Rows, columns: tuple[str, ...]
) -> NDArray[np.int64]:
    rows = np.full(len(base), -1, np.intp)
    known = np.flatnonzero(in_base >= 0)
    rows[in_base[known]] = known
    return _change(base, theirs, rows, columns)


def _agree(
    ours: PointTable, theirs: PointTable, of_base: Rows, in_base: Rows, base: PointTable
) -> NDArray[np.bool_]:
    """Points of the base that both took away, or moved to the same place."""
    agree = np.zeros(len(base), np.bool_)
    alive = of_base >= 0
    alive[alive] = ~np.isin(ours.status[of_base[alive]], TOMBSTONES)
    rows = np.full(len(base), -1, np.intp)
    rows[in_base[in_base >= 0]] = np.flatnonzero(in_base >= 0)
    agree[~alive & (rows < 0)] = True
    two = alive & (rows >= 0)
    agree[two] = distances_px(ours.yx[of_base[two]], theirs.yx[rows[two]]) <= ROUNDING_PX
    return agree


def _told(
    base: PointTable, both: NDArray[np.bool_], mine: NDArray[np.int64], other: NDArray[np.int64]
) -> tuple[str, ...]:
    return tuple(
        f"row {base.yx[at, 0]:.1f}, column {base.yx[at, 1]:.1f}: you {_DID[mine[at]]} the point, "
        f"the file {_DID[other[at]]} it"
        for at in np.flatnonzero(both)
    )


class _Draft:
    """Columns of a table that are being changed."""

    def __init__(self, table: PointTable, columns: tuple[str, ...], by: Signature) -> None:
        self._table, self._by = table, by
        self._values = tuple(name for name in VALUES if name in columns)
        self._columns: dict[str, Any] = {}
        for each in fields(PointTable):
            old = getattr(table, each.name)
            self._columns[each.name] = old.astype(object) if old.dtype.kind == "U" else old.copy()

    def take_over(self, file: PointTable, rows: Rows) -> None:
        """Give points the place and the values that a file has; -1 for no point."""
        file, rows = file.take(rows >= 0), rows[rows >= 0]
        old = self._table.take(rows)
        moved = distances_px(file.yx, old.yx) > ROUNDING_PX
        revived = np.isin(old.status, TOMBSTONES) & ~np.isin(file.status, TOMBSTONES)
        changed = moved | revived | values_differ(old, file, self._values)
        self._columns["yx"][rows[moved]] = file.yx[moved]
        for name in self._values:
            self._columns[name][rows[changed]] = getattr(file, name)[changed]
        signs = "time" in self._values
        self._sign(rows[changed & ~(signs & (file.time != old.time))])
        self._name_status(file, rows, old, moved, revived)

    def _name_status(
        self,
        file: PointTable,
        rows: Rows,
        old: PointTable,
        moved: NDArray[np.bool_],
        revived: NDArray[np.bool_],
    ) -> None:
        """Where the file says nothing of status: living again, or moved."""
        if "status" in self._values:
            return
        self._columns["status"][rows[revived]] = file.status[revived]
        dragged = moved & ~revived & (old.status != "added")
        self._columns["status"][rows[dragged]] = "moved"

    def delete(self, gone: NDArray[np.bool_]) -> None:
        """Turn points into tombstones."""
        rows = np.flatnonzero(gone)
        self._columns["status"][rows] = "deleted"
        self._sign(rows)

    def edit(self, kind: str, new: PointTable) -> Edit:
        """Return the edit, with new points at the end."""
        first = int(self._table.ids.max(initial=-1)) + 1
        added: dict[str, Any] = {f.name: getattr(new, f.name) for f in fields(PointTable)}
        added["ids"] = np.arange(first, first + len(new))
        after = PointTable(
            **{name: np.concatenate([self._columns[name], added[name]]) for name in added}
        )
        by = self._by
        return points_edit(kind, self._table, after, editor=by.editor, time=by.time)

    def _sign(self, rows: Rows) -> None:
        self._columns["editor"][rows] = self._by.editor
        self._columns["time"][rows] = self._by.time
