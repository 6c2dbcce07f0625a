"""``slitseg losses`` and ``slitseg schedules``: tables, explanations, previews."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from napari_slitseg.cli import explain, library, main
from napari_slitseg.cli.settings import parse_settings
from napari_slitseg.core.losses import LOSSES
from napari_slitseg.core.losses.spec import ERASURES
from napari_slitseg.core.losses.spec_combine import WeightedSum
from napari_slitseg.core.losses.spec_overlap import Dice
from napari_slitseg.core.schedules import SCHEDULES, Cosine, ReduceOnPlateau, Step
from napari_slitseg.core.schedules.previews import preview

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def _two_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "LOSSES", {"dice": Dice, "sum": WeightedSum})


def output(capsys: Captured, *words: str) -> str:
    """What a command prints, without frames and line breaks."""
    assert main(words) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return " ".join(re.sub(r"[^\x20-\x7e]", " ", printed.out).split())


def parsed(capsys: Captured, *words: str) -> object:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def squeezed(text: str) -> str:
    """Text without line breaks and letters that `output` drops."""
    return " ".join(re.sub(r"[^\x20-\x7e]", " ", text).split())


# -- tables


def test_all_losses_are_listed(capsys: Captured) -> None:
    page = output(capsys, "losses")
    assert "erasure" in page
    for name in LOSSES:
        assert f" {name} " in page
    assert parsed(capsys, "losses") == [
        {"name": name, **asdict(spec.about)} for name, spec in LOSSES.items()
    ]


@pytest.mark.usefixtures("_two_losses")
def test_the_table_of_losses_says_what_they_are(capsys: Captured) -> None:
    page = output(capsys, "losses")
    assert "name title compares with erasure use when" in page
    assert f"sum Weighted sum target {WeightedSum.about.erasure}" in page


def test_all_schedules_are_listed(capsys: Captured) -> None:
    page = output(capsys, "schedules")
    for name, spec in SCHEDULES.items():
        assert f" {name} {spec.about.title} {spec.about.use_when}" in page
    assert parsed(capsys, "schedules") == [
        {"name": name, **asdict(spec.about)} for name, spec in SCHEDULES.items()
    ]


# -- explanations


@pytest.mark.usefixtures("_two_losses")
@pytest.mark.parametrize("spec", [Dice, WeightedSum])
def test_a_loss_is_explained(spec: type[Dice | WeightedSum], capsys: Captured) -> None:
    name, about = spec().name, spec.about
    page = output(capsys, "losses", name)
    assert page.startswith(squeezed(f"{about.title} ({name})"))
    for words in (about.formula, about.use_when, about.source, about.erasure):
        assert squeezed(words) in page
    for word in (*spec().settings(), *spec.presets):
        assert word in page
    told = parsed(capsys, "losses", name)
    assert isinstance(told, dict)
    assert told["formula"] == about.formula
    assert [row["name"] for row in told["settings"]] == list(spec().settings())
    assert list(told["presets"]) == list(spec.presets)
    for name, values in told["presets"].items():
        assert spec.from_dict(values) == spec.preset(name)


def test_the_loss_of_points_is_explained_beside_those_of_maps(capsys: Captured) -> None:
    assert "A model that gives points takes set_prediction." in output(capsys, "losses")
    page = output(capsys, "losses", "set_prediction")
    assert page.startswith("Set prediction (set_prediction)")
    assert "empty_weight 0.5" in page
    assert 'p2pnet {"position_cost": 0.05' in page


def test_a_schedule_is_explained(capsys: Captured) -> None:
    page = output(capsys, "schedules", "plateau")
    assert page.startswith("Reduce on plateau (plateau)")
    assert "decay_factor 2.0 > 1 What the rate is divided by." in page
    assert "patience 5 epochs >= 0" in page
    page = output(capsys, "schedules", "one_cycle")
    assert 'shape "cosine" cosine | linear' in page
    told = parsed(capsys, "schedules", "step")
    assert isinstance(told, dict)
    assert told["settings"][2]["default"] == [0.5, 0.75]


# -- previews


def test_a_preview_shows_evenly_spaced_rates(capsys: Captured) -> None:
    page = output(capsys, "schedules", "cosine", "--steps", "1001", "--set", "rate=0.5")
    assert "50 0.49" in page
    assert "1000 1.36" in page
    bars = [len(bar) for bar in re.findall(r"#+", page)]
    assert max(bars) == 40
    assert bars[3:] == sorted(bars[3:], reverse=True)
    told = parsed(capsys, "schedules", "cosine", "--steps", "1001", "--set", "rate=0.5")
    steps, rates = preview(Cosine(rate=0.5), 1001, max_points=21)
    assert told == {
        "schedule": Cosine(rate=0.5).to_dict(),
        "total_steps": 1001,
        "steps": steps.tolist(),
        "rates": rates.tolist(),
    }


def test_all_rates_go_to_a_file(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "rates.csv"
    line = ["schedules", "step", "--set", "drops=0.2,0.6", "rate=0.3", "--set", "decay_factor=3"]
    output(capsys, *line, "--steps", "500", "--csv", str(path))
    steps, rates = preview(Step(drops=(0.2, 0.6), rate=0.3, decay_factor=3), 500)
    table = np.genfromtxt(path, delimiter=",", names=True)
    np.testing.assert_array_equal(table["step"], steps)
    np.testing.assert_array_equal(table["rate"], rates)


def test_a_plateau_is_shown_without_improvement(capsys: Captured) -> None:
    line = ["schedules", "plateau", "--steps", "2000", "--steps-per-epoch", "10"]
    page = output(capsys, *line)
    assert "If no epoch of 10 steps improves the loss." in page
    told = parsed(capsys, *line)
    _, rates = preview(ReduceOnPlateau(), 2000, steps_per_epoch=10, max_points=21)
    assert isinstance(told, dict)
    assert told["rates"] == rates.tolist()
    assert "improves" not in output(capsys, "schedules", "cosine", "--steps", "20")


def test_one_step_with_a_rate_of_zero(capsys: Captured) -> None:
    page = output(capsys, "schedules", "triangular", "--steps", "1", "--set", "low=0")
    assert page.endswith("0 0")


def test_settings_in_words() -> None:
    words = ["a=1e-5", "b=cosine", "c=0.3,0.6", "d=true", 'e="x"', "f=[1]", "g=a=b", "h=nan"]
    assert parse_settings(words) == {
        "a": 1e-5,
        "b": "cosine",
        "c": [0.3, 0.6],
        "d": True,
        "e": "x",
        "f": [1],
        "g": "a=b",
        "h": pytest.approx(math.nan, nan_ok=True),
    }


def test_one_value_where_several_are_wanted(capsys: Captured) -> None:
    told = parsed(capsys, "schedules", "step", "--steps", "10", "--set", "drops=0.5")
    assert isinstance(told, dict)
    assert told["schedule"]["drops"] == [0.5]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("losses nothing", "there is no loss 'nothing'; there are dice, "),
        ("losses dcie", "there is no loss 'dcie'; did you mean 'dice'? There are dice, "),
        ("losses One-to-One", "did you mean 'one_to_one'?"),
        ("schedules cosin --steps 5", "did you mean 'cosine'?"),
        ("schedules nothing", "there is no schedule 'nothing'; there are cosine, "),
        ("schedules nothing --steps 5", "there is no schedule 'nothing'"),
        ("schedules --steps 5", "say slitseg schedules cosine --steps 5"),
        ("schedules step --set rate=1", "say slitseg schedules step --steps 1000"),
        ("schedules step --csv a.csv", "say slitseg schedules step --steps 1000"),
        ("schedules plateau --steps-per-epoch 3", "say slitseg schedules plateau --steps 1000"),
        ("schedules cosine --steps 0", "a training of 0 steps; give from 1 to"),
        ("schedules cosine --steps 9999999999999999999999", "give from 1 to 1,000,000,000"),
        ("schedules cosine --steps 5 --steps-per-epoch 0", "an epoch of 0 steps; give 1 or more"),
        ("schedules cosine --steps 5 --set rate", "--set needs NAME=VALUE such as rate=1e-3"),
        ("schedules cosine --steps 5 --set =1", "got '=1'"),
        ("schedules cosine --steps 5 --set rate=", "got 'rate='"),
        ("schedules cosine --steps 5 --set rate=1 rate=2", "gives rate more than once"),
        ("schedules cosine --steps 5 --set rat=1", "did you mean 'rate'?"),
        ("schedules cosine --steps 5 --set rate=nan", "Cosine.rate is nan; give a finite number"),
        ("schedules plateau --steps 5 --set patience=1.5", "is 1.5; give a whole number"),
        ("schedules cosine --steps 5 --set rate=fast", "Cosine.rate is 'fast'"),
        ("schedules cosine --steps 5 --set gamma=1", "Cosine has no 'gamma'"),
        ("schedules cosine --steps 5 --set name=step", "Cosine.name is 'step'"),
        ("schedules cosine --steps 5 --set min_rate=1", "Cosine.min_rate is 1, above"),
    ],
)
def test_what_makes_no_sense_ends_with_2(line: str, message: str, capsys: Captured) -> None:
    assert main(line.split()) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.out == ""


@pytest.mark.parametrize("name", ["no/rates.csv", "."])
def test_a_file_that_cannot_be_written_ends_with_1(
    name: str, tmp_path: Path, capsys: Captured
) -> None:
    path = tmp_path / name
    assert main(["schedules", "cosine", "--steps", "5", "--csv", str(path)]) == 1
    printed = capsys.readouterr()
    assert f"Error: {path} could not be written: " in printed.err
    assert "Choose another file." in printed.err
    assert printed.out == ""


# -- terminals of any width


@pytest.fixture
def _width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain, "make_console", lambda: Console(width=request.param))


@pytest.mark.usefixtures("_width")
@pytest.mark.parametrize("_width", [40, 80, 200], indirect=True)
@pytest.mark.parametrize(
    "line",
    ["losses", "losses lovasz_hinge", "losses sum", "schedules", "schedules cosine --steps 2000"],
)
def test_words_stay_whole_at_any_width(line: str, capsys: Captured) -> None:
    page = output(capsys, *line.split())
    assert "learning rate" in page or "use when" in page
    if line == "losses":
        assert all(f"{name} " in page for name in LOSSES)
    if line == "losses sum":
        assert all(name in page for name in (*WeightedSum().settings(), *WeightedSum.presets))


def test_what_is_recommended_and_what_erasure_means_is_said(capsys: Captured) -> None:
    page = output(capsys, "losses")
    assert "Recommended: one_to_one, " in page
    assert all(f"{word}: {meaning}" in page for word, meaning in ERASURES.items())
    assert f"erases: {ERASURES['erases']}" in output(capsys, "losses", "boundary")


def test_a_terminal_without_accents(monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-m", "napari_slitseg", "losses", "lovasz_hinge"]
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = subprocess.run(command, capture_output=True, check=False, timeout=60, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("Lov\\xe1sz hinge (lovasz_hinge)")
