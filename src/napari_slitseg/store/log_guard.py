"""The write-ahead log of a project that is open, in case somebody deletes it.

SQLite goes on writing into a log that has no name any more, and what stands in it is lost with the
process. Synchronising folders and tidy people do delete such files.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from napari_slitseg.store.copying import copied_beside
from napari_slitseg.store.errors import DamagedError

Identity = tuple[int, int]


def identity_of(path: Path) -> Identity | None:
    """Return what tells a file from another one of the same name; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def log_of(path: Path) -> Path:
    """Return where the write-ahead log of a project is."""
    return path.with_name(f"{path.name}-wal")


def save_from_lost_log(connection: sqlite3.Connection, path: Path) -> None:
    """Write what stands in a log without a name into the project itself.

    Raises
    ------
    DamagedError
        If another log took its place: everything is kept in a copy beside the project then.
    """
    is_replaced = log_of(path).exists()
    if not is_replaced:
        busy, logged, saved = connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        if not busy and logged == saved:
            return
    copy = copied_beside(connection, path, "rescued")
    raise DamagedError(
        f"Somebody deleted {log_of(path).name}, which belongs to the open project {path}. "
        f"Everything that this window knows is in {copy.name}. Close all windows, open the project "
        f"again, and take it over with 'slitseg project merge'."
    )
