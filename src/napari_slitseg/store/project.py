"""A project: one SQLite file beside the images, opened and made."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from napari_slitseg.store.connection import Database, connected
from napari_slitseg.store.errors import GoneError, explained
from napari_slitseg.store.files import Files
from napari_slitseg.store.images import Images
from napari_slitseg.store.journal import Journals
from napari_slitseg.store.making import ExistsError, make
from napari_slitseg.store.reviews import Reviews

PROJECT_FILE: Final = "slitseg-project.sqlite"
"""Name of a project's file."""


class Project(Images, Journals, Reviews, Files):
    """An open project; used by the thread that opened it.

    Attributes
    ----------
    editor : str
        Who works in this window; signs what has no signature of its own.
    """

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Make a project in a folder that is there, and open it.

        Raises
        ------
        StoreError
            If there is one already, or the folder cannot be written.
        """
        make(folder / PROJECT_FILE)
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False) -> Self:
        """Open the project of a folder.

        Parameters
        ----------
        folder : Path
            The folder, or the file in it.
        read_only : bool
            Whether to look only; this works on a folder that cannot be written.

        Raises
        ------
        StoreError
            If there is none, or it cannot be used; the message tells why and what to do.
        """
        path = folder if folder.is_file() else folder / PROJECT_FILE
        if not path.is_file():
            raise GoneError(f"There is no project in {folder}.")
        connection = connected(path, "mode=ro" if read_only else "mode=rw")
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.Error as error:
            connection.close()
            raise explained(error, path) from error
        return cls(Database(path, connection, is_read_only=read_only))

    @classmethod
    def open_or_create(cls, folder: Path) -> Self:
        """Open the project of a folder; make it where there is none.

        Raises
        ------
        StoreError
            If it cannot be used, or not made.
        """
        if not (folder / PROJECT_FILE).exists():
            with contextlib.suppress(ExistsError):
                return cls.create(folder)
        return cls.open(folder)

    def close(self) -> None:
        """Close the file; doing it twice is harmless."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
