"""Make the file of a project: whole, or not at all, and never over anything."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from napari_slitseg.store.errors import StoreError, explained, explained_by_system
from napari_slitseg.store.naming import new_uid
from napari_slitseg.store.schema import lay_out


class ExistsError(StoreError):
    """There is a project already."""


def make(path: Path) -> None:
    """Make an empty project at a place where there is nothing.

    Raises
    ------
    ExistsError
        If there is something already; it is left alone.
    StoreError
        If the file cannot be written.
    """
    if path.exists():
        raise ExistsError(f"There is a project already: {path}.")
    temporary = path.with_name(f".slitseg-{new_uid()}.part")
    try:
        _write(temporary)
        put_in_place(temporary, path)
    except sqlite3.Error as error:
        raise explained(error, path) from error
    except OSError as error:
        raise explained_by_system(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _write(path: Path) -> None:
    """Lay out a project in a new file, all of it on the disk."""
    path.touch(exist_ok=False)
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = EXTRA")
        lay_out(connection)
    finally:
        connection.close()


def put_in_place(temporary: Path, path: Path) -> None:
    """Give a finished file its name, unless something has that name.

    Raises
    ------
    ExistsError
        If something has.
    OSError
        If it cannot be done.
    """
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise ExistsError(f"There is a project already: {path}.") from None
    except OSError:
        _move_in_place(temporary, path)


def _move_in_place(temporary: Path, path: Path) -> None:
    """For drives without links: whoever makes the empty file first may fill it."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        raise ExistsError(f"There is a project already: {path}.") from None
    try:
        os.replace(temporary, path)
    except OSError:
        path.unlink()
        raise
