"""What a run tells: to the file of events, to the log for people, and to who listens."""

from __future__ import annotations

import contextlib
import logging
import os
import traceback
from collections.abc import Callable, Generator
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Final, Self

from napari_slitseg.events import EpochDone, Event, Finished, VerdictReady
from napari_slitseg.pipelines.runs.ends import write_end
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.json_lines import line_of
from napari_slitseg.pipelines.runs.words import sentence_of, spelled

Tell = Callable[[Event], None]

_PACKAGE: Final = "napari_slitseg"
_RESERVE: Final = ".reserve"
_RESERVE_BYTES: Final = 16_384
_PATIENCE_S: Final = 1.0


class LogWarnings(logging.Handler):
    """Puts what the package's parts log into the log of a run; a context manager."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(logging.WARNING)
        self._journal = journal
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record down, with where an error came from."""
        self._journal.log(self.format(record))

    def __enter__(self) -> Self:
        logging.getLogger(_PACKAGE).addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger(_PACKAGE).removeHandler(self)


class EventFile:
    """Lines at the end of a file, each there as a whole or not at all."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._file = os.open(path, flags, 0o666)
        self._end_half_line()

    def append(self, line: bytes, *, to_disk: bool = False) -> None:
        """Write a line.

        Raises
        ------
        OSError
            If there is no room; the file is as it was.
        """
        size = os.fstat(self._file).st_size
        rest = line + b"\n"
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
            if to_disk:
                os.fsync(self._file)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, size)
            raise

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _end_half_line(self) -> None:
        """Keep apart what a process that was killed began to write and what comes now."""
        size = os.fstat(self._file).st_size
        if size:
            os.lseek(self._file, size - 1, os.SEEK_SET)
            if os.read(self._file, 1) != b"\n":
                os.write(self._file, b"\n")


class Journal:
    """Writes down what happens in a run, from several threads; nothing comes after the end.

    Attributes
    ----------
    error : OSError or None
        Why the file of events could not be written.

    Parameters
    ----------
    folder : RunFolder
    tell : callable
        Takes each event, too.

    Raises
    ------
    OSError
        If the file of events cannot be opened.
    """

    def __init__(self, folder: RunFolder, tell: Tell) -> None:
        self.error: OSError | None = None
        self._folder, self._tell = folder, tell
        self._lock = Lock()
        self._has_ended = False
        self._events = EventFile(folder.events)
        self._reserve = folder.path / _RESERVE
        with contextlib.suppress(OSError):
            self._reserve.write_bytes(bytes(_RESERVE_BYTES))

    def add(self, event: Event) -> None:
        """Write an event down; what goes wrong is noted in `error`."""
        with self._held():
            if not self._has_ended:
                self._add(event)

    def end(self, finished: Finished) -> bool:
        """Write the end down, somehow, unless there is one; return whether this is it."""
        with self._held():
            if self._has_ended:
                return False
            self._has_ended = True
            self._free_reserve()
            if not self._add(finished):
                with contextlib.suppress(OSError):
                    write_end(self._folder, finished)
            return True

    def log(self, text: str) -> None:
        """Write a sentence for people."""
        now = datetime.now().isoformat(sep=" ", timespec="seconds")
        with contextlib.suppress(OSError), self._folder.log.open("a", encoding="utf-8") as file:
            file.write(f"{now}  {spelled(text)}\n")

    def log_error(self, error: BaseException) -> None:
        """Write down where an error came from, for those who can repair it."""
        self.log("".join(traceback.format_exception(error)).rstrip())

    def close(self) -> None:
        """Close the files."""
        self._free_reserve()
        self._events.close()

    def _add(self, event: Event) -> bool:
        text = sentence_of(event)
        if text:
            self.log(text)
        matters = isinstance(event, EpochDone | VerdictReady | Finished)
        try:
            self._events.append(line_of(event), to_disk=matters)
            is_written = True
        except OSError as error:
            self.error, is_written = error, False
        self._tell(event)
        return is_written

    def _free_reserve(self) -> None:
        """Give the disk some room for the end."""
        with contextlib.suppress(OSError):
            self._reserve.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _held(self) -> Generator[None]:
        """Wait for other threads, but not for one that hangs in the disk."""
        has_lock = self._lock.acquire(timeout=_PATIENCE_S)
        try:
            yield
        finally:
            if has_lock:
                self._lock.release()
