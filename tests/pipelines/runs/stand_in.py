"""A training that is not one: quick, and busy in the ways that trainings are.

``python -m stand_in run RUN`` works on a run with it; STAND_IN says how it behaves.
"""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

from napari_slitseg.events import Attempt, EpochDone, Event, Finished, Notice, RunState, StepDone
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs import ranks
from napari_slitseg.pipelines.runs.execute import execute
from napari_slitseg.pipelines.runs.folder import Ask, RunFolder

STEPS_PER_EPOCH = 5
STEP_S = 0.02
Asking = Callable[[], Ask]


def train(folder: RunFolder, ask: Asking) -> Generator[Event, None, None]:
    """Do as the environment says."""
    total = folder.read_job().epochs * STEPS_PER_EPOCH
    step = int(folder.last.read_text()) if folder.last.exists() else 0
    yield Attempt(
        step=step,
        time=time.time(),
        total_steps=total,
        steps_per_epoch=STEPS_PER_EPOCH,
        device="cpu",
    )
    yield RunState(phase="training", time=time.time())
    behave = BEHAVIOURS[os.environ.get("STAND_IN", "steps")]
    while step < total:
        asked = ask()
        if asked == "pause":
            save(folder, step)
            yield RunState(phase="paused", time=time.time())
            while ask() == "pause":
                time.sleep(STEP_S)
            yield RunState(phase="training", time=time.time())
        elif asked == "stop":
            save(folder, step)
            yield RunState(phase="stopping", time=time.time())
            yield Finished(reason="stopped")
            return
        elif asked == "cancel":
            yield Finished(reason="cancelled")
            return
        step += 1
        yield StepDone(step=step, epoch=epoch_of(step), rate=1e-3, loss=1 / step, seconds=STEP_S)
        yield from behave(folder, step)
        if step % STEPS_PER_EPOCH == 0:
            save(folder, step)
            folder.best.write_text("best")
            yield EpochDone(
                epoch=epoch_of(step),
                step=step,
                total_epochs=total // STEPS_PER_EPOCH,
                scores={"f1": step / total},
                is_best=True,
            )
    yield Finished(reason="done")


def epoch_of(step: int) -> int:
    """Epoch of a step, both counted from 1."""
    return (step - 1) // STEPS_PER_EPOCH + 1


def save(folder: RunFolder, step: int) -> None:
    """Write a state to go on from."""
    folder.checkpoints.mkdir(exist_ok=True)
    part = folder.last.with_suffix(".part")
    part.write_text(str(step))
    part.replace(folder.last)


def steps(folder: RunFolder, step: int) -> Generator[Event, None, None]:
    """Take a moment for each step."""
    time.sleep(STEP_S)
    yield from ()


def slow(folder: RunFolder, step: int) -> Generator[Event, None, None]:
    """Take minutes for each step, after the first epoch."""
    time.sleep(0 if step <= STEPS_PER_EPOCH else 600)
    yield from ()


def fast(folder: RunFolder, step: int) -> Generator[Event, None, None]:
    """Take no time."""
    yield from ()


def hashing(folder: RunFolder, step: int) -> Generator[Event, None, None]:
    """Be in C for minutes, which lets other threads run."""
    if step == STEPS_PER_EPOCH + 1:
        (folder.path / "busy").touch()
        hashlib.pbkdf2_hmac("sha256", b"slit", b"membrane", 10**9)
    yield from ()


def counting(folder: RunFolder, step: int) -> Generator[Event, None, None]:
    """Be in C for minutes, which lets no other thread run."""
    if step == STEPS_PER_EPOCH + 1:
        (folder.path / "busy").touch()
        sum(range(10**12))
    yield from ()


def forward(folder: RunFolder, step: int) -> Generator[Event, None, None]:
    """Be in one forward pass for minutes."""
    if step == STEPS_PER_EPOCH + 1:
        import torch

        torch.set_num_threads(1)
        layer = torch.nn.LSTM(16, 16)
        (folder.path / "busy").touch()
        with torch.inference_mode():
            layer(torch.zeros(2_000_000, 16))
    yield from ()


def helped(folder: RunFolder, step: int) -> Generator[Event, None, None]:
    """Have a child process, and be busy oneself."""
    if step == STEPS_PER_EPOCH:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (folder.path / "child").write_text(str(child.pid))
    yield from hashing(folder, step)


def broken(folder: RunFolder, step: int) -> Generator[Event, None, None]:
    """Break down in the second epoch."""
    logging.getLogger("napari_slitseg.training").error("A part of it broke")
    if step > STEPS_PER_EPOCH:
        raise KeyError("no such weight")
    yield from ()


def refusing(folder: RunFolder, step: int) -> Generator[Event, None, None]:
    """Find that it cannot be done."""
    raise JobError(os.environ.get("STAND_IN_WORDS", "There are no images."))
    yield


def talkative(folder: RunFolder, step: int) -> Generator[Event, None, None]:
    """Tell a lot, after the first epoch."""
    if step > STEPS_PER_EPOCH:
        yield Notice(text="x" * 4000)


BEHAVIOURS = {
    each.__name__: each
    for each in (
        *(steps, slow, fast, hashing, counting, forward, helped, broken, refusing, talkative),
    )
}

if __name__ == "__main__":
    limit = os.environ.get("STAND_IN_FILE_BYTES")
    if limit:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    ranks._GRACE_S = float(os.environ.get("STAND_IN_GRACE_S", ranks._GRACE_S))  # type: ignore[misc]
    sys.exit(execute(Path(sys.argv[2]), work=train))
