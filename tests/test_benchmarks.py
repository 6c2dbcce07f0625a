"""A benchmark that misses a goal says so and fails."""

from __future__ import annotations

import importlib
import math
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A file of the folder, which is no package."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    for each in ("_report", name):
        monkeypatch.delitem(sys.modules, each, raising=False)
    return importlib.import_module(name)


@pytest.mark.parametrize(
    ("value", "at_most", "code"),
    [(1.0, 1.0, 0), (1.01, 1.0, 1), (math.nan, 1.0, 1), (5.0, None, 0), (3e-5, 1e-4, 0)],
)
def test_a_figure_is_compared_with_its_goal(
    value: float, at_most: float | None, code: int, monkeypatch, capsys
) -> None:
    report = load("_report", monkeypatch).Report("Test")
    report.figure("speed", value, "{:.2f} s", at_most)
    assert report.exit_code() == code
    out = capsys.readouterr().out
    assert ("MISSED" in out) == bool(code)
    assert ("missed goals: speed" in out) == bool(code)
    assert ("goal" in out) == (at_most is not None)


@pytest.mark.parametrize(
    ("opening", "slide", "code"),
    [
        ([(0.9, 0.4)] * 5, (0.05, 0.04), 0),
        ([(0.9, 0.4)] * 2 + [(1.2, 0.5)] * 3, (0.05, 0.04), 1),
        ([(0.9, 0.4)] * 5, (0.2, 0.04), 1),
    ],
)
def test_the_clock_must_meet_the_goals_of_the_workspace(
    opening, slide, code: int, monkeypatch, capsys
) -> None:
    workspace = load("workspace", monkeypatch)
    runs = iter(opening)
    monkeypatch.setattr(workspace, "_open", lambda: next(runs))
    monkeypatch.setattr(workspace, "_slide", lambda: slide)
    assert workspace.main() == code
    out = capsys.readouterr().out
    assert "clock" in out
    assert "processor" in out


@pytest.mark.parametrize(
    ("loss_s", "memory_mb", "missed"),
    [
        (0.09, 199, ()),
        (0.11, 199, ("time",)),
        (0.09, 201, ("extra memory",)),
        (0.09, math.nan, ("extra memory",)),
    ],
)
def test_the_goals_of_losses_bind_those_that_are_recommended(
    loss_s: float, memory_mb: float, missed: tuple[str, ...], monkeypatch, capsys
) -> None:
    losses = load("losses", monkeypatch)
    monkeypatch.setattr(losses.torch, "set_num_threads", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["losses.py", "--only", "one_to_one", "lovasz_hinge"])
    monkeypatch.setattr(losses, "training_step_s", lambda *_: 1.0)
    monkeypatch.setattr(losses, "loss_s", lambda *_: loss_s)
    monkeypatch.setattr(losses, "extra_mb", lambda *_: memory_mb)
    assert losses.main() == bool(missed)
    out = capsys.readouterr().out
    assert out.count("MISSED") == len(missed)
    assert all(f"missed goals: one_to_one (recommended): {each}" in out for each in missed)
    assert ("not recommended, and above the goals: lovasz_hinge" in out) == bool(missed)


def test_losses_are_measured_beside_a_step_of_a_network(monkeypatch, capsys) -> None:
    losses = load("losses", monkeypatch)
    names = ("one_to_one", "composite")
    monkeypatch.setattr(losses.torch, "set_num_threads", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["losses.py", "--quick", "--device", "cpu", "--only", *names])
    losses.main()
    out = capsys.readouterr().out
    assert re.search(r"one step of ForkNet.* \d+\.\d{3} s", out)
    for name in names:
        assert re.search(rf"{name}.*: time, of a step +\d+\.\d%", out)
        assert re.search(rf"{name}.*: extra memory +\d+ MB", out)
