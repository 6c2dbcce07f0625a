"""What follows from a journal, without doing its edits one by one.

Undo and redo only move an index. What a point has become is the last row that the edits before
that index give it, so all edits are laid over the base at once: thousands take milliseconds.
A record that cannot be read counts as an edit that changes nothing, and no edit is refused
because it does not fit: whatever can still be told of an annotation is told. `check` tells of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.points_table import PointTable
from napari_slitseg.core.review import Annotation, Edit, EditConflict, History, Record, apply


def folded(base: Annotation, records: Iterable[Record]) -> History:
    """Return the history that a journal tells of.

    Parameters
    ----------
    base : Annotation
        What it begins with.
    records : iterable of Record
        Oldest first; an edit without its content changes nothing.
    """
    edits: list[Edit] = []
    position = 0
    for record in records:
        if record.does == "undo":
            position = max(position - 1, 0)
        elif record.does == "redo":
            position = min(position + 1, len(edits))
        else:
            edits[position:] = [record.edit or Edit("unreadable")]
            position += 1
    return History(base, tuple(edits), position, _state(base, edits[:position]))


def _state(base: Annotation, done: Sequence[Edit]) -> Annotation:
    pointing = [edit for edit in done if edit.changes_points]
    if any(_forgets_points(edit) for edit in pointing):
        return _state_by_steps(base, done)
    return Annotation(_points(base.points, pointing), _membrane(base, done))


def _forgets_points(edit: Edit) -> bool:
    return not set(edit.before.ids.tolist()) <= set(edit.after.ids.tolist())


def _points(base: PointTable | None, edits: Sequence[Edit]) -> PointTable | None:
    if not edits:
        return base
    tables = [PointTable.empty() if base is None else base, *(edit.after for edit in edits)]
    ids = np.concatenate([table.ids for table in tables])
    _, first = np.unique(ids, return_index=True)
    _, last = np.unique(ids[::-1], return_index=True)
    rows = (len(ids) - 1 - last)[np.argsort(first)]
    columns = {
        each.name: np.concatenate([getattr(table, each.name) for table in tables])[rows]
        for each in fields(PointTable)
    }
    return PointTable(**columns)


def _membrane(base: Annotation, edits: Sequence[Edit]) -> NDArray[np.bool_] | None:
    stripe = None if base.membrane is None else base.membrane.copy()
    for edit in edits:
        if edit.stripe is None or not edit.changes_stripe:
            continue
        if stripe is None:
            stripe = np.zeros(edit.stripe.shape, np.bool_)
        if stripe.shape == edit.stripe.shape:
            (top, left), (height, width) = edit.stripe.corner, edit.stripe.flipped.shape
            stripe[top : top + height, left : left + width] ^= edit.stripe.flipped
    return stripe


def _state_by_steps(base: Annotation, edits: Sequence[Edit]) -> Annotation:
    """One edit after the other, leaving out those that do not fit."""
    state = base
    for edit in edits:
        state = _applied(state, edit)
    return state


def _applied(state: Annotation, edit: Edit) -> Annotation:
    try:
        return apply(state, edit)
    except EditConflict:
        return state
