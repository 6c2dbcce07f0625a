"""What a project remembers of files and of itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_slitseg.store.base import Part
from napari_slitseg.store.schema import now


@dataclass(frozen=True)
class KnownFile:
    """A file as it was when this project read or wrote it last.

    Attributes
    ----------
    path : Path
        The file.
    image_id : int
        Whose points it holds.
    sha256 : str
        Of its content.
    size : int
        Bytes.
    mtime_ns : int
        When it was changed, ns since 1970.
    time : str
        When that was noted, ISO 8601 in UTC.
    """

    path: Path
    image_id: int
    sha256: str
    size: int
    mtime_ns: int
    time: str


class Files(Part):
    """The part of a project that remembers files and settings."""

    def remember_file(
        self, path: Path, image_id: int, sha256: str, size: int, mtime_ns: int
    ) -> None:
        """Remember how a file is, in place of how it was.

        Parameters
        ----------
        path, image_id, sha256, size, mtime_ns
            As in `KnownFile`.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        values = (self.stored_path(path), image_id, sha256, size, mtime_ns, now())
        with self._database.transaction():
            self._database.run("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)", values)

    def known_file(self, path: Path) -> KnownFile | None:
        """Return how a file was, None where this project never saw it."""
        stored = self.stored_path(path)
        return next(iter(self._files("WHERE path = ?", stored)), None)

    def known_files(self) -> tuple[KnownFile, ...]:
        """Return all files that this project remembers."""
        return self._files("ORDER BY path")

    def get(self, key: str, default: Any = None) -> Any:
        """Return a setting, as it was put."""
        text = self._database.value("SELECT value FROM settings WHERE key = ?", (key,))
        return default if text is None else json.loads(text)

    def put(self, key: str, value: Any) -> None:
        """Keep a setting: any value that JSON can hold.

        Raises
        ------
        TypeError
            If JSON cannot hold it.
        StoreError
            If it cannot be written.
        """
        text = json.dumps(value)
        with self._database.transaction():
            self._database.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, text))

    def _files(self, where: str, *values: str) -> tuple[KnownFile, ...]:
        rows = self._database.rows(
            f"SELECT path, image, sha256, size, mtime_ns, time FROM files {where}", values
        )
        return tuple(KnownFile(self._found_path(path), *rest) for path, *rest in rows)
