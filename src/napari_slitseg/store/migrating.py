"""An older project becomes one of today, with a copy of the old one beside it."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from napari_slitseg.store.connection import connected
from napari_slitseg.store.copying import copied_beside
from napari_slitseg.store.errors import DamagedError, StoreError, explained
from napari_slitseg.store.schema import SCHEMA_VERSION, upgrade, version_of


class NewerError(StoreError):
    """The project was made by a newer napari-slitseg."""


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a project that this napari-slitseg does not understand.

    Raises
    ------
    StoreError
        If it is newer, or of no version at all.
    """
    version = version_of(connection)
    if version > SCHEMA_VERSION:
        raise NewerError(
            f"The project {path} was made by a newer version of napari-slitseg (its tables are of "
            f"version {version}, this one knows up to {SCHEMA_VERSION}). Update napari-slitseg to "
            f"open it; the file was left as it is."
        )
    if version < 1:
        raise DamagedError(
            f"The file {path} has the mark of a project and no version of its tables: making it "
            f"was not finished, or it is damaged. It was left as it is."
        )


def migrate(connection: sqlite3.Connection, path: Path) -> Path | None:
    """Bring a project up to date, all or nothing; return the copy of what it was.

    Returns
    -------
    Path or None
        None where it is up to date already.

    Raises
    ------
    StoreError
        If the copy or the project cannot be written; the project is as it was then.
    """
    if version_of(connection) == SCHEMA_VERSION:
        return None
    try:
        connection.execute("BEGIN IMMEDIATE")
        old = version_of(connection)
        copy = _kept(path, old) if old < SCHEMA_VERSION else None
        upgrade(connection, old)
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        _take_back(connection)
        raise explained(error, path) from error
    except BaseException:
        _take_back(connection)
        raise
    return copy


def _kept(path: Path, version: int) -> Path:
    """Copy a project as it was; a connection that is changing it cannot."""
    with contextlib.closing(connected(path, "mode=rw")) as reading:
        return copied_beside(reading, path, f"version-{version}")


def _take_back(connection: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")
