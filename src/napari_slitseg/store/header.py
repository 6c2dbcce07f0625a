"""What a file is, told without changing it.

The file is read by SQLite only: closing a file by hand would take away the locks that another
connection of this process has on it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Final

from napari_slitseg.store.connection import connected
from napari_slitseg.store.errors import DamagedError, explained, explained_by_system
from napari_slitseg.store.schema import APPLICATION_ID

COMPANIONS: Final = ("-wal", "-journal")
"""Endings of the files beside a project that hold a part of it while it is open."""

_LEFT_ALONE: Final = "It was left as it is. Move it elsewhere, or choose another folder."


def check_header(path: Path) -> None:
    """Refuse a file that is no project.

    Raises
    ------
    StoreError
        If it is empty, of another program, damaged, or cannot be read.
    """
    try:
        size = os.stat(path).st_size
    except OSError as error:
        raise explained_by_system(error, path) from error
    if not size:
        raise DamagedError(f"The file {path} is empty, so it holds no project. {_LEFT_ALONE}")
    mark = _mark_of(path)
    if mark is not None and mark != APPLICATION_ID:
        raise DamagedError(f"The file {path} belongs to another program. {_LEFT_ALONE}")


def beside(path: Path, ending: str) -> Path:
    """Return the file that SQLite puts beside another."""
    return path.with_name(path.name + ending)


def _mark_of(path: Path) -> int | None:
    """Which program made a file; None where its log must be read first."""
    try:
        with contextlib.closing(connected(path, "immutable=1")) as connection:
            return int(connection.execute("PRAGMA application_id").fetchone()[0])
    except sqlite3.Error as error:
        if any(beside(path, ending).is_file() for ending in COMPANIONS):
            return None
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_NOTADB:
            raise DamagedError(
                f"The file {path} is no project: it is no SQLite file, or its beginning is "
                f"damaged. {_LEFT_ALONE}"
            ) from error
        raise explained(error, path) from error
