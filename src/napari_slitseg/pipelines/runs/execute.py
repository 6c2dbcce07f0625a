"""Work on a run in this process, from its lock to its end."""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import os
import signal
import sys
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from napari_slitseg.events import Event, Finished, Notice, RunState
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.alive import Heartbeat
from napari_slitseg.pipelines.runs.control import clear_ask
from napari_slitseg.pipelines.runs.discard import discard
from napari_slitseg.pipelines.runs.ends import clear_end
from napari_slitseg.pipelines.runs.environment import describe_environment
from napari_slitseg.pipelines.runs.folder import Ask, RunFolder
from napari_slitseg.pipelines.runs.identity import Identity
from napari_slitseg.pipelines.runs.journal import Journal, LogWarnings, Tell
from napari_slitseg.pipelines.runs.json_lines import JsonLines
from napari_slitseg.pipelines.runs.killing import children, kill_all, kill_self
from napari_slitseg.pipelines.runs.locking import locked
from napari_slitseg.pipelines.runs.ranks import is_helper, leave_with_first
from napari_slitseg.pipelines.runs.small_files import replace_json
from napari_slitseg.pipelines.runs.status import status_of
from napari_slitseg.pipelines.runs.turn import turn
from napari_slitseg.pipelines.runs.watchdog import Watchdog
from napari_slitseg.pipelines.runs.wishes import LeaveError, Wishes
from napari_slitseg.pipelines.runs.words import LEFT, spelled

Work = Callable[[RunFolder, Callable[[], Ask]], Generator[Event, None, None]]

TOKEN: Final = "SLITSEG_RUN_TOKEN"
"""Environment variable by which a process knows that it was started to work on a run."""
_CODES: Final = {"done": 0, "stopped": 0, "cancelled": 1, "failed": 1, "refused": 2}
_REFUSED: Final = 2
_NICENESS: Final = 5
_EXIT_S: Final = 30


def execute(path: Path, work: Work | None = None, tell: Tell | None = None) -> int:
    """Work on a run until its end, alone or, under a launcher of several processes, together.

    Parameters
    ----------
    path : Path
        Folder of the run. Training goes on from where it was saved.
    work : callable, optional
        Takes the run's folder and `ask`, and yields events, `Finished` last; by default `finetune`.
    tell : callable, optional
        Takes each event; by default they are written to the output stream as JSON lines.

    Returns
    -------
    int
        Exit code: 0 finished or stopped by the person, 1 failed or cancelled, 2 refused, 130 or
        143 left for a signal (the run can be resumed).
    """
    folder = RunFolder(path.resolve())
    token = os.environ.pop(TOKEN, "")
    if is_helper():
        return _help(folder, work or _finetune)
    try:
        held = _taken(folder)
    except JobError as error:
        sys.stderr.write(spelled(f"Error: {error}\n"))
        return _REFUSED
    with held:
        _prepare(folder, is_started=bool(token))
        if tell is not None:
            return _execute(folder, work or _finetune, tell, token)
        with JsonLines(_stdout()) as told:
            return _execute(folder, work or _finetune, told, token)


