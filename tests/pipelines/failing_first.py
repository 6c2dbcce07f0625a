"""Program that trains with two processes, the first of which ends badly: ``FOLDER raise|kill``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from napari_slitseg.events import StepDone
from napari_slitseg.pipelines.finetune import finetune
from napari_slitseg.pipelines.runs.folder import Ask, RunFolder


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


if __name__ == "__main__":
    ask = Failing()
    for event in finetune(RunFolder(Path(sys.argv[1])), ask):
        say(event.model_dump_json())
        if isinstance(event, StepDone) and sys.argv[2] == "raise":
            ask.steps = event.step
        elif isinstance(event, StepDone) and event.step == 2:
            os.kill(os.getpid(), signal.SIGKILL)
    say(f"left {os.environ.get('LOCAL_RANK')}")
