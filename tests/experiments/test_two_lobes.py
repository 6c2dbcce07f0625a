"""The study of five losses on two lobes: its metric, its numbers, a reduced run of it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.experiments.studies import EXPERIMENTS, check_page, check_statements, modules_of

FOLDER = EXPERIMENTS / "two_lobes"
MODULES = ("data", "net", "train", "results", "numbers", "tables", "plot", "run")
TRANSPOSED, DOWN = 8, 10


@pytest.fixture(scope="module")
def lobes() -> Iterator[SimpleNamespace]:
    """The files of the experiment, which is no package."""
    with modules_of(FOLDER, MODULES, "lobes_") as files:
        yield files


def test_a_reduced_run_scores_in_tenths_of_pictures(lobes, tmp_path) -> None:
    lobes.study_command.make(lobes.run.STUDY, ["--quick", "--out", str(tmp_path)])
    rows = pd.read_csv(tmp_path / "runs.csv")
    assert list(rows.setting) == ["dice_bce", "focal"]
    pictures = lobes.run.STUDY.reduced["split"][2]
    assert np.allclose(rows.mean_precision * 10 * pictures, rows.hits, atol=1e-9)
    assert {len(each.split()) for each in rows.ious} == {pictures}


def test_runs_that_are_there_are_not_made_again(lobes, tmp_path) -> None:
    results = replace(lobes.results.RESULTS, folder=tmp_path)
    everything = results.missing()
    task, setting, seed = everything[3]
    results.append({"task": task, "setting": setting, "seed": seed})
    assert results.missing() == everything[:3] + everything[4:]


def test_training_learns_and_is_the_same_twice(lobes) -> None:
    train, _, test = lobes.data.parts("lobes", 0, (32, 1, 8))
    setting = lobes.train.SETTINGS["jaccard"]
    nets = [lobes.train.trained(train, setting, 0, epochs) for epochs in (2, 2, 8)]
    first, second, later = (lobes.train.ious(net, test, 0.5) for net in nets)
    untrained = lobes.train.ious(lobes.net.new_net(0).eval(), test, 0.5)
    assert first == second != later
    assert np.mean(later) > np.mean(untrained) + 0.2


def test_every_loss_sees_the_same_start_and_the_same_order(lobes) -> None:
    one, other = (lobes.net.new_net(3).state_dict() for _ in range(2))
    assert all(bool((one[name] == other[name]).all()) for name in one)
    orders = [lobes.train.batches(np.random.default_rng([3, 2]), 96) for _ in range(2)]
    assert [each.tolist() for each in orders[0]] == [each.tolist() for each in orders[1]]
    assert sorted(i for each in orders[0] for i in each.tolist()) == list(range(96))


def test_the_network_has_the_layers_of_the_poster(lobes) -> None:
    net = lobes.net.new_net(0)
    names = [type(each).__name__ for each in net.modules()]
    assert names.count("ConvTranspose2d") == TRANSPOSED
    assert names.count("Conv2d") == DOWN + 1, "ten on the way down, and the 1 x 1 head"


def test_the_printed_scores_have_one_denominator(lobes) -> None:
    printed = list(lobes.numbers.PRINTED.values())
    assert lobes.numbers.denominators(printed, 700) == [640]
    assert lobes.numbers.denominators([0.5, 0.75, 1 / 3], 24) == [12, 24]


def test_the_metric_lands_on_whole_numbers_and_iou_does_not(lobes) -> None:
    rng = np.random.default_rng(0)
    drawn = [lobes.data.chest(rng)[1] for _ in range(64)]
    annotated = np.stack(drawn)[:, None]
    predicted = np.roll(annotated, 1, axis=3)
    pictures = lobes.data.Pictures(annotated.astype(np.float32), annotated.astype(np.float32))
    assert 0 < lobes.train.hits(predicted, annotated) < 640
    assert lobes.train.hits(annotated, annotated) == 10 * len(pictures)
    ious = [lobes.train.iou(p, g) for p, g in zip(predicted, annotated, strict=True)]
    far = 640 * np.mean(ious) % 1
    assert 0.01 < far < 0.99
    text = " ".join(f"{each:.6f}" for each in ious)
    hits = lobes.train.hits(predicted, annotated)
    assert lobes.tables.precision_of(text).sum() * 10 == pytest.approx(hits)


# -- what is committed


def test_the_numbers_are_those_of_the_formulas(lobes) -> None:
    with (FOLDER / "results" / "numbers.csv").open(encoding="utf-8") as file:
        written = {row["figure"]: float(row["value"]) for row in csv.DictReader(file)}
    assert written == pytest.approx(dict(lobes.numbers.numbers()), rel=1e-4)


def test_every_run_is_a_planned_one_and_made_once(lobes) -> None:
    rows = lobes.results.RESULTS.rows()
    keys = list(rows[["task", "setting", "seed"]].itertuples(index=False, name=None))
    assert sorted(keys) == sorted(lobes.results.PLANNED)
    assert (rows.hits == (640 * rows.mean_precision).round()).all()


def test_the_tables_of_the_page_are_those_of_the_runs(lobes) -> None:
    check_page(FOLDER, lobes, lobes.tables.tables(lobes.results.RESULTS.rows()))


def test_every_statement_has_a_verdict_and_its_evidence() -> None:
    check_statements(FOLDER, "001")
