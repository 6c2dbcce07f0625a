"""A copy of a whole project beside it."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from napari_slitseg.store.errors import explained_by_system
from napari_slitseg.store.making import ExistsError, put_in_place
from napari_slitseg.store.naming import new_uid


def copied_beside(connection: sqlite3.Connection, path: Path, mark: str) -> Path:
    """Copy what a connection sees beside the project; return the copy, whose name nothing had.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the project.
    path : Path
        The project's file.
    mark : str
        Part of the name of the copy.

    Raises
    ------
    StoreError, sqlite3.Error
        If the copy cannot be written.
    """
    temporary = path.with_name(f".slitseg-{new_uid()}.part")
    try:
        temporary.touch(exist_ok=False)
        with contextlib.closing(sqlite3.connect(temporary)) as copy:
            connection.backup(copy)
        return _named(temporary, path, mark)
    except OSError as error:
        raise explained_by_system(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _named(temporary: Path, path: Path, mark: str) -> Path:
    number = 1
    while True:
        more = "" if number == 1 else f"-{number}"
        place = path.with_name(f"{path.stem}.{mark}{more}{path.suffix}")
        with contextlib.suppress(ExistsError):
            put_in_place(temporary, place)
            return place
        number += 1
