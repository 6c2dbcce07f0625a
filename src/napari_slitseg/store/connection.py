"""One connection to the file of a project: reads, and transactions that are durable."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from napari_slitseg.store.errors import BusyError, GoneError, ReadOnlyError, explained
from napari_slitseg.store.log_guard import Identity, identity_of, log_of, save_from_lost_log

WAITS_S: Final = 10.0
"""How long to wait for another window that writes."""


class Database:
    """The file of a project, open.

    Parameters
    ----------
    path : Path
        Where the file is.
    connection : sqlite3.Connection
        In autocommit mode.
    is_read_only : bool
        Whether nothing may be written.
    waits_s : float
        How long to wait for others that write.
    notices : sequence of str
        What the person should know about the way in which it was opened.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        *,
        is_read_only: bool = False,
        waits_s: float = WAITS_S,
        notices: Sequence[str] = (),
    ) -> None:
        self.path = path
        self.is_read_only = is_read_only
        self.notices = tuple(notices)
        self.is_open = True
        self._waits_s = waits_s
        self._connection = connection
        self._identity = identity_of(path)
        self._log: Identity | None = None
        self._refuses_log = False

    def rows(self, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        """Return all rows of a query.

        Raises
        ------
        StoreError
            If the file cannot be read.
        """
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise explained(error, self.path) from error

    def value(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Return the first value of the first row, None where there is none."""
        rows = self.rows(statement, values)
        return rows[0][0] if rows else None

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run a statement inside `transaction`; return the number of the last new row."""
        return self._connection.execute(statement, values).lastrowid or 0

    @contextlib.contextmanager
    def transaction(self) -> Generator[None]:
        """Do everything in the block, or nothing; it is on the disk when the block ends.

        Raises
        ------
        StoreError
            If that fails; nothing was written then.
        """
        self._check_place()
        self._check_log()
        try:
            if self._refuses_log:
                self._connection.execute("PRAGMA journal_mode = delete")
            self._connection.execute("BEGIN IMMEDIATE")
            self._check_mode()
            yield
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._take_back()
            raise explained(error, self.path) from error
        except BaseException:
            self._take_back()
            raise

    def refuse_log(self) -> None:
        """Never write into a write-ahead log: on this drive it would harm the project.

        Raises
        ------
        StoreError
            If there is one now.
        """
        self._refuses_log = True
        self._check_mode()

    def close(self) -> None:
        """Close the file; doing it twice is harmless."""
        self.is_open = False
        self._connection.close()

    def _take_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _check_place(self) -> None:
        """Refuse to write into a file that nobody will find again."""
        if self.is_read_only:
            raise ReadOnlyError(f"The project {self.path} was opened for looking only.")
        identity = identity_of(self.path)
        if identity is None:
            raise GoneError(
                f"The project {self.path} is no longer there: the folder was moved, renamed or "
                f"deleted, or its drive is not connected. Bring it back, or open the project at "
                f"its new place."
            )
        if identity != self._identity:
            raise GoneError(
                f"Another file took the place of the project {self.path} while it was open. Open "
                f"the project again."
            )

    def _check_mode(self) -> None:
        """Refuse a log that another computer began, perhaps while this one slept."""
        if self._refuses_log and self.value("PRAGMA journal_mode") == "wal":
            raise BusyError(
                f"The project {self.path} is on a network drive and open on another computer in a "
                f"way that is not safe for two. Close it there, or open it here for looking only."
            )

    def _check_log(self) -> None:
        """Go on with a new log where somebody deleted the one in use."""
        log = identity_of(log_of(self.path))
        if self._log is not None and log != self._log:
            try:
                save_from_lost_log(self._connection, self.path)
                self._connection.close()
                self._connection = durable(connected(self.path, "mode=rw", self._waits_s))
            except sqlite3.Error as error:
                raise explained(error, self.path) from error
            log = identity_of(log_of(self.path))
        self._log = log


def durable(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Let every commit wait for the disk, whichever way is written."""
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    connection.execute(f"PRAGMA synchronous = {'FULL' if mode == 'wal' else 'EXTRA'}")
    return connection


def connected(path: Path, mode: str, waits_s: float = WAITS_S) -> sqlite3.Connection:
    """Open a file that is there.

    Parameters
    ----------
    path : Path
        The file.
    mode : str
        Of SQLite's addresses: "mode=rw", "mode=ro" or "immutable=1".
    waits_s : float
        How long to wait for others that write.

    Raises
    ------
    sqlite3.Error
        If that fails.
    """
    absolute = path.absolute().as_posix()
    address = f"file://{'' if absolute.startswith('/') else '/'}{quote(absolute)}?{mode}"
    return sqlite3.connect(address, uri=True, timeout=waits_s, isolation_level=None)
