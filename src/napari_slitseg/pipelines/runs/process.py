"""Start the process of a run, which lives on when the one that started it does not."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, Final

from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.alive import events_size, write_alive
from napari_slitseg.pipelines.runs.control import clear_ask
from napari_slitseg.pipelines.runs.device_queue import DeviceQueue
from napari_slitseg.pipelines.runs.ends import STDERR, last_words
from napari_slitseg.pipelines.runs.execute import TOKEN
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.history import brief_history
from napari_slitseg.pipelines.runs.identity import Identity
from napari_slitseg.pipelines.runs.killing import kill_run
from napari_slitseg.pipelines.runs.status import status_of

_MODULE: Final = "napari_slitseg"
_NOT_PASSED: Final = ("QT_", "PYTHONSTARTUP", "PYTHONINSPECT")
_POLL_S: Final = 0.05


@dataclass(frozen=True)
class RunProcess:
    """The process of a run, started here.

    Attributes
    ----------
    folder : RunFolder
    identity : Identity
    """

    folder: RunFolder
    identity: Identity

    @property
    def is_living(self) -> bool:
        """Whether it lives."""
        return self.identity.is_living

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it has ended; return whether it has."""
        until = None if timeout_s is None else time.monotonic() + timeout_s
        while self.is_living:
            if until is not None and time.monotonic() > until:
                return False
            time.sleep(_POLL_S)
        return True

    def terminate(self) -> None:
        """Let it save its state and leave, as a system does that shuts down; it can be resumed."""
        if self.is_living:
            with contextlib.suppress(OSError):
                os.kill(self.identity.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, with all it started; the run can be resumed from its last save."""
        kill_run(self.identity)

    def why_it_died(self) -> str:
        """Say why it ended without a word in the run's events; empty if it lives or said so."""
        if self.is_living or brief_history(self.folder).finished is not None:
            return ""
        return last_words(self.folder) or "Its process ended without a word."


def start(folder: RunFolder) -> RunProcess:
    """Start a process that works on a run: from its beginning, or from where it was saved.

    Returns at once.

    Raises
    ------
    JobError
        If the run is being worked on, is finished or cancelled, or no process can be started.
    """
    folder = RunFolder(folder.path.resolve())
    status = status_of(folder)
    if status.is_alive:
        raise JobError(f"{folder.name} is being worked on already, by process {status.pid}.")
    if not status.can_resume:
        what = status.message if status.state == "damaged" else f"The run is {status.state}."
        raise JobError(f"{folder.name} cannot go on. {what} Duplicate it to train again.")
    token = uuid.uuid4().hex
    try:
        clear_ask(folder)
        offset = events_size(folder)
        with (folder.path / STDERR).open("wb") as stderr:
            process = _spawn(folder, token, stderr)
        identity = Identity.of(process.pid, token)
        with contextlib.suppress(OSError):
            write_alive(folder, identity, offset)
            DeviceQueue.of_this_machine().join(folder, identity)
    except ProcessLookupError as error:
        why = last_words(folder)
        raise JobError(f"The process of {folder.name} ended at once. {why}") from error
    except OSError as error:
        why = error.strerror or str(error)
        raise JobError(f"No process can be started for {folder.name}: {why}.") from error
    return RunProcess(folder, identity)


def python_executable() -> str:
    """Return a Python that can run this package; a bundled napari is none itself.

    Raises
    ------
    JobError
        If there is none.
    """
    prefix = Path(sys.prefix)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    names = ("python.exe", f"bin/python{version}", "bin/python3", "bin/python")
    found = (sys.executable, *(str(prefix / name) for name in names))
    for each in filter(None, found):
        if Path(each).stem.startswith(("python", "pypy")) and Path(each).is_file():
            return each
    raise JobError(
        f"This napari ({sys.executable}) brings no Python that could train beside it. Train with "
        "slitseg finetune in a terminal, or install napari with pip or conda."
    )


class _Child(subprocess.Popen[bytes]):
    """A process that may outlive this one without a warning."""

    def __del__(self) -> None:
        """Leave it alone."""


def _spawn(folder: RunFolder, token: str, stderr: Any) -> _Child:
    """Start a process that shares neither terminal nor streams nor group with this one."""
    process = _Child(
        [python_executable(), "-P", "-m", _MODULE, "run", str(folder.path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        cwd=folder.path,
        env=_environment(os.environ) | {TOKEN: token},
        **_apart(),
    )
    Thread(target=process.wait, name=f"reap {process.pid}", daemon=True).start()
    return process


def _apart() -> dict[str, Any]:
    if os.name == "nt":
        names = ("CREATE_NEW_PROCESS_GROUP", "CREATE_NO_WINDOW", "BELOW_NORMAL_PRIORITY_CLASS")
        return {"creationflags": sum(getattr(subprocess, name) for name in names)}
    return {"start_new_session": True}


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what concerns windows and interactive sessions."""
    return {name: value for name, value in ours.items() if not name.startswith(_NOT_PASSED)}
