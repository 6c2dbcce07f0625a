"""One journal of another project, taken over into the journal of the same image here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from napari_slitseg.core.review import Annotation, Edit, Record
from napari_slitseg.core.review.text import record_to_text
from napari_slitseg.store.carrying import Carrier, rows_of
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
        self._into, self._image, self._track = into, image, track
        self._here = [Line(*row) for row in into.query(_ROWS, (image, track))]
        self._there = [Line(*row) for row in other.query(_ROWS, (image_there, track))]

    def run(self) -> tuple[int, list[str]]:
        """Append what is new; return how many records that were, and conflicts in words."""
        common = self._common()
        merged, ids = self._merged()
        if max(common, merged) == len(self._there):
            return 0, []
        if common == len(self._here):
            for line in self._there[common:]:
                self._copy(line)
            return len(self._there) - common, []
        return self._carried(max(common, merged), ids if merged > common else None)

    def _common(self) -> int:
        """How many records both begin with: they are copies of one project then."""
        count = 0
        for mine, theirs in zip(self._here, self._there, strict=False):
            if mine.uid != theirs.uid:
                break
            count += 1
        return count

    def _merged(self) -> tuple[int, dict[int, int]]:
        """How many records were taken over before, and which id became which."""
        for count in range(len(self._there), 0, -1):
            uid = self._there[count - 1].uid
            if found := self._into.query("SELECT ids FROM merged WHERE uid = ?", (uid,)):
                return count, {int(there): here for there, here in json.loads(found[0][0]).items()}
        return 0, {}

    def _carried(self, fork: int, ids: dict[int, int] | None) -> tuple[int, list[str]]:
        begins = max(count for count, line in enumerate(self._there) if line.does == "begin")
        base, records = self._told(self._there[begins:])
        mine = self._into.history(self._image, self._track)[0]
        end = folded(base, records)
        if fork <= begins:
            carrier, membrane = Carrier(mine.state, mine.base, {}), None
            then = carrier.know_base(base.points)
        else:
            parting = folded(base, records[: fork - begins - 1]).state
            then, membrane = rows_of(parting.points), parting.membrane
            known = {number: number for number in then} if ids is None else ids
            carrier = Carrier(mine.state, mine.base, known)
        last = end.edits[-1] if end.edits else Edit("merge")
        carrier.carry(then, rows_of(end.state.points), last)
        carrier.carry_membrane(membrane, end.state.membrane, last)
        self._append(carrier)
        return len(carrier.edits), carrier.conflicts

    def _told(self, lines: list[Line]) -> tuple[Annotation, list[Record]]:
        base = self._into._annotation(lines[0].content, self._image)
        return base, [read_record(line.does, line.content) for line in lines[1:]]

    def _append(self, carrier: Carrier) -> None:
        head = self._here[-1].head
        for number, edit in enumerate(carrier.edits, 1):
            record = Record("edit", edit)
            told = ("edit", edit.kind, edit.editor, edit.time or now(), *size_of(record))
            content = record_to_text(record).encode("ascii")
            self._into._insert(self._image, self._track, head + number, told, content)
        self._remember(carrier)

    def _remember(self, carrier: Carrier) -> None:
        values = (self._there[-1].uid, json.dumps(carrier.ids), now())
        self._into._database.run("INSERT OR REPLACE INTO merged VALUES (?, ?, ?)", values)

    def _copy(self, line: Line) -> None:
        values: tuple[Any, ...] = (line.uid, self._image, self._track, line.head, line.does)
        more = (line.kind, line.editor, line.time, line.points, line.pixels, line.window)
        self._into._database.run(
            "INSERT INTO records (uid, image, track, head, does, kind, editor, time, points, "
            "pixels, window, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, *more, line.content),
        )
