"""One journal of another project, taken over into the journal of the same image here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.review import Annotation, Edit, History, Record
from napari_slitseg.core.review.text import record_to_text
from napari_slitseg.store.carrying import MERGE, Carrier, Row, rows_of
from napari_slitseg.store.folding import folded
from napari_slitseg.store.journal import read_record
from napari_slitseg.store.project import Project
from napari_slitseg.store.schema import now, size_of

_ROWS = (
    "SELECT uid, head, does, kind, editor, time, points, pixels, window, content "
    "FROM records WHERE image = ? AND track = ? ORDER BY head"
)


@dataclass(frozen=True)
class Line:
    """A row of the table of records."""

    uid: str
    head: int
    does: str
    kind: str
    editor: str
    time: str
    points: int
    pixels: int
    window: str
    content: bytes


class _Known(NamedTuple):
    """What was taken over of another journal: lines, where the own one ended then, and its ids."""

    lines: int = 0
    head: int = -1
    ids: Mapping[int, int] = MappingProxyType({})


class _Parting(NamedTuple):
    """What both journals knew last: lines there, points under their ids there, and those here."""

    lines: int
    points: dict[int, Row]
    membrane: NDArray[np.bool_] | None
    ids: dict[int, int]


class _Side:
    """The journal of one of the two projects."""

    def __init__(self, project: Project, image: int, track: str) -> None:
        self.project, self.image, self.track = project, image, track
        self.lines = [Line(*row) for row in project.query(_ROWS, (image, track))]

    def begins(self, count: int | None = None) -> int:
        """Return the number of the line with which its last history begins."""
        found = [number for number, line in enumerate(self.lines[:count]) if line.does == "begin"]
        return found[-1]

    def history(self, count: int | None = None) -> History:
        """Return what follows from so many lines; None for all."""
        first, *lines = self.lines[self.begins(count) : count]
        base = self.project._annotation(first.content, self.image)
        return folded(base, [read_record(line.does, line.content) for line in lines])

    def points(self) -> dict[int, Row]:
        """Return all points as they are now."""
        return rows_of(self.history().state.points)

    def state(self, count: int) -> Annotation:
        """Return what so many lines come to."""
        return self.history(count).state if count else Annotation()

    def added_since(self, count: int) -> set[int]:
        """Return the points that edits after so many lines added: an id may be given again."""
        first, done = self.begins(), list[int]()
        position = 0
        for number, line in enumerate(self.lines[first + 1 :], first + 1):
            if line.does == "edit":
                done[position:] = [number]
            step = -1 if line.does == "undo" else 1
            position = min(max(position + step, 0), len(done))
        edits = zip(done[:position], self.history().edits, strict=False)
        return {each for number, edit in edits if number >= count for each in _added(edit)}

    def came_by_merge(self, count: int) -> set[int]:
        """Return the points that the first so many lines took over from elsewhere."""
        edits = self.history(count).edits if count else ()
        return {each for edit in edits if edit.kind == MERGE for each in _added(edit)}

    def knows(self, other: _Side) -> _Known:
        """Return what was taken over here of the other one last."""
        for count in range(len(other.lines), 0, -1):
            uid = other.lines[count - 1].uid
            if found := self.project.query("SELECT ids FROM merged WHERE uid = ?", (uid,)):
                known = json.loads(found[0][0])
                ids = {int(theirs): own for theirs, own in known["ids"].items()}
                return _Known(count, known["head"], ids)
        return _Known()


class JournalMerge:
    """Takes one journal over, inside a transaction of the project that is merged into.

    Parameters
    ----------
    into, other : Project
        Open projects.
    image, image_there : int
        Number of the image in each.
    track : str
        The track.
    """

    def __init__(
        self, into: Project, other: Project, image: int, image_there: int, track: str
    ) -> None:
        self._here = _Side(into, image, track)
        self._there = _Side(other, image_there, track)

    def run(self) -> tuple[int, list[str]]:
        """Append what is new; return how many records that were, and conflicts in words."""
        common, lines = self._common(), self._there.lines
        if max(common, self._here.knows(self._there).lines) == len(lines):
            return 0, []
        if common == len(self._here.lines):
            for line in lines[common:]:
                self._copy(line)
            return len(lines) - common, []
        partings = (self._given(), self._taken(), self._shared(common))
        return self._carried(max(partings, key=lambda parting: parting.lines))

    def _common(self) -> int:
        """How many records both begin with: they are copies of one project then."""
        pairs = enumerate(zip(self._here.lines, self._there.lines, strict=False))
        shorter = min(len(self._here.lines), len(self._there.lines))
        return next((count for count, (own, their) in pairs if own.uid != their.uid), shorter)

    def _shared(self, common: int) -> _Parting:
        state = self._there.state(common)
        points = rows_of(state.points)
        return _Parting(common, points, state.membrane, {number: number for number in points})

    def _taken(self) -> _Parting:
        """Return what was there when it was taken over here last, and was not undone since."""
        known = self._here.knows(self._there)
        state = self._there.state(known.lines)
        here = self._here.points()
        rows = rows_of(state.points)
        points = {there: row for there, row in rows.items() if known.ids.get(there) in here}
        return _Parting(known.lines, points, state.membrane, dict(known.ids))

    def _given(self) -> _Parting:
        """Return what was here when it was taken over there last."""
        known = self._there.knows(self._here)
        state = self._here.state(known.lines)
        rows = rows_of(state.points)
        ids = {there: here for here, there in known.ids.items() if here in rows}
        undone = self._here.came_by_merge(known.lines) - set(self._here.points())
        points = {there: rows[here] for there, here in ids.items() if here not in undone}
        return _Parting(known.head + 1, points, state.membrane, ids)

    def _carried(self, parting: _Parting) -> tuple[int, list[str]]:
        mine, end = self._here.history(), self._there.history()
        if parting.lines <= self._there.begins():
            carrier, membrane = Carrier(mine.state, mine.base, {}), None
            points = carrier.know_base(end.base.points)
        else:
            points, ids = self._told_apart(parting)
            carrier, membrane = Carrier(mine.state, mine.base, ids), parting.membrane
        last = end.edits[-1] if end.edits else Edit("merge")
        carrier.carry(points, rows_of(end.state.points), last)
        carrier.carry_membrane(membrane, end.state.membrane, last)
        self._append(carrier)
        return len(carrier.edits), carrier.conflicts

    def _told_apart(self, parting: _Parting) -> tuple[dict[int, Row], dict[int, int]]:
        """Return points and ids of then; those undone there whose id was given again have none.

        What was taken over there and undone is not taken back here, where it may come from.
        """
        there, by_merge = self._there, self._there.came_by_merge(parting.lines)
        end, again = there.points(), there.added_since(parting.lines)
        points, ids = {}, dict(parting.ids)
        for number, row in parting.points.items():
            is_undone = number in again or number not in end
            name = -1 - number if is_undone else number
            if number in parting.ids and is_undone:
                ids[name] = ids.pop(number)
            if not (is_undone and number in by_merge):
                points[name] = row
        return points, ids

    def _append(self, carrier: Carrier) -> None:
        head, into = self._here.lines[-1].head, self._here.project
        for edit in carrier.edits:
            record, head = Record("edit", edit), head + 1
            told = ("edit", edit.kind, edit.editor, edit.time or now(), *size_of(record))
            content = record_to_text(record).encode("ascii")
            into._insert(self._here.image, self._here.track, head, told, content)
        known = json.dumps(
            {"head": head, "ids": {n: here for n, here in carrier.ids.items() if n >= 0}}
        )
        values = (self._there.lines[-1].uid, known, now())
        into._database.run("INSERT OR REPLACE INTO merged VALUES (?, ?, ?)", values)

    def _copy(self, line: Line) -> None:
        values: tuple[Any, ...] = (line.uid, self._here.image, self._here.track, line.head)
        more = (line.does, line.kind, line.editor, line.time, line.points, line.pixels, line.window)
        self._here.project._database.run(
            "INSERT INTO records (uid, image, track, head, does, kind, editor, time, points, "
            "pixels, window, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, *more, line.content),
        )


def _added(edit: Edit) -> set[int]:
    return set(edit.after.ids.tolist()) - set(edit.before.ids.tolist())
