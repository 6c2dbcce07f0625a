"""The committed erasure test is complete, and every loss says of itself what it shows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from napari_slitseg.core.losses import LOSSES
from tests.experiments.studies import EXPERIMENTS, check_page, modules_of

FOLDER = EXPERIMENTS / "erasure"
COMMAND = "python experiments/erasure/run.py --only"
MODULES = ("cases", "outcomes", "results", "tables")
STARTS = 7


@pytest.fixture(scope="module")
def erasure() -> Iterator[SimpleNamespace]:
    """The files of the experiment, which is no package."""
    with modules_of(FOLDER, MODULES) as files:
        yield files


# -- what is committed


def test_every_loss_was_measured_with_the_settings_it_has(erasure) -> None:
    runs = erasure.results.runs()
    now = {name: case.spec.to_dict() for name, case in erasure.cases.cases().items()}
    old = [name for name in now if runs.get(name, {}).get("settings") != now[name]]
    names = " ".join(f'"{name}"' for name in old)
    assert old == [], f"settings have changed since; run: {COMMAND} {names}"


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_says_of_itself_what_the_erasure_test_shows(name: str, erasure) -> None:
    outcomes = erasure.results.rows("outcomes")
    assert name in outcomes, f"{name} was not measured; run: {COMMAND} {name}"
    before = outcomes["vanilla_distance"]
    seeds = erasure.results.rows("seeds").get(name, [])
    shown = erasure.outcomes.verdict(outcomes[name], before, seeds)
    tied = outcomes.get(f"{name} (tied)", [])
    if tied and erasure.outcomes.verdict(tied, before) == "erases":
        shown = "erases"
    said = LOSSES[name].about.erasure
    assert said == shown, f"about.erasure of {name} is not what was measured ({COMMAND} {name})"


def test_safe_is_right_from_every_draw(erasure) -> None:
    rows, before = [row("yes", 1.0)], [row("no", 0.5)]
    draws = [{"right": 7, "starts": 7}, {"right": 6, "starts": 7}]
    assert erasure.outcomes.verdict(rows, before, draws[:1]) == "safe"
    assert erasure.outcomes.verdict(rows, before, draws) == "inexact"


@pytest.mark.parametrize("name", LOSSES)
def test_results_hold_every_start_displacement_and_seed(name: str, erasure) -> None:
    outcomes, pull, seeds = (
        erasure.results.rows(kind).get(name, []) for kind in ("outcomes", "pull", "seeds")
    )
    trains = LOSSES[name].about.erasure != "no gradient"
    message = f"results are not complete; run: {COMMAND} {name}"
    assert len({row["start"] for row in outcomes}) == len(outcomes) == STARTS, message
    assert [row["displacement_px"] for row in pull] == list(range(1, 21)) * trains, message
    assert all(-1 <= row["cosine"] <= 1 for row in pull)
    n_seeds = 3 if all(row["right"] == "yes" for row in outcomes) else 1
    assert [row["seed"] for row in seeds] == list(range(n_seeds)), message


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_says_whether_it_needs_pretraining(name: str, erasure) -> None:
    rows = erasure.results.rows("untrained").get(name, [])
    assert len(rows) == 2, f"run: {COMMAND} {name}"
    assert LOSSES[name].about.needs_pretraining == any(row["right"] == "no" for row in rows)


def test_the_losses_that_erase_are_shown_to(erasure) -> None:
    outcomes = erasure.results.rows("outcomes")
    for name in ("expected_chamfer (one_way, shaky)", "boundary (tied)"):
        last = [row for row in outcomes[name] if row["start"] == "2 px off"]
        assert [row["count_ratio"] for row in last] == [0]


def test_one_loss_pulls_a_dot_from_all_of_20_px(erasure) -> None:
    least = {
        name: min(row["cosine"] for row in rows)
        for name, rows in erasure.results.rows("pull").items()
    }
    recommended = [name for name, spec in LOSSES.items() if spec.about.recommended]
    assert max(least[name] for name in recommended) >= 0.3


def test_the_tables_of_the_readme_are_those_of_the_results(erasure) -> None:
    check_page(FOLDER, erasure, erasure.tables.tables())


# -- how it is measured


def row(right: str, ratio: float) -> dict[str, object]:
    return {"right": right, "count_ratio": ratio}


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([row("yes", 1.0), row("yes", 0.98), row("yes", 1.0)], "safe"),
        ([row("yes", 1.0), row("no", 0.5), row("no", math.inf)], "inexact"),
        ([row("no", 0.89), row("yes", 1.0), row("yes", 1.0)], "erases"),
        ([row("no", 0.9), row("yes", 1.0), row("yes", 1.0)], "inexact"),
        ([row("yes", 1.0), row("no", 0.44), row("yes", 1.0)], "erases"),
        ([row("yes", 1.0), row("yes", 1.0), row("no", 1.0)], "inexact"),
        ([row("no gradient", 1.0)] * 3, "no gradient"),
    ],
)
def test_erasing_is_to_lose_what_was_there(rows, word: str, erasure) -> None:
    before = [row("no", ratio) for ratio in (2.0, 0.5, math.inf)]
    assert erasure.outcomes.verdict(rows, before) == word


def test_a_loss_without_gradient_leaves_the_starts_as_they_are(erasure) -> None:
    measured = erasure.outcomes.measure("point")
    assert measured.pull == []
    assert [each["count_ratio"] for each in measured.outcomes[:4]] == [1.0, 0.5, 0.0, 2.0]
    assert {each["right"] for each in measured.outcomes} == {"no gradient"}


def test_measuring_one_loss_keeps_the_others(erasure, tmp_path, monkeypatch) -> None:
    for path in (FOLDER / "results").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(erasure.results, "FOLDER", tmp_path)
    before = {kind: erasure.results.rows(kind) for kind in erasure.results.FILES}
    erasure.results.merge("point", erasure.outcomes.measure("point"))
    after = {kind: erasure.results.rows(kind) for kind in before}
    assert str(after) == str(before)
    assert list(erasure.results.runs()) == list(erasure.cases.cases())
