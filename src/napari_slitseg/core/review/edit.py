"""One edit of an annotation: which points, and which pixels of the membrane, it changes.

An edit holds the rows before and after it, so it can be undone, kept in a file, checked against
the annotation it meets, and done again on an annotation that another person changed elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.points_table import PointTable
from napari_slitseg.core.review.annotation import Annotation

_COLUMNS: Final = tuple(each.name for each in fields(PointTable))


class EditConflict(ValueError):
    """The annotation is not as the edit expects it; the message is for the person."""


@dataclass(frozen=True, eq=False)
class StripeChange:
    """Pixels of the membrane stripe that change: doing it twice undoes it.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns of the image.
    corner : (int, int)
        Row and column of the first pixel of `flipped` in the image.
    flipped : (h, w) bool
        Pixels that change from stripe to none or back.
    """

    shape: tuple[int, int]
    corner: tuple[int, int]
    flipped: NDArray[np.bool_]

    @classmethod
    def between(cls, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> StripeChange:
        """Return what turns one stripe of (H, W) into another."""
        flipped = before != after
        rows = np.flatnonzero(flipped.any(axis=1))
        if not len(rows):
            return cls(_shape(before), (0, 0), np.zeros((0, 0), np.bool_))
        band = flipped[rows[0] : rows[-1] + 1]
        columns = np.flatnonzero(band.any(axis=0))
        box = band[:, columns[0] : columns[-1] + 1].copy()
        return cls(_shape(before), (int(rows[0]), int(columns[0])), box)

    def applied_to(self, stripe: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
        """Return the stripe, read-only, with those pixels changed; none counts as an empty one."""
        if stripe is not None and stripe.shape != self.shape:
            raise EditConflict(
                f"The membrane was drawn on an image of {self.shape} px, this one has "
                f"{stripe.shape}."
            )
        result = np.zeros(self.shape, np.bool_) if stripe is None else stripe.copy()
        (top, left), (height, width) = self.corner, self.flipped.shape
        result[top : top + height, left : left + width] ^= self.flipped
        result.flags.writeable = False
        return result


@dataclass(frozen=True, eq=False)
class Edit:
    """What a person did in one go.

    Attributes
    ----------
    kind : str
        What it is called, such as "accept"; a menu says "Undo accept".
    before, after : PointTable
        Rows of points that change, as they were and as they are; matched by id. A row only in
        `after` is new and comes last in the table.
    stripe : StripeChange or None
        What changes of the membrane.
    editor : str
        Who did it.
    time : str
        When, ISO 8601 in UTC.
    """

    kind: str
    before: PointTable = field(default_factory=PointTable.empty)
    after: PointTable = field(default_factory=PointTable.empty)
    stripe: StripeChange | None = None
    editor: str = ""
    time: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing."""
        return self.before.equals(self.after) and not self.changes_stripe

    @property
    def changes_points(self) -> bool:
        """Whether any point changes."""
        return not self.before.equals(self.after)

    @property
    def changes_stripe(self) -> bool:
        """Whether the membrane changes."""
        return self.stripe is not None and bool(self.stripe.flipped.size)

    def inverse(self) -> Edit:
        """Return the edit that takes this one back."""
        return replace(self, before=self.after, after=self.before)


def points_edit(
    kind: str, before: PointTable, after: PointTable, *, editor: str = "", time: str = ""
) -> Edit:
    """Return the edit that turns one table into another: only the rows that differ.

    Parameters
    ----------
    kind : str
        What it is called.
    before, after : PointTable
        Whole tables. Rows of both are in the same order; new ones come last in `after`.
    editor, time : str
        Who, and when.

    Raises
    ------
    ValueError
        If a point of `before` is missing in `after`: what is taken away stays as a tombstone, so
        that the order of the rows never changes and every edit can be undone bit for bit.
    """
    if np.array_equal(before.ids, after.ids):
        differs = _differs(before, after)
        return Edit(kind, before.take(differs), after.take(differs), editor=editor, time=time)
    old_rows, new_rows = rows_of(before.ids, after.ids)
    if (new_rows < 0).any():
        raise ValueError(f"'{kind}' would forget a point; mark it rejected or deleted instead.")
    kept = old_rows >= 0
    differs = ~kept
    differs[kept] = _differs(before.take(old_rows[kept]), after.take(kept))
    touched = old_rows[kept & differs]
    return Edit(kind, before.take(touched), after.take(differs), editor=editor, time=time)


