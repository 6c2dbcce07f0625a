"""Open the file of a project: safe on its kind of drive, up to date, and never harmed."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from napari_slitseg.core.processes import this_host
from napari_slitseg.store.connection import WAITS_S, Database, connected, durable
from napari_slitseg.store.errors import GoneError, explained
from napari_slitseg.store.header import COMPANIONS, beside, check_header
from napari_slitseg.store.migrating import check_version, migrate
from napari_slitseg.store.place import is_network
from napari_slitseg.store.presence import living
from napari_slitseg.store.schema import SCHEMA_VERSION, upgrade, version_of

_NETWORK_DRIVE: Final = (
    "The project is on a network drive ({kind}): it is kept there without a write-ahead log, "
    "which is safe and somewhat slower."
)
_AS_IT_WAS: Final = "The folder cannot be written: the project is shown as it was when opened."


def opened(path: Path, file_system: Callable[[Path], str], waits_s: float = WAITS_S) -> Database:
    """Open a project to work in it.

    Parameters
    ----------
    path : Path
        Its file.
    file_system : callable
        Tells the kind of drive of a folder, see `file_system_of`.
    waits_s : float
        How long to wait for others that write.

    Raises
    ------
    StoreError
        If it cannot be used; the message tells why and what to do.
    """
    _check(path)
    kind = file_system(path.parent)
    notices = [_NETWORK_DRIVE.format(kind=kind)] if is_network(kind) else []
    connection = connected(path, "mode=rw", waits_s)
    try:
        check_version(connection, path)
        if copy := migrate(connection, path):
            notices.append(f"The project was brought up to date; what it was is in {copy.name}.")
        database = Database(path, connection, waits_s=waits_s, notices=notices)
        _set_journal(connection, database, on_network=is_network(kind))
    except sqlite3.Error as error:
        connection.close()
        raise explained(error, path) from error
    except BaseException:
        connection.close()
        raise
    return database


def opened_to_look(path: Path) -> Database:
    """Open a project to look only; its folder need not be writable, and is left as it is.

    Raises
    ------
    StoreError
        If it cannot be read; the message tells why and what to do.
    """
    _check(path)
    connection, notices = _reading(path)
    try:
        check_version(connection, path)
        if version_of(connection) < SCHEMA_VERSION:
            connection = _upgraded_copy(connection)
    except sqlite3.Error as error:
        connection.close()
        raise explained(error, path) from error
    except BaseException:
        connection.close()
        raise
    return Database(path, connection, is_read_only=True, notices=notices)


def _check(path: Path) -> None:
    if not path.is_file():
        raise GoneError(f"There is no project in {path.parent}.")
    check_header(path)


def _set_journal(connection: sqlite3.Connection, database: Database, *, on_network: bool) -> None:
    """Choose the way of writing that is durable and safe on this drive."""
    afar = any(window.host != this_host() for window in living(database))
    wanted = "delete" if on_network or afar else "wal"
    connection.execute(f"PRAGMA journal_mode = {wanted}")
    durable(connection)
    if on_network:
        database.refuse_log()


def _reading(path: Path) -> tuple[sqlite3.Connection, list[str]]:
    """Return a connection that reads, and what to say about it."""
    try:
        return _proven(connected(path, "mode=ro")), []
    except sqlite3.Error as error:
        if not _wants_to_write(error):
            raise explained(error, path) from error
    try:
        if any(beside(path, ending).is_file() for ending in COMPANIONS):
            return _reading_copy(path), [_AS_IT_WAS]
        return _proven(connected(path, "immutable=1")), [_AS_IT_WAS]
    except sqlite3.Error as error:
        raise explained(error, path) from error


def _wants_to_write(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


def _proven(connection: sqlite3.Connection) -> sqlite3.Connection:
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _reading_copy(path: Path) -> sqlite3.Connection:
    """Load the project into memory, with what only stands in its log yet."""
    with tempfile.TemporaryDirectory(prefix="slitseg-") as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        for ending in COMPANIONS:
            if beside(path, ending).is_file():
                shutil.copyfile(beside(path, ending), beside(copy, ending))
        return _in_memory(connected(copy, "mode=rw"))


def _upgraded_copy(connection: sqlite3.Connection) -> sqlite3.Connection:
    copy = _in_memory(connection)
    upgrade(copy, version_of(copy))
    return copy


def _in_memory(connection: sqlite3.Connection) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.backup(copy)
    finally:
        connection.close()
    return copy
