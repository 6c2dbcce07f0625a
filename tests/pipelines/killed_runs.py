"""Program that trains in processes of its own and kills them: ``FOLDER WHEN...``.

Each WHEN is a number of events after which a process gets SIGKILL, or ``save:N``: in the middle of
writing its N-th file of the state. At the end one process trains to the end. Importing once and
forking saves the seconds that each fresh interpreter would take to load torch.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import torch

from napari_slitseg.core import atomic
from napari_slitseg.events import Finished
from napari_slitseg.pipelines.finetune import finetune
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.training import ends, helping, validating

LOADED = (ends, helping, validating)


def kill_in_save(number: int) -> None:
    """Kill this process when a state is about to be flushed to the disk for the n-th time."""
    left, flush = [number], os.fsync

    def killing(file: int) -> None:
        name = os.readlink(f"/proc/self/fd/{file}")
        left[0] -= "checkpoints" in name
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        flush(file)

    atomic.os.fsync = killing


def work(folder: RunFolder, when: str) -> None:
    """Train, and be killed on the way."""
    torch.set_num_threads(1)
    if when.startswith("save:"):
        kill_in_save(int(when.removeprefix("save:")))
    for number, event in enumerate(finetune(folder, lambda: "go", save_steps=2), start=1):
        if when == str(number):
            os.kill(os.getpid(), signal.SIGKILL)
        if isinstance(event, Finished) and event.reason != "done":
            sys.exit(f"{event.reason}: {event.message}")


def main(folder: RunFolder, whens: list[str]) -> None:
    """Train in one process after the other."""
    for when in [*whens, "never"]:
        child = os.fork()
        if not child:
            work(folder, when)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) != (when != "never"):
            sys.exit(f"{when} ended with {status}")


if __name__ == "__main__":
    main(RunFolder(Path(sys.argv[1])), sys.argv[2:])
