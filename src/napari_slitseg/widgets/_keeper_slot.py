"""What the keeper knows of one image: what is on the disk, and what still waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from napari_slitseg.core.review import (
    Annotation,
    Edit,
    History,
    Record,
    record_to_text,
)
from napari_slitseg.store import Project
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._overlay import Overlay


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
    image : ImageEntry or None
        The image when it was edited last: it may leave the list before all is on the disk.
    """

    base: Annotation = field(default_factory=Annotation)
    kept: History = field(default_factory=History)
    head: int = 0
    waiting: list[Record] = field(default_factory=list)
    project: Project | None = None
    image_id: int = -1
    is_anew: bool = False
    image: ImageEntry | None = None

    @property
    def has_journal(self) -> bool:
        """Whether anything of it is on the disk."""
        return self.image_id >= 0

    @property
    def is_new(self) -> bool:
        """Whether nothing of it ever was on the disk."""
        return not self.has_journal and not self.kept.edits

    @property
    def begun(self) -> History:
        """History of an image of which nothing is on the disk now."""
        return self.kept if self.kept.edits else History.of(self.base)

    @property
    def is_behind(self) -> bool:
        """Whether anything of it is not on the disk, or no longer."""
        return bool(self.waiting) or not (self.has_journal or self.is_new)

    def begin_with(self, history: History) -> None:
        """Let a journal begin with what came from elsewhere, and tell all that followed."""
        self.base, self.is_anew = history.base, not self.is_new
        self.waiting = journal_of(history)


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
    numbers: dict[int, int] = {}
    for record in own:
        for each in (_followed(record, kept, numbers), record):
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


def missing_in(theirs: History, own: History) -> list[Record]:
    """Return those edits of a history, done and not undone, of which another one knows nothing."""
    known = {record_to_text(Record("edit", edit)) for edit in theirs.edits}
    done = [Record("edit", edit) for edit in own.edits[: own.position]]
    return [record for record in done if record_to_text(record) not in known]


def bare(entry: ImageEntry) -> ImageEntry:
    """Return an image without what takes memory."""
    return replace(
        entry, micrograph=None, annotation=None, seen=None, membrane=None, seen_membrane=None,
        history=History(), prediction=None, overlay=Overlay(), scores=None,
    )  # fmt: skip


def _followed(record: Record, kept: History, numbers: dict[int, int]) -> Record:
    """Own record as it reads after another window's; new points get other numbers."""
    if record.edit is None:
        return record
    edit = _numbered(record.edit, numbers)
    if record.does == "undo" and not _same(kept.undoes, edit):
        return Record("edit", replace(edit.inverse(), kind=f"undo {edit.kind}"))
    if record.does == "redo" and not _same(kept.redoes, edit):
        return Record("edit", edit)
    new = edit.after.ids[~np.isin(edit.after.ids, edit.before.ids)]
    table = kept.state.points
    if record.does == "edit" and table is not None and np.isin(new, table.ids).any():
        free = int(table.ids.max()) + 1
        numbers |= dict(zip(new.tolist(), range(free, free + len(new)), strict=True))
    return Record(record.does, _numbered(record.edit, numbers))


def _numbered(edit: Edit, numbers: dict[int, int]) -> Edit:
    """Return an edit with some points under other numbers."""
    if not numbers:
        return edit
    before, after = (
        replace(table, ids=np.array([numbers.get(i, i) for i in table.ids.tolist()], np.int64))
        for table in (edit.before, edit.after)
    )
    return replace(edit, before=before, after=after)


def _same(one: Edit | None, other: Edit) -> bool:
    return one is not None and (
        one is other or record_to_text(Record("edit", one)) == record_to_text(Record("edit", other))
    )


def _step(record: Record) -> str:
    return "" if record.does == "edit" else f"{record.does} "