@dataclass
class _Run:
    """A process at work on a run."""

    folder: RunFolder
    work: Work
    identity: Identity
    journal: Journal
    wishes: Wishes
    spared: set[psutil.Process]

    def to_end(self) -> Finished | None:
        """Work; None if the process must leave without an end."""
        try:
            finished = self._to_end()
        except (LeaveError, KeyboardInterrupt):
            self.journal.add(Notice(text=LEFT))
            return None
        except JobError as error:
            finished = Finished(reason="refused", message=str(error))
        except Exception as error:  # noqa: BLE001 (whatever it is, the run must say how it ended)
            self.journal.log_error(error)
            finished = Finished(reason="failed", message=_sentence(error))
        if self.wishes.look() == "cancel":
            finished = Finished(reason="cancelled", message=finished.message)
        return finished

    def close(self, finished: Finished) -> None:
        """Write the end down, and throw away what was made if it is cancelled."""
        if finished.reason == "cancelled":
            kill_all(children() - self.spared)
            discard(self.folder)
        self.journal.end(finished)

    def cancel_now(self) -> None:
        """End at once, with nothing kept."""
        try:
            self.close(Finished(reason="cancelled"))
            discard(self.folder)
            clear_ask(self.folder)
        finally:
            kill_self(self.spared)

    def leave_now(self) -> None:
        """End at once, to be resumed from what was saved last."""
        try:
            self.journal.add(Notice(text=LEFT))
        finally:
            kill_self(self.spared, 128 + signal.SIGTERM)

    def _to_end(self) -> Finished:
        text = f"Process {self.identity.pid} on {self.identity.host} takes it up."
        self.journal.add(RunState(phase="preparing", time=time.time(), message=text))
        job = self.folder.read_job()
        with turn(self.folder, job, self.identity, self.wishes, self.journal.add) as finished:
            return finished or self._train()

    def _train(self) -> Finished:
        events = self.work(self.folder, self.wishes)
        with contextlib.closing(events):
            for event in events:
                if isinstance(event, Finished):
                    return event
                self.wishes.notice(event)
                self.journal.add(event)
                if self.journal.error is not None:
                    raise self.journal.error
        return Finished(reason="failed", message="It ended without saying how.")


def _execute(folder: RunFolder, work: Work, tell: Tell, token: str) -> int:
    identity = Identity.of(os.getpid(), token)
    spared = children()
    try:
        opened = Journal(folder, tell)
    except OSError as error:
        why = error.strerror or str(error)
        sys.stderr.write(f"Error: {folder.events} cannot be written: {why}.\n")
        return _CODES["failed"]
    with (
        Heartbeat(folder, identity),
        contextlib.closing(opened) as journal,
        LogWarnings(journal),
        Wishes(folder) as wishes,
    ):
        run = _Run(folder, work, identity, journal, wishes, spared)
        with Watchdog(wishes, run.cancel_now, run.leave_now):
            finished = run.to_end()
            if finished is not None:
                run.close(finished)
        with contextlib.suppress(OSError):
            clear_ask(folder)
    if token:
        _end_soon(finished, spared)
    return _code(finished, wishes)


def _end_soon(finished: Finished | None, spared: set[psutil.Process]) -> None:
    """See to it that a process that nobody looks at ends, whatever its libraries still wait for."""
    if finished is not None and finished.reason == "cancelled":
        kill_self(spared, _CODES["cancelled"])
    faulthandler.dump_traceback_later(_EXIT_S, exit=True)


def _code(finished: Finished | None, wishes: Wishes) -> int:
    by_signal = 128 + (wishes.signal or signal.SIGINT)
    if finished is None or (finished.reason == "stopped" and wishes.signal):
        return by_signal
    return _CODES[finished.reason]


def _help(folder: RunFolder, work: Work) -> int:
    """Run the training only; the first process hears the person and the system."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    leave_with_first(folder)
    for _ in work(folder, lambda: "go"):
        pass
    return 0


def _taken(folder: RunFolder) -> AbstractContextManager[object]:
    """Take the run for this process, if it can be worked on."""
    folder.read_job()
    if status_of(folder).state == "cancelled":
        raise JobError(f"{folder.name} was cancelled. Duplicate it to train again.")
    return locked(folder)


def _prepare(folder: RunFolder, *, is_started: bool) -> None:
    """Forget what was asked of an earlier process, and note down what this one is."""
    if is_started and hasattr(os, "nice"):
        os.nice(_NICENESS)
    with contextlib.suppress(OSError):
        clear_end(folder)
        if not is_started:
            clear_ask(folder)
        replace_json(folder.environment, describe_environment())


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "The disk is full. What was saved before is there: free some space and resume."
    if isinstance(error, MemoryError):
        return "There is not enough memory; take smaller patches or a smaller batch."
    return f"{type(error).__name__}: {error}. Where it came from is in log.txt."


def _stdout() -> int | None:
    try:
        return sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):
        return None


def _finetune(folder: RunFolder, ask: Callable[[], Ask]) -> Generator[Event, None, None]:
    from napari_slitseg.pipelines.finetune import finetune

    return finetune(folder, ask)
