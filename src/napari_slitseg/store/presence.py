"""Which windows have a project open."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Final

from napari_slitseg.core.processes import is_living, start_of, this_host
from napari_slitseg.store.base import Part
from napari_slitseg.store.connection import Database
from napari_slitseg.store.schema import now

BEAT_S: Final = 60.0
"""How often a window should tell that it lives."""

_SILENT_S: Final = 10 * BEAT_S
_CLOCKS_DIFFER_S: Final = 86400.0
_COLUMNS: Final = "uid, host, pid, started, editor, since, seen"


@dataclass(frozen=True)
class Presence:
    """A window that has a project open.

    Attributes
    ----------
    host : str
        Name of its machine.
    pid : int
        Number of its process.
    editor : str
        Who works there, "" where not known.
    since : str
        When it opened the project, ISO 8601 in UTC.
    """

    host: str
    pid: int
    editor: str
    since: str

    def __str__(self) -> str:
        who = self.editor or f"process {self.pid}"
        place = "this computer" if self.host == this_host() else self.host
        return f"{who} on {place}, since {self.since[:16].replace('T', ' ')} UTC"


class Windows(Part):
    """The part of a project that knows who else has it open."""

    _beaten = 0.0

    @property
    def others(self) -> tuple[Presence, ...]:
        """Other windows that have the project open now."""
        return tuple(living(self._database, self._window))

    def beat(self) -> None:
        """Tell other machines that this window lives; to be called every `BEAT_S` seconds.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        with self._database.transaction():
            self._beat()

    def _beat_if_due(self) -> None:
        """Inside a transaction: beat, where the last time is long ago, or was a sleep ago."""
        if abs(time.time() - self._beaten) > BEAT_S:
            self._beat()

    def _beat(self) -> None:
        pid = os.getpid()
        values = (self._window, this_host(), pid, start_of(pid) or 0.0, self.editor, now())
        self._database.run(
            f"INSERT INTO windows ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (uid) DO UPDATE SET editor = excluded.editor, seen = excluded.seen",
            (*values, time.time()),
        )
        self._beaten = time.time()

    def _arrive(self) -> None:
        """Tell of this window, and forget those that ended without a word."""
        lives = {uid for uid, _ in _judged(self._database)}
        with self._database.transaction():
            for (uid,) in self._database.rows("SELECT uid FROM windows"):
                if uid not in lives:
                    self._database.run("DELETE FROM windows WHERE uid = ?", (uid,))
            self._beat()

    def _leave(self) -> None:
        with self._database.transaction():
            self._database.run("DELETE FROM windows WHERE uid = ?", (self._window,))


def living(database: Database, own: str = "") -> list[Presence]:
    """Return the windows that have a project open, without one's own."""
    return [presence for uid, presence in _judged(database) if uid != own]


def _judged(database: Database) -> list[tuple[str, Presence]]:
    """Windows that live: known on this machine, told by their last beat on others."""
    rows = database.rows(f"SELECT {_COLUMNS} FROM windows ORDER BY since")
    return [
        (uid, Presence(host, pid, editor, since))
        for uid, host, pid, started, editor, since, seen in rows
        if (is_living(pid, started) if host == this_host() else _was_heard(seen))
    ]


def _was_heard(seen: float) -> bool:
    """Whether a beat is fresh; a clock elsewhere may be ahead, but not by more than a day."""
    return -_CLOCKS_DIFFER_S < time.time() - seen < _SILENT_S
