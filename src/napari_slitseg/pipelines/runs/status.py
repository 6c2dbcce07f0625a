"""How a run stands, whoever works on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from napari_slitseg.events import EpochDone, Finished, VerdictReady
from napari_slitseg.events.training import Phase
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.alive import Alive, read_alive
from napari_slitseg.pipelines.runs.control import read_ask
from napari_slitseg.pipelines.runs.ends import last_words, read_end
from napari_slitseg.pipelines.runs.folder import JOB, RunFolder
from napari_slitseg.pipelines.runs.history import BriefReader, History
from napari_slitseg.pipelines.runs.words import LEFT

State = Literal[
    "new",
    "queued",
    "preparing",
    "training",
    "paused",
    "stopping",
    "finished",
    "stopped",
    "cancelled",
    "failed",
    "refused",
    "interrupted",
    "damaged",
]
ENDED: Final[frozenset[State]] = frozenset(
    {"finished", "stopped", "cancelled", "failed", "refused"}
)
RESUMABLE: Final[frozenset[State]] = frozenset(
    {"new", "interrupted", "stopped", "failed", "refused"}
)
_PHASES: Final[dict[Phase, State]] = {
    "queued": "queued",
    "preparing": "preparing",
    "training": "training",
    "validating": "training",
    "paused": "paused",
    "stopping": "stopping",
    "judging": "training",
}


@dataclass(frozen=True)
class RunStatus:
    """How a run stands.

    Attributes
    ----------
    folder : RunFolder
    state : str
        "interrupted": its process died without an end; "damaged": its folder cannot be read.
    is_alive : bool
        Whether a process works on it.
    message : str
        For the person: for what it waits, why it failed.
    phase : str or None
        What it does in detail, such as "validating".
    step, total_steps, epoch, total_epochs : int
        What is done, and of how much; 0 where that is not known.
    best : EpochDone or None
        The epoch whose model is kept.
    verdict : VerdictReady or None
    device : str
    created, changed : float
        When it was made and when it last told something, seconds since 1970.
    seconds_left : float or None
        Of the epochs, as long as steps are done.
    pid : int or None
    host : str
        Of the process that works on it, or the last one.
    """

    folder: RunFolder
    state: State
    is_alive: bool = False
    message: str = ""
    phase: Phase | None = None
    step: int = 0
    total_steps: int = 0
    epoch: int = 0
    total_epochs: int = 0
    best: EpochDone | None = None
    verdict: VerdictReady | None = None
    device: str = ""
    created: float = 0.0
    changed: float = 0.0
    seconds_left: float | None = None
    pid: int | None = None
    host: str = ""

    @property
    def can_resume(self) -> bool:
        """Whether it can go on."""
        return not self.is_alive and self.state in RESUMABLE

    @property
    def has_model(self) -> bool:
        """Whether there is a best model to use."""
        return self.folder.best.is_file()


class StatusReader:
    """Tells again and again how a run stands, and reads only what is new; for one thread at a time.

    Parameters
    ----------
    folder : RunFolder
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._all, self._own = BriefReader(folder), BriefReader(folder)

    def look(self) -> RunStatus:
        """Return how the run stands, from its files and the processes of this machine."""
        folder, alive = self.folder, read_alive(self.folder)
        is_alive = alive is not None and alive.is_living
        pid, host = (alive.identity.pid, alive.identity.host) if alive else (None, "")
        try:
            folder.read_job()
        except JobError as error:
            created = _time_of(folder.path)
            return RunStatus(
                folder, "damaged", is_alive, str(error), created=created, pid=pid, host=host
            )
        told = self._all.look()
        state, phase, message = self._live(alive) if alive and is_alive else _dead(folder, told)
        attempt = told.attempts[-1] if told.attempts else None
        epoch = told.epochs[-1] if told.epochs else None
        return RunStatus(
            folder,
            state,
            is_alive,
            message,
            phase,
            step=told.last_step,
            total_steps=attempt.total_steps if attempt else 0,
            epoch=epoch.epoch if epoch else 0,
            total_epochs=attempt.total_steps // attempt.steps_per_epoch if attempt else 0,
            best=told.best,
            verdict=told.verdict,
            device=attempt.device if attempt else "",
            created=_time_of(folder.job),
            changed=max(_time_of(folder.events), _time_of(folder.job)),
            seconds_left=told.seconds_left if state == "training" else None,
            pid=pid,
            host=host,
        )

    def _live(self, alive: Alive) -> tuple[State, Phase | None, str]:
        """State of a run whose process lives: what earlier ones told is no matter."""
        if self._own.start != alive.offset:
            self._own = BriefReader(self.folder, alive.offset)
        own = self._own.look()
        if own.finished:
            return _end(own.finished), None, own.finished.message
        phase = own.phase.phase if own.phase else None
        if read_ask(self.folder) in ("stop", "cancel"):
            return "stopping", phase, ""
        if own.phase is None:
            return "preparing", None, "Its process starts."
        return _PHASES[own.phase.phase], phase, own.phase.message


def status_of(folder: RunFolder) -> RunStatus:
    """Return how a run stands, from its files and the processes of this machine."""
    return StatusReader(folder).look()


def list_runs(home: Path) -> list[RunStatus]:
    """Return how the runs in a folder stand, the newest first; damaged ones too."""
    try:
        paths = [path for path in home.iterdir() if (path / JOB).exists()]
    except OSError:
        return []
    found = [status_of(RunFolder(path)) for path in paths]
    return sorted(found, key=lambda status: (status.created, status.folder.name), reverse=True)


def _dead(folder: RunFolder, told: History) -> tuple[State, Phase | None, str]:
    finished = told.finished or read_end(folder)
    if finished:
        return _end(finished), None, finished.message
    has_left = any(notice.text == LEFT for notice in told.notices[-1:])
    words = LEFT if has_left else last_words(folder)
    if not (words or folder.events.exists() or folder.alive.exists()):
        return "new", None, ""
    return "interrupted", None, words or "Its process ended without a word."


def _end(finished: Finished) -> State:
    return "finished" if finished.reason == "done" else finished.reason


def _time_of(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
