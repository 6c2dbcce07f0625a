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
    ("value", "is_met"), [(0.96, True), (0.95, True), (0.9, False), (math.nan, False)]
)
def test_a_figure_may_have_to_reach_its_goal(value, is_met, monkeypatch, capsys) -> None:
    report = load("_report", monkeypatch).Report("Test")
    assert report.figure("F1", value, "{:.2f}", at_least=0.95) == is_met
    assert report.exit_code() != is_met
    assert ("(goal: >= 0.95, MISSED)" in capsys.readouterr().out) != is_met


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


@pytest.mark.parametrize(("own_ms", "missed"), [(4.9, False), (11.0, True)])
def test_detectors_have_half_of_scikit_images_time(
    own_ms: float, missed: bool, monkeypatch, capsys
) -> None:
    detectors = load("detectors", monkeypatch)
    monkeypatch.setattr(detectors.torch, "set_num_threads", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["detectors.py", "--quick"])
    monkeypatch.setattr(detectors, "alternating_ms", lambda *_: (own_ms, 10.0))
    assert detectors.main() == missed
    out = capsys.readouterr().out
    goals = "LoG: ratio; DoG: ratio; DoH: ratio; peaks: time"
    assert (f"missed goals: {goals}" in out) == missed


def test_detectors_are_measured_beside_scikit_image(monkeypatch, capsys) -> None:
    detectors = load("detectors", monkeypatch)
    monkeypatch.setattr(detectors.torch, "set_num_threads", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["detectors.py", "--quick"])
    detectors.main()
    out = capsys.readouterr().out
    for name in ("LoG", "DoG", "DoH"):
        assert re.search(rf"{name}: ratio +\d+\.\d\d", out)
        assert re.search(rf"{name}, refined: dots found, of 6 +6\n", out)
        assert re.search(rf"{name}, refined: RMS error +0\.0\d\d px", out)
        assert re.search(rf"{name}, not refined: RMS error +0\.[1-9]\d\d px", out)
    assert re.search(r"peaks: time +\d+\.\d ms", out)


def test_models_are_measured_in_processes_of_their_own(monkeypatch, capsys) -> None:
    models = load("models", monkeypatch)
    monkeypatch.setattr(models.torch, "set_num_threads", lambda _: None)
    words = ["models.py", "--quick", "--device", "cpu", "--only", "unet"]
    monkeypatch.setattr(sys, "argv", words)
    assert models.main() == 0
    out = capsys.readouterr().out
    width = models.QUICK.widths[0]
    parameters = models.count(models.Case("unet", width, "cpu", 1, models.QUICK))
    assert re.search(rf"unet, width {width:g}: parameters +{parameters:,}\n", out)
    for figure in ("forward", "forward, memory", "training step", "step, memory"):
        assert re.search(rf"unet, width {width:g}: {figure} +\d+ M?", out), figure
    assert float(re.search(r"folded: deviation +(\S+)", out)[1]) < 1e-4
    assert float(re.search(r"bfloat16 autocast: deviation +(\S+)", out)[1]) > 1e-6


def test_work_is_counted_by_convolution(monkeypatch) -> None:
    floor = load("_floor", monkeypatch)
    image, kernel = floor.torch.zeros(1, 2, 10, 12), floor.torch.zeros(3, 2, 3, 3)
    work = floor.work_of(lambda: floor.torch.conv2d(image, kernel, padding=1).relu())
    assert work.flops == 2 * 9 * 2 * 3 * 10 * 12
    assert work.bytes_moved == 4 * (2 * 120 + 3 * 2 * 9 + 3 * 120)
    assert floor.Device(work.flops / 2, work.bytes_moved * 10).floor_s(work) == 2
    assert floor.Device(work.flops * 10, work.bytes_moved / 3).floor_s(work) == 3


@pytest.mark.parametrize(("ratio", "code"), [(1.0, 0), (1.5, 1)])
def test_prediction_must_use_the_fastest_exact_way(ratio, code, monkeypatch, capsys) -> None:
    models = load("models", monkeypatch)
    ways = {
        "channels-last": {"ratio": 1.0, "deviation": 0.0},
        "channels-last, folded": {"ratio": ratio, "deviation": 0.0},
        "channels-last, folded, compiled": {"ratio": 0.1, "deviation": 0.0},
        "channels-last, folded, bfloat16 autocast": {"ratio": 9.0, "deviation": 0.01},
    }
    monkeypatch.setattr(models.torch, "set_num_threads", lambda _: None)
    monkeypatch.setattr(models, "measure", lambda *_, **__: models.Device(1e9, 1e9))
    monkeypatch.setattr(models, "_print_model", lambda *_: None)
    monkeypatch.setattr(models.Case, "run", lambda *_: (ways, 0.0))
    monkeypatch.setattr(sys, "argv", ["models.py", "--device", "cpu"])
    assert models.main() == code
    assert ("MISSED" in capsys.readouterr().out) == bool(code)
