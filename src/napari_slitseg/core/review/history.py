"""The edits of one image, done and undone: undo is an index."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from napari_slitseg.core.review.annotation import Annotation
from napari_slitseg.core.review.edit import Edit, apply


@dataclass(frozen=True, eq=False)
class Record:
    """A line of the journal of one image: an edit, or a step back or forward.

    Attributes
    ----------
    does : str
        "edit", "undo" or "redo".
    edit : Edit or None
        What was edited, undone or redone; None where only the step was kept.
    """

    does: Literal["edit", "undo", "redo"]
    edit: Edit | None = None


@dataclass(frozen=True, eq=False)
class History:
    """How the annotation of one image came about.

    Attributes
    ----------
    base : Annotation
        Before the first edit.
    edits : tuple of Edit
        All that were not overwritten by another branch, oldest first.
    position : int
        How many of them are done; the others were undone.
    state : Annotation
        What follows from the three.
    """

    base: Annotation = field(default_factory=Annotation)
    edits: tuple[Edit, ...] = ()
    position: int = 0
    state: Annotation = field(default_factory=Annotation)

    @classmethod
    def of(cls, base: Annotation) -> History:
        """Return a history that begins with an annotation."""
        return cls(base=base, state=base)

    @classmethod
    def replay(cls, base: Annotation, records: Iterable[Record]) -> History:
        """Return the history that a journal tells of.

        Raises
        ------
        EditConflict
            If the journal does not fit the annotation it begins with.
        ValueError
            If it undoes or redoes what is not there.
        """
        history = cls.of(base)
        for record in records:
            history = history.follow(record)
        return history

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to take back."""
        return self.position > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit that was taken back."""
        return self.position < len(self.edits)

    @property
    def undoes(self) -> Edit | None:
        """The edit that undo would take back."""
        return self.edits[self.position - 1] if self.can_undo else None

    @property
    def redoes(self) -> Edit | None:
        """The edit that redo would do again."""
        return self.edits[self.position] if self.can_redo else None

    def follow(self, record: Record) -> History:
        """Return the history after a line of the journal."""
        if record.does == "undo":
            return self.undo()
        if record.does == "redo":
            return self.redo()
        if record.edit is None:
            raise ValueError("A record of an edit lacks the edit.")
        return self.push(record.edit)

    def push(self, edit: Edit) -> History:
        """Return the history after another edit; what was undone before is forgotten.

        Raises
        ------
        EditConflict
            If the edit does not fit the annotation as it is.
        """
        edits = (*self.edits[: self.position], edit)
        state = apply(self.state, edit)
        return replace(self, edits=edits, position=len(edits), state=state)

    def undo(self) -> History:
        """Return the history with its last edit taken back.

        Raises
        ------
        ValueError
            If there is none.
        """
        edit = self.undoes
        if edit is None:
            raise ValueError("There is nothing to undo.")
        position = self.position - 1
        state = self._as_unknown_as_then(apply(self.state, edit.inverse()), position)
        return replace(self, position=position, state=state)

    def redo(self) -> History:
        """Return the history with the edit that was undone last done again.

        Raises
        ------
        ValueError
            If there is none.
        """
        edit = self.redoes
        if edit is None:
            raise ValueError("There is nothing to redo.")
        return replace(self, position=self.position + 1, state=apply(self.state, edit))

    def _as_unknown_as_then(self, state: Annotation, position: int) -> Annotation:
        """Say nothing again of what nobody had said anything about at that position."""
        done = self.edits[:position]
        points, membrane = state.points, state.membrane
        if self.base.points is None and not any(edit.changes_points for edit in done):
            points = None
        if self.base.membrane is None and not any(edit.changes_stripe for edit in done):
            membrane = None
        return Annotation(points, membrane)
