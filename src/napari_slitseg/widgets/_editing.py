"""Edits of the annotations of a window, done, undone and told. Knows neither Qt nor napari."""

from __future__ import annotations

from typing import Any

from psygnal import Signal

from napari_slitseg.core.review import Annotation, Edit, EditConflict, History, Record
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._listing import Listing


class Editing(Listing):
    """Images whose annotations can be edited; every edit can be undone.

    Signals, besides those of the list: `recorded(key, record)` for each edit, undo and redo,
    before anybody draws it, so that a listener that keeps records has it first. It may `restore`
    another history then, where another window was faster.

    Attributes
    ----------
    editor : str
        Who edits, written to every point they touch.
    locked : str
        Why nothing may be edited in this window, "" if it may.
    """

    recorded = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self.editor = ""
        self.locked = ""

    def update(self, key: int, **values: Any) -> None:
        """Change attributes of an image and tell everybody."""
        raise NotImplementedError

    def apply(self, key: int, edit: Edit) -> None:
        """Do an edit; one that changes nothing is not recorded.

        Raises
        ------
        EditConflict
            If it does not fit the annotation, or the window may only look.
        """
        if not edit.is_empty:
            history = history_of(self._entries[key]).push(edit)
            self._record(key, history, Record("edit", edit))

    def undo(self, key: int) -> Edit | None:
        """Take back the last edit of an image; None where there is none."""
        history = history_of(self._entries[key])
        if (edit := history.undoes) is not None:
            self._record(key, history.undo(), Record("undo", edit))
        return edit

    def redo(self, key: int) -> Edit | None:
        """Do again what was undone last; None where there is nothing."""
        history = history_of(self._entries[key])
        if (edit := history.redoes) is not None:
            self._record(key, history.redo(), Record("redo", edit))
        return edit

    def restore(self, key: int, history: History, **values: Any) -> None:
        """Take the annotation and all its edits from a journal; nothing is recorded."""
        self.update(key, **_told(history), **values)

    def _record(self, key: int, history: History, record: Record) -> None:
        if self.locked:
            raise EditConflict(self.locked)
        before = self._entries[key].history
        self.recorded.emit(key, record)
        if self._entries[key].history is before:
            self.update(key, edited=True, **_told(history))


def _told(history: History) -> dict[str, Any]:
    """Return what an entry holds of a history."""
    state = history.state
    return {"history": history, "annotation": state.points, "membrane": state.membrane}


def history_of(entry: ImageEntry) -> History:
    """Return the history of an image; one that begins now if the annotation is from elsewhere."""
    state = entry.history.state
    if state.points is entry.annotation and state.membrane is entry.membrane:
        return entry.history
    return History.of(Annotation(entry.annotation, entry.membrane))
