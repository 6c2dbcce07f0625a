"""One process at a time works on a run."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

from filelock import FileLock, Timeout

from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.alive import read_alive
from napari_slitseg.pipelines.runs.folder import RunFolder

_LOCK_S: Final = 1.0


def locked(folder: RunFolder) -> AbstractContextManager[object]:
    """Take the run for this process, within the block of what is returned.

    Raises
    ------
    JobError
        If another one works on it.
    """
    alive = read_alive(folder)
    if alive is not None and not alive.identity.is_here and alive.is_living:
        raise JobError(_taken(folder))
    try:
        return FileLock(folder.lock).acquire(timeout=_LOCK_S)
    except Timeout:
        raise JobError(_taken(folder)) from None
    except OSError as error:
        why = error.strerror or str(error)
        raise JobError(f"{folder.lock} cannot be locked: {why}.") from error


def _taken(folder: RunFolder) -> str:
    alive = read_alive(folder)
    who = f"Process {alive.identity.pid} on {alive.identity.host}" if alive else "A process"
    return (
        f"{who} works on the run {folder.name} already; look at it with: slitseg runs show "
        f"{folder.path}"
    )