def apply(annotation: Annotation, edit: Edit) -> Annotation:
    """Return the annotation after an edit.

    Raises
    ------
    EditConflict
        If a point is not as the edit expects it: another person changed it in the meantime.
    """
    points, membrane = annotation.points, annotation.membrane
    if edit.changes_points:
        points = _edited(PointTable.empty() if points is None else points, edit)
    if edit.stripe is not None and edit.changes_stripe:
        membrane = edit.stripe.applied_to(membrane)
    return Annotation(points, membrane)


def _edited(table: PointTable, edit: Edit) -> PointTable:
    rows, _ = rows_of(table.ids, edit.before.ids)
    if (rows < 0).any() or _differs(table.take(rows), edit.before).any():
        raise EditConflict(
            f"The points of '{edit.kind}' are no longer as they were: they were changed elsewhere."
        )
    stays, becomes = rows_of(edit.before.ids, edit.after.ids)
    if np.isin(edit.after.ids[stays < 0], table.ids).any():
        raise EditConflict(f"A point that '{edit.kind}' would add is there already.")
    goes = np.zeros(len(table), np.bool_)
    goes[rows[becomes < 0]] = True
    kept = _Change(edit.after, stays >= 0, rows[stays[stays >= 0]], goes)
    columns = {name: _column(getattr(table, name), name, kept) for name in _COLUMNS}
    return PointTable.of_checked(columns)


class _Change(NamedTuple):
    """Rows of a table that become others, go or come."""

    after: PointTable
    is_old: NDArray[np.bool_]
    rows: NDArray[np.intp]
    goes: NDArray[np.bool_]


def _column(old: NDArray[Any], name: str, change: _Change) -> NDArray[Any]:
    """Return a column after a change; the same array where nothing of it changes."""
    after = getattr(change.after, name)
    values, new = old, after[~change.is_old]
    if not _same(old[change.rows], after[change.is_old]):
        values = old.astype(np.result_type(old.dtype, after.dtype))
        values[change.rows] = after[change.is_old]
    if change.goes.any():
        values = values[~change.goes]
    return np.concatenate([values, new]) if len(new) else values


def _same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def rows_of(
    ids: NDArray[np.int64], others: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the row in `ids` of each of `others`, and the other way round; -1 for none."""
    forward, backward = np.full(len(others), -1, np.intp), np.full(len(ids), -1, np.intp)
    if len(ids):
        order = np.argsort(ids, kind="stable")
        rows = order[np.searchsorted(ids, others, sorter=order).clip(max=len(ids) - 1)]
        found = ids[rows] == others
        forward[found] = rows[found]
        backward[rows[found]] = np.flatnonzero(found)
    return forward, backward


def _differs(one: PointTable, other: PointTable) -> NDArray[np.bool_]:
    """Which rows differ in any column; NaN scores count as equal."""
    differs = np.zeros(len(one), np.bool_)
    for name in _COLUMNS:
        a, b = getattr(one, name), getattr(other, name)
        if a is b:
            continue
        unequal = a != b
        if name == "score":
            unequal &= ~(np.isnan(a) & np.isnan(b))
        differs |= unequal.any(axis=1) if unequal.ndim == 2 else unequal
    return differs


def _shape(mask: NDArray[np.bool_]) -> tuple[int, int]:
    return mask.shape[0], mask.shape[1]
