"""End processes with all that they started."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import Final, NoReturn

import psutil

from napari_slitseg.pipelines.runs.identity import Identity

_KILLED: Final = 137


def children() -> set[psutil.Process]:
    """Return all processes that this one started, and those that they did."""
    try:
        return set(psutil.Process().children(recursive=True))
    except psutil.Error:
        return set()


def kill_all(processes: set[psutil.Process]) -> None:
    """End processes at once."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()


def kill_self(spared: set[psutil.Process], code: int = _KILLED) -> NoReturn:
    """End this process at once, with its group if it leads a session, and all it started.

    Parameters
    ----------
    spared : set of processes
        Children that are not ours to end.
    code : int
        Exit code, where the group need not be ended.
    """
    kill_all(children() - spared)
    if hasattr(os, "killpg") and os.getsid(0) == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(code)


def kill_run(identity: Identity) -> None:
    """End the process of a run of this machine at once, with its group and all it started."""
    if not identity.is_living:
        return
    try:
        process = psutil.Process(identity.pid)
        family = {process, *process.children(recursive=True)}
    except psutil.Error:
        return
    if hasattr(os, "killpg") and _leads_session(identity.pid):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(identity.pid, signal.SIGKILL)
    kill_all(family)


def _leads_session(pid: int) -> bool:
    try:
        return os.getsid(pid) == pid
    except OSError:
        return False
