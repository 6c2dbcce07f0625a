"""What all parts of a project share: the open file and its folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_slitseg.store.connection import Database
from napari_slitseg.store.naming import new_uid


class Part:
    """A part of an open project.

    Parameters
    ----------
    database : Database
        The open file.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._folder = str(database.path.parent)
        self._window = new_uid()
        self.editor = ""

    @property
    def path(self) -> Path:
        """The project's file."""
        return self._database.path

    @property
    def folder(self) -> Path:
        """The project's folder."""
        return self._database.path.parent

    @property
    def is_read_only(self) -> bool:
        """Whether nothing can be written."""
        return self._database.is_read_only

    def query(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """Return all rows of a query, for what no other method tells.

        Raises
        ------
        StoreError
            If the file cannot be read.
        """
        return self._database.rows(statement, values)

    def stored_path(self, path: Path) -> str:
        """Return a path as it is kept: relative to the folder where it is inside."""
        for name in (os.path.abspath(path), os.path.realpath(path)):
            for folder in (os.path.abspath(self.folder), os.path.realpath(self.folder)):
                if Path(name).is_relative_to(folder):
                    return Path(name).relative_to(folder).as_posix()
        return Path(os.path.abspath(path)).as_posix()

    def _found_path(self, stored: str) -> Path:
        return Path(os.path.join(self._folder, stored))
