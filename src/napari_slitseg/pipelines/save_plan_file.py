"""A file of points as it was found: what a save is compared with."""

from __future__ import annotations

import csv
import io
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from napari_slitseg.core.points import COLUMNS, PointsReadError, PointTable, read_points
from napari_slitseg.pipelines.fingerprints import fingerprint_of, is_unchanged


class ChangedMeanwhile(OSError):
    """A file is no longer as the person saw it; nothing was written."""

    def __init__(self, path: Path) -> None:
        text = f"{path.name} was changed by another program just now; save again to see how"
        super().__init__(None, text, str(path))

    def __str__(self) -> str:
        return str(self.args[1])


@dataclass(frozen=True, eq=False)
class PointsFile:
    """A CSV file of points, as it was when somebody looked at it.

    Attributes
    ----------
    path : Path
        The file.
    fingerprint : mapping
        See `fingerprint_of`; empty where there was no file.
    table : PointTable or None
        Its points; None where there was no file, or it could not be read.
    columns : tuple of str
        Its headings.
    n_rows : int
        Rows with anything in them, without the headings.
    problem : str
        Why it could not be read, "" if it could.
    """

    path: Path
    fingerprint: Mapping[str, Any] = field(default_factory=dict)
    table: PointTable | None = None
    columns: tuple[str, ...] = ()
    n_rows: int = 0
    problem: str = ""

    @property
    def exists(self) -> bool:
        """Whether there was a file."""
        return bool(self.fingerprint) or bool(self.problem)

    @property
    def unknown_columns(self) -> tuple[str, ...]:
        """Headings of columns that we do not read, so could not write."""
        return tuple(name for name in self.columns if name and name not in COLUMNS)

    def is_still(self, other: PointsFile | None) -> bool:
        """Whether another look under the same name found the same, but for the ends of lines."""
        if other is None or self.path != other.path or self.exists != other.exists:
            return False
        same_bytes = self.fingerprint.get("sha256") == other.fingerprint.get("sha256")
        return same_bytes or self._says_the_same(other)

    def _says_the_same(self, other: PointsFile) -> bool:
        """Whether nothing that could be lost differs; a column that we do not read could."""
        if self.table is None or other.table is None or self.unknown_columns:
            return False
        return self.columns == other.columns and self.table.equals(other.table)


def look_at(path: Path) -> PointsFile:
    """Read a CSV file of points with all there is to know about it; never raises.

    The fingerprint is taken before the points are read: a file that changes between the two will
    be noticed as changed.
    """
    try:
        fingerprint = fingerprint_of(path)
    except FileNotFoundError:
        return PointsFile(path)
    except OSError as error:
        return PointsFile(path, problem=error.strerror or str(error))
    columns, n_rows = _headings(path)
    try:
        return PointsFile(path, fingerprint, read_points(path), columns, n_rows)
    except (PointsReadError, OSError) as error:
        return PointsFile(path, fingerprint, None, columns, n_rows, str(error))


class Found(Protocol):
    """A file as somebody found it."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def fingerprint(self) -> Mapping[str, Any]:
        """See `fingerprint_of`."""

    @property
    def exists(self) -> bool:
        """Whether there was a file."""

    @property
    def problem(self) -> str:
        """Why it could not be read, "" if it could."""


def check_writable(found: Found, refusal: str) -> None:
    """Make sure that a file may be written, and is right now as it was found.

    Raises
    ------
    ChangedMeanwhile
        If it is not as it was found.
    OSError
        If it is refused; `refusal` says why, "" if it is not.
    """
    if refusal:
        raise OSError(None, refusal, str(found.path))
    there = found.path.exists()
    if there != found.exists or (there and not is_unchanged(found.path, found.fingerprint)):
        raise ChangedMeanwhile(found.path)


def is_protected(path: Path) -> bool:
    """Whether somebody forbade writing to a file; who may do everything respects that too."""
    try:
        return not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    except OSError:
        return False


def _headings(path: Path) -> tuple[tuple[str, ...], int]:
    """Headings of a table, and how many rows follow them."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return (), 0
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        return (), text.count("\n")
    rows = [row for row in rows if any(row)]
    headings = tuple(cell.strip() for cell in rows[0]) if rows else ()
    return headings, max(len(rows) - 1, 0)
