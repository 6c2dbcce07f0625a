"""The journal of each image: every edit, in order, never changed and never removed.

A journal belongs to an image and a track: "shared" for the annotation of everybody, the name of a
reader for a reading of their own. It begins with an annotation, the base; beginning it anew keeps
what was before. Its head is the number of its last record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from napari_slitseg.core.review import Annotation, History, Record
from napari_slitseg.core.review.text import (
    annotation_from_bytes,
    annotation_to_bytes,
    record_from_text,
    record_to_text,
)
from napari_slitseg.store.connection import Database
from napari_slitseg.store.errors import DamagedError, Stale, StoreError
from napari_slitseg.store.folding import folded
from napari_slitseg.store.naming import new_uid
from napari_slitseg.store.presence import Windows
from napari_slitseg.store.schema import now, size_of

SHARED: Final = "shared"
"""Track of the annotation that everybody shares."""

_BEGIN: Final = "begin"
_NEWEST: Final = "SELECT max(head) FROM records WHERE image = ? AND track = ?"
_INSERT: Final = (
    "INSERT INTO records (uid, image, track, head, does, kind, editor, time, "
    "points, pixels, window, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Journals(Windows):
    """The part of a project that keeps edits."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._damages: dict[tuple[int, str], int] = {}

    @property
    def damages(self) -> tuple[str, ...]:
        """What could not be read of histories that were asked for, a sentence each."""
        return tuple(
            f"{count} of the edits of image {image} ({track}) cannot be read; all others are "
            f"shown. 'slitseg project check' tells more."
            for (image, track), count in self._damages.items()
            if count
        )

    def begin(
        self, image_id: int, track: str, base: Annotation, expected: int | None = None
    ) -> int:
        """Begin a journal; return its head, 0 for the first time.

        Parameters
        ----------
        image_id : int
            Number of the image.
        track : str
            "shared", or the name of a reader.
        base : Annotation
            What it begins with, such as the content of a file.
        expected : int or None
            None for a journal that is not there yet. To begin one anew, its head; what it holds
            so far is kept, no longer undone, and no longer part of the history.

        Raises
        ------
        Stale
            If another window began it, or wrote to it, meanwhile.
        StoreError
            If it cannot be written.
        """
        content = annotation_to_bytes(base)
        with self._database.transaction():
            newest = self._newest(image_id, track)
            if newest != expected:
                raise Stale((), newest or 0, is_restarted=True)
            head = 0 if newest is None else newest + 1
            self._insert(
                image_id, track, head, (_BEGIN, "", *self._signed(None), *_size(base)), content
            )
        return head

    def append(self, image_id: int, track: str, record: Record, expected: int) -> int:
        """Append a record; return the new head. It is on the disk before this returns.

        Parameters
        ----------
        image_id : int
            Number of the image.
        track : str
            "shared", or the name of a reader.
        record : Record
            What was done.
        expected : int
            The head that the caller knows.

        Raises
        ------
        Stale
            If another window wrote meanwhile; nothing was appended.
        StoreError
            If it cannot be written; nothing was appended.
        """
        content = record_to_text(record).encode("ascii")
        kind = "" if record.edit is None else record.edit.kind
        with self._database.transaction():
            newest = self._newest(image_id, track)
            if newest is None:
                raise StoreError(f"Image {image_id} has no journal yet: begin it before editing.")
            if newest != expected:
                return self._already_there(image_id, track, expected, content)
            told = (record.does, kind, *self._signed(record), *size_of(record))
            self._insert(image_id, track, expected + 1, told, content)
            self._beat_if_due()
        return expected + 1

    def head(self, image_id: int, track: str) -> int:
        """Return the number of the last record; 0 where there is none after the base."""
        return self._newest(image_id, track) or 0

    def base(self, image_id: int, track: str) -> Annotation | None:
        """Return what the journal begins with, None where there is no journal.

        Raises
        ------
        DamagedError
            If it cannot be read.
        """
        rows = self._database.rows(
            "SELECT content FROM records WHERE image = ? AND track = ? AND does = 'begin' "
            "ORDER BY head DESC LIMIT 1",
            (image_id, track),
        )
        return self._annotation(rows[0][0], image_id) if rows else None

    def records_since(self, image_id: int, track: str, head: int) -> tuple[Record, ...]:
        """Return what was appended after a head, oldest first.

        Raises
        ------
        Stale
            If the journal began anew since; read the history again.
        """
        rows = self._rows_after(image_id, track, head)
        if any(does == _BEGIN for does, _, _ in rows):
            raise Stale((), self.head(image_id, track), is_restarted=True)
        return tuple(read_record(does, content) for does, content, _ in rows)

    def history(self, image_id: int, track: str) -> tuple[History, int]:
        """Return all that can be undone, and the head; an empty history where there is none.

        Raises
        ------
        DamagedError
            If what the journal begins with cannot be read.
        """
        start = self._database.value(
            "SELECT max(head) FROM records WHERE image = ? AND track = ? AND does = 'begin'",
            (image_id, track),
        )
        if start is None:
            return History(), 0
        rows = self._rows_after(image_id, track, start - 1)
        base = self._annotation(rows[0][1], image_id)
        records = [read_record(does, content) for does, content, _ in rows[1:]]
        self._damages[image_id, track] = sum(r.does == "edit" and r.edit is None for r in records)
        return folded(base, records), rows[-1][2]

    def tracks(self) -> tuple[tuple[int, str], ...]:
        """Return image and track of every journal."""
        return tuple(self._database.rows("SELECT DISTINCT image, track FROM records ORDER BY 1, 2"))

    def _newest(self, image_id: int, track: str) -> int | None:
        newest: int | None = self._database.value(_NEWEST, (image_id, track))
        return newest

    def _insert(
        self, image_id: int, track: str, head: int, told: Sequence[str | int], content: bytes
    ) -> None:
        values = (new_uid(), image_id, track, head, *told, self._window, content)
        self._database.run(_INSERT, values)

    def _signed(self, record: Record | None) -> tuple[str, str]:
        """Who, and when: as the edit says, else this window's editor now."""
        if record is not None and record.does == "edit" and record.edit is not None:
            return record.edit.editor or self.editor, record.edit.time or now()
        return self.editor, now()

    def _rows_after(self, image_id: int, track: str, head: int) -> list[Any]:
        return self._database.rows(
            "SELECT does, content, head FROM records WHERE image = ? AND track = ? AND head > ? "
            "ORDER BY head",
            (image_id, track, head),
        )

    def _already_there(self, image_id: int, track: str, expected: int, content: bytes) -> int:
        """Head, where a record whose writing was in doubt is there after all.

        Raises
        ------
        Stale
            If it is not.
        """
        newer = self._database.rows(
            "SELECT window, content FROM records WHERE image = ? AND track = ? AND head > ?",
            (image_id, track, expected),
        )
        if len(newer) == 1 and newer[0] == (self._window, content):
            return expected + 1
        records = self.records_since(image_id, track, expected)
        raise Stale(records, expected + len(records))

    def _annotation(self, content: bytes, image_id: int) -> Annotation:
        try:
            return annotation_from_bytes(content)
        except ValueError as error:
            raise DamagedError(
                f"What the journal of image {image_id} in {self.path} begins with is damaged. Copy "
                f"the file to a safe place; 'slitseg project check' tells what can still be read. "
                f"({error})"
            ) from error


def _size(base: Annotation) -> tuple[int, int]:
    points = 0 if base.points is None else len(base.points)
    return points, 0 if base.membrane is None else int(base.membrane.sum())


def read_record(does: str, content: bytes) -> Record:
    """Read a record; one that is damaged is an edit without its content."""
    try:
        return record_from_text(content.decode("ascii"))
    except ValueError:
        return Record("edit") if does == "edit" else Record("undo" if does == "undo" else "redo")
