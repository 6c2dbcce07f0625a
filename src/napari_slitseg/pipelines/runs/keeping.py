"""Runs as things to copy, repeat and throw away."""

from __future__ import annotations

import os
import shlex
import subprocess

from send2trash import TrashPermissionError, send2trash

from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.locking import locked
from napari_slitseg.pipelines.runs.status import status_of


def duplicate(folder: RunFolder) -> FinetuneJob:
    """Return the job of a run as that of a new one, which gets a name of its own.

    Raises
    ------
    JobError
        If the job cannot be read.
    """
    return folder.read_job().model_copy(update={"runs": folder.path.parent})


def delete(folder: RunFolder) -> None:
    """Move a run to the trash.

    Raises
    ------
    JobError
        If the folder is no run, a process works on it, or there is no trash.
    """
    if not folder.exists:
        raise JobError(f"{folder.path} is no run, so it is left alone.")
    status = status_of(folder)
    if status.is_alive:
        raise JobError(f"Process {status.pid} works on {folder.name}; cancel it first.")
    with locked(folder):
        pass
    try:
        send2trash(folder.path)
    except (OSError, TrashPermissionError) as error:
        raise JobError(
            f"{folder.path} cannot be moved to the trash ({error}). It is as it was; remove the "
            "folder by hand."
        ) from error


def command_of(folder: RunFolder) -> str:
    """Return the shell command that trains the same again, as a new run."""
    return quoted(["slitseg", "finetune", "--job", str(folder.job)])


def quoted(words: list[str]) -> str:
    """Return words as one line for the shell of this system."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
