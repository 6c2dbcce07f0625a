"""What another project says of scales, excluded stretches and samples, taken over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from napari_slitseg.store.project import Project
from napari_slitseg.store.statement_words import is_readable, words_of

_ROWS: Final = (
    "SELECT uid, topic, image, track, content, editor, time FROM statements ORDER BY time, uid"
)


class _Statement(NamedTuple):
    """A row of the table of statements."""

    uid: str
    topic: str
    image: int | None
    track: str
    content: bytes
    editor: str
    time: str

    @property
    def about(self) -> tuple[str, int | None, str]:
        return self.topic, self.image, self.track

    def __str__(self) -> str:
        return f"{words_of(self.topic, self.content)} ({self.editor or 'somebody'}, {self.time})"


class StatementMerge:
    """Takes over what is lacking, inside a transaction of the project that is merged into.

    The newest statement counts, whichever project it comes from, so both ways agree.

    Parameters
    ----------
    into, other : Project
        Open projects.
    numbers : mapping of int to int
        Number here of each image there.
    """

    def __init__(self, into: Project, other: Project, numbers: Mapping[int, int]) -> None:
        self._into = into
        self._here = [_Statement(*row) for row in into.query(_ROWS)]
        known: dict[int | None, int | None] = {None: None}
        known.update(numbers.items())
        rows = (_Statement(*row) for row in other.query(_ROWS))
        self._there = [row._replace(image=known[row.image]) for row in rows if row.image in known]

    def run(self) -> tuple[int, list[str]]:
        """Take everything over; return how many statements that were, and conflicts in words."""
        known = {row.uid for row in self._here}
        lacking = [row for row in self._there if row.uid not in known]
        conflicts = self._conflicts(known)
        for row in lacking:
            self._into._database.run(
                "INSERT INTO statements (uid, topic, image, track, content, editor, time) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        return len(lacking), conflicts

    def _conflicts(self, known_here: set[str]) -> list[str]:
        """Tell where both said something that the other did not know."""
        known_there = {row.uid for row in self._there}
        mine, theirs = _newest(self._here), _newest(self._there)
        told = []
        for about, row in theirs.items():
            own = mine.get(about)
            if row.uid in known_here:
                continue
            if own is not None and own.uid not in known_there and own.content != row.content:
                told.append(self._differing(own, row))
            elif own is None and row.topic == "scale" and row.image is None:
                told.append(
                    f"The whole folder got a scale from there: {row}. It holds for every image "
                    f"here that has none of its own."
                )
        return told

    def _differing(self, own: _Statement, row: _Statement) -> str:
        newer, older = (own, row) if _age(own) > _age(row) else (row, own)
        return f"{self._name_of(own)}: {newer} is newer and counts; before it was: {older}."

    def _name_of(self, row: _Statement) -> str:
        if row.image is None:
            return "The whole folder"
        image = self._into.image(row.image)
        return f"image {row.image}" if image is None else image.path.name


def _newest(rows: list[_Statement]) -> dict[tuple[str, int | None, str], _Statement]:
    return {row.about: row for row in rows if is_readable(row.topic, row.content)}


def _age(row: _Statement) -> tuple[str, str]:
    return row.time, row.uid
