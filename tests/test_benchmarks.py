"""A benchmark that misses a goal says so and fails."""

from __future__ import annotations

import importlib
import math
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
