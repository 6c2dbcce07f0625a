"""The study of the report of 2021 runs, goes on where it stopped, and says what its files hold."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from tests.experiments.studies import EXPERIMENTS, check_page, modules_of

FOLDER = EXPERIMENTS / "report_2021"
MODULES = (
    *("plan", "scenes", "scores", "training", "files", "mechanism", "moves", "study", "numbers"),
    *("checks", "figures", "plots", "statements", "tables"),
)


@pytest.fixture(scope="module")
def report() -> Iterator[SimpleNamespace]:
    """The files of the experiment, which is no package."""
    with modules_of(FOLDER, MODULES, "report_") as files:
        yield files


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("report_2021")


def test_a_study_that_was_cut_short_goes_on_where_it_stopped(report, cache, tmp_path) -> None:
    size = replace(report.plan.QUICK, runs=("pretraining", "losses", "reloaded"))
    results = report.files.Results(tmp_path)
    report.study.run(size, results, cache, minutes=0)
    assert list(report.study.missing(size, results)) == [(name, 0) for name in size.runs]
    report.study.run(size, results, cache)
    rows = results.rows("epochs")
    arms = [row["arm"] for row in rows]
    assert (
        arms
        == ["pretraining"] * 2
        + [name for name in report.plan.LOSSES for _ in range(5)]
        + ["reloaded"] * 5
    )
    before = (tmp_path / "epochs.csv").read_bytes()
    report.study.run(size, results, cache)
    assert (tmp_path / "epochs.csv").read_bytes() == before


def test_trainings_that_share_their_beginning_are_what_they_are_alone(report, cache) -> None:
    size = replace(report.plan.QUICK, epochs=3)
    middle = report.plan.ARMS["composite_1"]
    falling = replace(middle, schedule=report.plan.plateau(1e-3, patience=0))
    start = report.training.pretrained(0, size, cache)
    walks = {}
    for arm in (middle, falling):
        together = report.training.finetune(arm, start, 0, size, cache, walks)
        alone = report.training.finetune(arm, start, 0, size, cache, {})
        prints = [
            [report.training.fingerprint(point.weights) for point in points]
            for points in (together, alone)
        ]
        assert prints[0] == prints[1]
        assert len(set(prints[0])) == 4, "every epoch changes the weights"
    assert 4 < len(walks) < 8, "something is shared, not everything"


def test_a_reloaded_model_starts_from_the_first_best_epoch(report, cache) -> None:
    size, arms = report.plan.QUICK, report.plan.ARMS
    points, best = report.study.trained(arms["composite_1"], 0, size, cache, {})
    again, _ = report.study.trained(arms["reloaded"], 0, size, cache, {})
    losses = [point.row["composite_1"] for point in points[1:]]
    assert best is points[1 + losses.index(min(losses))]
    assert again[0].row["slit_dice_loss"] == best.row["slit_dice_loss"]
    kept = report.study.best_of("composite_1", 0, size, cache)
    assert report.training.fingerprint(kept) == report.training.fingerprint(best.weights)


def test_a_loss_of_2021_in_the_loop_changes_no_bit(report, cache, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(report.mechanism, "LOOP_DETECTORS", ("doh",))
    results = report.files.Results(tmp_path)
    report.mechanism.run_loops(0, report.plan.QUICK, results, cache)
    same = {row["loss"]: row["same_weights"] for row in results.rows("loops")}
    assert same.pop("dice on both heads") == "no"
    assert len(same) == 6
    assert set(same.values()) == {"yes"}


def test_no_loss_of_2021_reaches_the_slit_branch(report, cache, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(report.mechanism, "LOOP_DETECTORS", ("doh",))
    results = report.files.Results(tmp_path)
    report.mechanism.run_gradients(0, report.plan.QUICK, results, cache)
    for row in results.rows("gradients"):
        reached = row["loss"] == "dice" or row["part"] in ("shared encoder", "membrane branch")
        assert (row["without"] == "0") == reached, row


def test_slits_move_with_the_shared_encoder_statistics_and_cross_link_alone(
    report, cache, tmp_path, monkeypatch
) -> None:
    still = "and the membrane's part of the cross link"
    wanted = ("as reported", "shared encoder and statistics fixed", still)
    variants = {name: report.moves.VARIANTS[name] for name in wanted}
    monkeypatch.setattr(report.moves, "VARIANTS", variants)
    results = report.files.Results(tmp_path)
    report.moves.run_moves(0, report.plan.QUICK, results, cache)
    change = {row["variant"]: float(row["largest_change"]) for row in results.rows("moves")}
    assert change[still] == 0
    assert 0 < change["shared encoder and statistics fixed"] < change["as reported"]


@pytest.mark.parametrize("name", ["vanilla", "point", "proportional", "composite_0", "composite_1"])
def test_the_figures_are_the_losses_as_reported(name: str, report, cache) -> None:
    drawn = report.scenes.crops(0, "validation", report.plan.QUICK, cache)
    torch.manual_seed(0)
    logits = 6 * drawn.slits.roll((1, 2), (-2, -1)) - 3 + torch.randn_like(drawn.slits)
    found = report.scores.study_values(torch.sigmoid(logits), drawn)
    loss = report.mechanism.build_loss(report.mechanism.study_losses("doh")[name])
    wanted = float(loss(logits, report.training.Target(mask=drawn.slits)))
    figure = "vanilla_px" if name == "vanilla" else name
    assert wanted > 0
    assert found[figure] == pytest.approx(wanted, rel=1e-6)


# -- what is committed


@pytest.fixture(scope="module")
def known(report) -> dict[str, object]:
    """Every number of the committed results."""
    return report.tables.known_of(FOLDER / "results")


def test_statements_are_those_of_the_results(report, known) -> None:
    with (FOLDER / "results" / "statements.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["verdict"] for row in rows} == {"holds", "fails", "unclear"}
    made = [
        {key: str(value) for key, value in row.items()} for row in report.tables.statements(known)
    ]
    assert rows == made, "run: python experiments/report_2021/report_study.py --tables"


def test_the_tables_of_the_readme_are_those_of_the_results(report, known) -> None:
    check_page(FOLDER, report, report.tables.tables(FOLDER / "results", known))
