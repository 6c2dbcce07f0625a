"""Program that trains with two processes, the first of which ends badly: ``WAY FOLDER ...``.

Each WAY, raise or kill, has a folder of its own. Both processes are forks of this one, as if a
cluster had started them: importing once saves the seconds that each fresh interpreter takes.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

from napari_slitseg.events import StepDone
from napari_slitseg.pipelines.finetune import finetune
from napari_slitseg.pipelines.runs.folder import Ask, RunFolder
from napari_slitseg.pipelines.training import ends, helping, validating

LOADED = (ends, helping, validating)


class Failing:
    """What the person wants, until it fails."""

    steps = 0

    def __call__(self) -> Ask:
        """Fail after two steps."""
        if self.steps == 2:
            raise ArithmeticError("the first one fails")
        return "go"


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def work(way: str, folder: Path, rank: int) -> None:
    """Train as one of two processes."""
    ask = Failing()
    for event in finetune(RunFolder(folder), ask):
        say(f"{way} {rank} {event.model_dump_json()}")
        if isinstance(event, StepDone) and way == "raise":
            ask.steps = event.step
        elif isinstance(event, StepDone) and event.step == 2:
            os.kill(os.getpid(), signal.SIGKILL)
    say(f"{way} {rank} left")


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def train(way: str, folder: Path) -> None:
    """Train with two processes and tell how each of them ended."""
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    children = {}
    for rank in range(2):
        os.environ["LOCAL_RANK"] = str(rank)
        child = os.fork()
        if not child:
            work(way, folder, rank)
            os._exit(0)
        children[child] = rank
    while children:
        child, status = os.wait()
        say(f"{way} {children.pop(child)} ended {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    for way, folder in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        train(way, Path(folder))
