"""What was in a file of which only the SHA-256 is remembered: told by the history."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.points_write import points_text
from napari_slitseg.core.review import Annotation, EditConflict, History, apply
from napari_slitseg.pipelines.save_plan_file import PointsFile
from napari_slitseg.pipelines.save_plan_merge import READ_BACK


def file_as_known(path: Path, sha256: str, history: History) -> PointsFile | None:
    """Return a file as it was when it was read or written last, None where nobody can tell.

    It held what the annotation was when it was saved: the state whose text has that SHA-256. Where
    there is none the file came from elsewhere, and was read: when the history began, or later by
    an edit.

    Parameters
    ----------
    path : Path
        The file.
    sha256 : str
        Of its content then.
    history : History
        Of the image.
    """
    table = next((t for t in _tables(history) if _sha256(t) == sha256), None)
    if table is None:
        table = _as_read(history)
    if table is None:
        return None
    return PointsFile(path, {"sha256": sha256}, table)


def states_of(history: History) -> Iterator[Annotation]:
    """Return every state that an annotation went through, from the first."""
    state = history.base
    yield state
    for edit in history.edits[: history.position]:
        try:
            state = apply(state, edit)
        except EditConflict:
            return
        yield state


def _tables(history: History) -> Iterator[PointTable]:
    """Points that were written, had somebody saved; the same ones once."""
    last = None
    for state in states_of(history):
        if state.points is not None and state.points is not last:
            yield state.points.living
        last = state.points


def _as_read(history: History) -> PointTable | None:
    """Points when the file was read last."""
    points = history.base.points
    done = history.edits[: history.position]
    for state, edit in zip(list(states_of(history))[1:], done, strict=False):
        if edit.kind == READ_BACK and state.points is not None:
            points = state.points.living
    return points


def _sha256(table: PointTable) -> str:
    return hashlib.sha256(points_text(table).encode()).hexdigest()
