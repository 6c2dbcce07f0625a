"""Ask something of a run, whether a process works on it or not."""

from __future__ import annotations

import contextlib
import time
from threading import Thread
from typing import Final

from filelock import FileLock, Timeout

from napari_slitseg.events import Finished
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.alive import read_alive
from napari_slitseg.pipelines.runs.control import clear_ask, write_ask
from napari_slitseg.pipelines.runs.discard import discard
from napari_slitseg.pipelines.runs.folder import Ask, RunFolder
from napari_slitseg.pipelines.runs.identity import Identity
from napari_slitseg.pipelines.runs.journal import Journal
from napari_slitseg.pipelines.runs.killing import kill_run
from napari_slitseg.pipelines.runs.status import RunStatus, status_of

_VERBS: Final[dict[Ask, str]] = {
    "stop": "stopped",
    "cancel": "cancelled",
    "pause": "paused",
    "go": "told to go on",
}
_PATIENCE_S: Final = 3.0
_POLL_S: Final = 0.1


def ask(folder: RunFolder, what: Ask) -> None:
    """Ask a run to stop and keep its best model, to cancel and keep nothing, to pause or go on.

    Returns at once. A run that nothing works on can be cancelled, too. A process that does not
    heed "cancel" is ended from here after some seconds.

    Raises
    ------
    JobError
        If the run has ended, or nothing works on it and it is not to be cancelled.
    """
    status = status_of(folder)
    if status.is_alive:
        _leave_word(folder, what)
        if what == "cancel":
            Thread(target=see_it_end, args=(folder,), name="see it end", daemon=True).start()
    elif what == "cancel" and status.state in ("new", "interrupted"):
        _cancel_dead(folder)
    else:
        raise JobError(_refusal(status, what))


def see_it_end(folder: RunFolder, patience_s: float = _PATIENCE_S) -> bool:
    """Wait for the process of a cancelled run to end, and end it if it does not.

    Returns
    -------
    bool
        Whether it has ended; False for one on another machine that has not yet.
    """
    alive = read_alive(folder)
    if alive is None:
        return True
    if not alive.identity.is_here:
        return False
    is_killed = not _ends_by_itself(alive.identity, patience_s)
    if is_killed:
        kill_run(alive.identity)
    state = status_of(folder).state
    if state == "interrupted" or (is_killed and state != "cancelled"):
        with contextlib.suppress(JobError):
            _cancel_dead(folder)
    return True


def _ends_by_itself(identity: Identity, patience_s: float) -> bool:
    until = time.monotonic() + patience_s
    while identity.is_living:
        if time.monotonic() > until:
            return False
        time.sleep(_POLL_S)
    return True


def _leave_word(folder: RunFolder, what: Ask) -> None:
    try:
        write_ask(folder, what)
    except OSError as error:
        why = error.strerror or str(error)
        raise JobError(f"{folder.name} cannot be {_VERBS[what]}: {why}.") from error


def _cancel_dead(folder: RunFolder) -> None:
    """Throw away what a run made that nothing works on."""
    try:
        with FileLock(folder.lock, timeout=_PATIENCE_S):
            discard(folder)
            with contextlib.closing(Journal(folder, lambda _: None)) as journal:
                journal.end(Finished(reason="cancelled", message="Nothing worked on it."))
            clear_ask(folder)
    except Timeout:
        _leave_word(folder, "cancel")
    except OSError as error:
        why = error.strerror or str(error)
        raise JobError(f"{folder.name} cannot be cancelled: {why}.") from error


def _refusal(status: RunStatus, what: Ask) -> str:
    start = f"{status.folder.name} cannot be {_VERBS[what]}: "
    if status.state == "interrupted":
        return start + "its process died. Resume or cancel it."
    if status.state == "new":
        return start + "it has not begun. Start it, cancel it or delete it."
    if status.state == "damaged":
        return start + status.message
    return start + f"it has ended ({status.state})."
