"""What was in a file when it was read or written here last: told by the history."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.points import COLUMNS, PointTable
from napari_slitseg.core.points_write import points_text
from napari_slitseg.core.review import Annotation, EditConflict, History, apply
from napari_slitseg.pipelines.save_plan_file import PointsFile
from napari_slitseg.pipelines.save_plan_match import ROUNDING_PX
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
    written = next((t for t in _tables(history) if _sha256(t) == sha256), None)
    if written is not None:
        return PointsFile(path, {"sha256": sha256}, written, COLUMNS)
    read = _as_read(history)
    return None if read is None else PointsFile(path, {"sha256": sha256}, read)


def in_our_ids(file: PointsFile, history: History) -> PointsFile:
    """Return a file whose points have the ids that they have in an annotation.

    A file that another program wrote numbers its points anew; the annotation had the same points
    at the same places when the file was read, and knows them by other ids. Where it never had, the
    points are left out: nobody can tell then which is which.

    Parameters
    ----------
    file : PointsFile
        As it was read or written last.
    history : History
        Of the image.
    """
    if file.table is None:
        return file
    places, found = _places(file.table), None
    for table in _tables(history):
        same_number = len(table) == len(file.table)
        if same_number and np.allclose(_places(table), places, rtol=0, atol=ROUNDING_PX):
            found = table
    return replace(file, table=found)


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


def _places(table: PointTable) -> NDArray[np.float64]:
    """Positions in an order of their own, (N, 2)."""
    yx = table.living.yx
    return yx[np.lexsort(yx.round(1).T)]


def _sha256(table: PointTable) -> str:
    return hashlib.sha256(points_text(table).encode()).hexdigest()
