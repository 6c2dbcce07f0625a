"""The shapes are what the page says, the reduced run runs, and the results are complete."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.experiments.studies import EXPERIMENTS, check_page, check_statements, modules_of

FOLDER = EXPERIMENTS / "shapes_overlap"
RESULTS = FOLDER / "results"
MODULES = (
    "shapes_data",
    "shapes_net",
    "shapes_cases",
    "shapes_training",
    "shapes_scores",
    "shapes_plots",
    "shapes_page",
    "shapes_run",
)


@pytest.fixture(scope="module")
def study() -> Iterator[SimpleNamespace]:
    """The files of the experiment, which is no package."""
    with modules_of(FOLDER, MODULES) as files:
        yield files


def test_images_show_up_to_five_shapes_of_every_kind(study) -> None:
    data = study.shapes_data.draw(40, 0)
    numbers = np.bincount([each.image for each in data.shapes], minlength=40)
    assert (numbers.min(), numbers.max()) == (1, 5)
    assert {each.kind for each in data.shapes} == set(range(5))
    for each in data.shapes:
        assert data.masks[each.image, each.kind][each.mask].all()
    assert ((data.images > 0).any(1) == data.masks.any(1)).all()


def test_raw_masks_have_the_squared_error_the_seed_began_with(study) -> None:
    setting = study.shapes_cases.SETTINGS[0]
    target = study.shapes_training.targets_of(setting, study.shapes_data.draw(120, 1000))
    assert set(target.unique().tolist()) == {0.0, 50.0, 100.0, 150.0, 200.0, 250.0}
    assert 400 < float(target.square().mean()) < 500


def test_three_pixels_of_four_are_the_bias_where_dlstudio_enlarges(study) -> None:
    images = torch.rand(1, 3, 64, 64)
    for sparse in (True, False):
        values = study.shapes_net.new_net(0, skip_connections=True, sparse=sparse)(images)
        rest = torch.ones(64, 64, dtype=torch.bool)
        rest[::2, ::2] = False
        spread = values[0, :, rest].detach().std(1)
        assert bool((spread < 1e-6).all()) == sparse
        assert bool((values[0, :, ::2, ::2].detach().flatten(1).std(1) > 1e-3).all())


def test_squared_error_cannot_fall_below_three_quarters_where_dlstudio_enlarges(study) -> None:
    setting = study.shapes_cases.SETTINGS[0]
    target = study.shapes_training.targets_of(setting, study.shapes_data.draw(120, 1000))
    best = target.clone()
    rest = torch.ones(64, 64, dtype=torch.bool)
    rest[::2, ::2] = False
    best[..., rest] = target[..., rest].mean((0, 2), keepdim=True)
    lowest = float((best - target).square().mean() / target.square().mean())
    assert 0.70 < lowest < 0.75


def test_a_dice_loss_of_raw_values_exceeds_one(study) -> None:
    dice = study.shapes_cases.terms_of(study.shapes_cases.Setting("dice"))["dice"]
    target = torch.full((1, 5, 8, 8), 50.0)
    assert float(dice(-target, target)) == pytest.approx(2, abs=1e-6)
    assert float(dice(target, target)) == pytest.approx(0, abs=1e-6)


def test_scores_of_the_truth_and_of_nothing(study) -> None:
    data = study.shapes_data.draw(10, 0)
    setting = study.shapes_cases.Setting("MSE")
    truth = study.shapes_scores.scores(setting, data.masks.astype(np.float32), data)
    assert (truth["iou"], truth["iou_windows"], truth["recall_inside"]) == (1, 1, 1)
    assert truth["found_small"] == truth["found_large"] == 1
    nothing = study.shapes_scores.scores(setting, 0 * data.masks.astype(np.float32), data)
    assert (nothing["iou"], nothing["found_large"], nothing["level_in_shapes"]) == (0, 0, 0)


@pytest.fixture(scope="module")
def reduced(study, tmp_path_factory) -> Path:
    """The folder of a reduced run."""
    folder = tmp_path_factory.mktemp("shapes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["shapes_run.py", "--quick", "--out", str(folder)])
        study.shapes_run.main()
    return folder


def test_the_reduced_run_leaves_tables_and_pictures(reduced) -> None:
    rows = list(csv.DictReader((reduced / "runs.csv").read_text("utf-8").splitlines()))
    assert [row["loss"] for row in rows] == ["dice", "MSE + 20 dice"]
    points = list(csv.DictReader((reduced / "curves.csv").read_text("utf-8").splitlines()))
    assert len(points) == 2 * 30
    both = [each for each in points if each["loss"] == "MSE + 20 dice"]
    for each in both:
        parts = float(each["MSE"]) + 20 * float(each["dice"])
        assert float(each["loss_value"]) == pytest.approx(parts, rel=1e-3)
    assert {path.name for path in reduced.iterdir()} >= {"curves.svg", "examples.png"}


def test_what_is_done_is_not_done_again(reduced, study) -> None:
    before = (reduced / "runs.csv").read_text("utf-8")
    study.shapes_run.train_missing(reduced, math.inf, quick=True)
    assert (reduced / "runs.csv").read_text("utf-8") == before


def test_a_reduced_run_never_mixes_into_the_results(study, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["shapes_run.py", "--quick"])
    with pytest.raises(SystemExit):
        study.shapes_run.main()
    assert "--out" in capsys.readouterr().err


# -- what is committed


def test_every_setting_was_run(study) -> None:
    run, cases = study.shapes_run, study.shapes_cases
    planned = [run.which(*each) for each in product(cases.SETTINGS, cases.SEEDS)]
    assert [each for each in planned if not run.is_done(RESULTS, each)] == []


def test_every_statement_has_a_verdict_and_its_evidence() -> None:
    check_statements(FOLDER, "004")


def test_the_page_says_what_the_results_say(study) -> None:
    check_page(FOLDER, study, study.shapes_page.tables(RESULTS))
