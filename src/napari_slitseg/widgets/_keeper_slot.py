"""What the keeper knows of one image: what is on the disk, and what still waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import (
    Annotation,
    Edit,
    History,
    Record,
    record_to_text,
)
from napari_slitseg.store import Project


@dataclass
class Slot:
    """The annotation of one image and track.

    Attributes
    ----------
    base : Annotation
        What the journal begins with, or will.
    kept : History
        What is on the disk.
    head : int
        Number of the last record there.
    waiting : list of Record
        What is not on the disk yet, oldest first.
    project : Project or None
        Where it is kept; None before anything was, and while it is not open.
    image_id : int
        Number of the image there; negative before anything was kept.
    is_anew : bool
        Whether the journal there has to begin anew: the annotation came from elsewhere.
    """

    base: Annotation = field(default_factory=Annotation)
    kept: History = field(default_factory=History)
    head: int = 0
    waiting: list[Record] = field(default_factory=list)
    project: Project | None = None
    image_id: int = -1
    is_anew: bool = False

    @property
    def has_journal(self) -> bool:
        """Whether anything of it is on the disk."""
        return self.image_id >= 0


def with_theirs(kept: History, own: Sequence[Record]) -> tuple[list[Record], list[str]]:
    """Put own edits after those that another window kept first.

    Parameters
    ----------
    kept : History
        What is on the disk, with theirs.
    own : sequence of Record
        What was done here meanwhile.

    Returns
    -------
    records : list of Record
        What to append.
    lost : list of str
        Kinds of the edits that no longer fit.
    """
    records, lost = [], []
    for record in own:
        for each in (_followed(record, kept), record):
            try:
                kept = kept.follow(each)
            except ValueError:
                continue
            records.append(each)
            break
        else:
            lost.append(f"{_step(record)}{record.edit.kind if record.edit else 'edit'}")
    return records, lost


def journal_of(history: History) -> list[Record]:
    """Return records that make a history from its base."""
    done = [Record("edit", edit) for edit in history.edits]
    undone = [Record("undo", edit) for edit in reversed(history.edits[history.position :])]
    return [*done, *undone]


def _followed(record: Record, kept: History) -> Record:
    """Own record as it reads after another window's."""
    edit = record.edit
    if edit is None:
        return record
    if record.does == "undo" and not _same(kept.undoes, edit):
        return Record("edit", replace(edit.inverse(), kind=f"undo {edit.kind}"))
    if record.does == "redo" and not _same(kept.redoes, edit):
        return Record("edit", edit)
    return Record(record.does, _renumbered(edit, kept.state.points)) if _adds(edit) else record


def _adds(edit: Edit) -> bool:
    return bool((~np.isin(edit.after.ids, edit.before.ids)).any())


def _renumbered(edit: Edit, table: PointTable | None) -> Edit:
    """Give new points numbers that the other window did not use for its own."""
    new = ~np.isin(edit.after.ids, edit.before.ids)
    if table is None or not np.isin(edit.after.ids[new], table.ids).any():
        return edit
    ids = edit.after.ids.copy()
    ids[new] = int(table.ids.max()) + 1 + np.arange(int(new.sum()))
    return replace(edit, after=replace(edit.after, ids=ids))


def _same(one: Edit | None, other: Edit) -> bool:
    return one is not None and (
        one is other or record_to_text(Record("edit", one)) == record_to_text(Record("edit", other))
    )


def _step(record: Record) -> str:
    return "" if record.does == "edit" else f"{record.does} "
