"""Training with two processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest
import torch

from napari_slitseg.core.checkpoint import load_checkpoint
from napari_slitseg.core.losses import loss_from_dict
from napari_slitseg.core.losses.spec_combine import Term, WeightedSum
from napari_slitseg.core.training.state_file import read_state
from tests.pipelines import failing_first
from tests.pipelines.tiny_runs import make_run, train

BALANCED = {
    "slit_loss": WeightedSum(
        terms=(Term(), Term(loss=loss_from_dict({"name": "bce"}))), balance="grad_ema"
    ).to_dict(),
    "optimiser": "sgd",
    "schedule": {"name": "constant", "rate": 0.05},
    "keep_best_by": "loss",
}


def run(*command: object) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, and that of all it started: they share its output."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM", "RANK"))}
    return subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env=environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_two_processes_learn_what_one_learns_with_the_same_batch(tmp_path: Path) -> None:
    two = make_run(tmp_path, name="two", devices=2, batch=2, **BALANCED)
    one = make_run(tmp_path, name="one", batch=4, **BALANCED)
    result = run("-m", "napari_slitseg", "run", two.path)
    assert result.returncode == 0, result.stderr
    train(one)
    (found, numbers), (expected, known) = (read_state(each.last) for each in (two, one))
    assert numbers["course"]["step"] == known["course"]["step"] == 6
    for name, length in known["balance"].items():
        assert numbers["balance"][name] == pytest.approx(length, rel=1e-4)
    start, _ = load_checkpoint(tmp_path / "tiny.safetensors")
    moved = (expected["model.slit.weight"] - start.state_dict()["slit.weight"]).abs().max()
    assert moved > 1e-3
    for name, each in expected.items():
        torch.testing.assert_close(found[name], each, rtol=1e-4, atol=1e-6, msg=name)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_no_process_stays_where_the_first_one_fails(tmp_path: Path) -> None:
    ways = {way: make_run(tmp_path, devices=2).path for way in ("raise", "kill")}
    result = run(failing_first.__file__, *chain.from_iterable(ways.items()))
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert {"raise 0 left", "raise 1 left", "kill 1 left"} <= set(lines)
    assert [line for line in lines if " ended " in line and not line.endswith(" 0")] == [
        f"kill 0 ended {-signal.SIGKILL}"
    ]
    assert sum("the first one fails" in line for line in lines) == 1
