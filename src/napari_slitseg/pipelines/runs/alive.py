"""Signs of life: which process works on a run, and when it last said so."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from threading import Event, Thread
from typing import Final, Self

from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.identity import Identity
from napari_slitseg.pipelines.runs.small_files import read_json, replace_json

BEAT_S: Final = 1.0
SILENT_S: Final = 60.0
"""A process of another machine that said nothing for so long is taken for dead."""


@dataclass(frozen=True)
class Alive:
    """What `alive.json` says.

    Attributes
    ----------
    identity : Identity
    time : float
        When it was written, seconds since 1970.
    offset : int
        Size of the file of events when the process began: what is behind that place is its own.
    """

    identity: Identity
    time: float
    offset: int

    @property
    def is_living(self) -> bool:
        """Whether the process lives; one of another machine is judged by its last sign of life."""
        if self.identity.is_here:
            return self.identity.is_living
        return abs(time.time() - self.time) < SILENT_S


def read_alive(folder: RunFolder) -> Alive | None:
    """Return the last sign of life; None where there is none."""
    values = read_json(folder.alive)
    if values is None:
        return None
    try:
        return Alive(Identity.from_dict(values), float(values["time"]), int(values["offset"]))
    except (KeyError, ValueError, TypeError):
        return None


def write_alive(folder: RunFolder, identity: Identity, offset: int) -> None:
    """Give a sign of life.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    values = {"time": time.time(), "offset": offset, **identity.to_dict()}
    replace_json(folder.alive, values)


def events_size(folder: RunFolder) -> int:
    """Return the size of the file of events in bytes; 0 where there is none."""
    try:
        return folder.events.stat().st_size
    except OSError:
        return 0


class Heartbeat:
    """Gives a sign of life each second, from a thread; a context manager."""

    def __init__(self, folder: RunFolder, identity: Identity) -> None:
        self._folder, self._identity = folder, identity
        self._offset = events_size(folder)
        self._end = Event()
        self._thread = Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._write()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        with contextlib.suppress(OSError):
            self._folder.alive.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._end.wait(BEAT_S):
            self._write()

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            write_alive(self._folder, self._identity, self._offset)
