"""Runs whose training is a stand-in, in processes of their own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.runs import process
from napari_slitseg.pipelines.runs.alive import read_alive
from napari_slitseg.pipelines.runs.device_queue import STATE_VARIABLE
from napari_slitseg.pipelines.runs.folder import RunFolder, new_run
from napari_slitseg.pipelines.runs.killing import kill_run

Make = Callable[..., RunFolder]


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let processes that are started train with the stand-in, and wait in a queue of their own."""
    monkeypatch.setattr(process, "_MODULE", "stand_in")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make runs; processes that still work on them at the end are killed."""
    made: list[RunFolder] = []

    def new(name: str = "run", **values: object) -> RunFolder:
        fields = {"images": (tmp_path,), "runs": tmp_path / "runs", "name": name, "device": "cpu"}
        made.append(new_run(FinetuneJob(**(fields | {"epochs": 2} | values))))  # type: ignore[arg-type]
        return made[-1]

    yield new
    for folder in made:
        alive = read_alive(folder)
        if alive is not None and alive.identity.pid != os.getpid():
            kill_run(alive.identity)


def until(condition: Callable[[], object], timeout_s: float = 20) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("it did not come true")
        time.sleep(0.02)
