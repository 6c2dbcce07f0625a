"""The journal of a project in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from napari_slitseg.store.base import Part
from napari_slitseg.store.statement_words import words_of


@dataclass(frozen=True)
class JournalEntry:
    """A line of the journal for people.

    Attributes
    ----------
    time : str
        When, ISO 8601 in UTC.
    editor : str
        Who, "" where not known.
    image : str
        The image's file as the project keeps it, with its page where it has several; "the whole
        folder" where all are meant.
    track : str
        "shared", or the reader whose own reading it is.
    what : str
        What was done, in words.
    """

    time: str
    editor: str
    image: str
    track: str
    what: str

    def __str__(self) -> str:
        track = "" if self.track == "shared" else f" ({self.track})"
        return f"{self.time}  {self.editor or 'somebody'}  {self.image}{track}: {self.what}"


_RECORDS: Final = """
SELECT records.time, records.editor, path, page, track, does, kind, points, pixels, head,
    NULL
FROM records JOIN images ON images.id = records.image
WHERE :image IS NULL OR records.image = :image
UNION ALL
SELECT reviews.time, reviews.editor, path, page, track, 'review', status, 0, 0, 0, NULL
FROM reviews JOIN images ON images.id = reviews.image
WHERE :image IS NULL OR reviews.image = :image
UNION ALL
SELECT statements.time, statements.editor, path, page, track, 'said', topic, 0, 0, statements.id,
    content
FROM statements LEFT JOIN images ON images.id = statements.image
WHERE :image IS NULL OR statements.image = :image
ORDER BY 1 DESC, head DESC LIMIT :limit
"""


class Told(Part):
    """The part of a project that tells people what happened."""

    def journal(self, image_id: int | None = None, limit: int = -1) -> tuple[JournalEntry, ...]:
        """Return what people did, newest first.

        Parameters
        ----------
        image_id : int or None
            None for all images.
        limit : int
            At most so many; -1 for all.
        """
        rows = self._database.rows(_RECORDS, {"image": image_id, "limit": limit})
        return tuple(
            JournalEntry(time, editor, _image(path, page), track or "shared", _told(*what))
            for time, editor, path, page, track, *what in rows
        )


def _image(path: str | None, page: int) -> str:
    if path is None:
        return "the whole folder"
    return f"{path}, page {page + 1}" if page else path


def _told(does: str, kind: str, points: int, pixels: int, head: int, content: object) -> str:
    return words_of(kind, content) if does == "said" else _what(does, kind, points, pixels)


def _what(does: str, kind: str, points: int, pixels: int) -> str:
    told = ((points, _count(points, "point")), (pixels, _membrane(pixels)))
    sizes = [text for count, text in told if count]
    size = f" ({', '.join(sizes)})" if sizes else ""
    if does == "begin":
        return f"began with {' and '.join(sizes) or 'nothing'}"
    if does == "review":
        return f"review {kind}"
    return f"{kind}{size}" if does == "edit" else f"{does} {kind}".strip()


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _membrane(pixels: int) -> str:
    return f"{_count(pixels, 'pixel')} of the membrane"
