"""The study of networks and courses of losses: its numbers, its scores, a reduced run of it."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from napari_slitseg.core.detection import Detections
from tests.experiments.studies import EXPERIMENTS, check_page, check_statements, modules_of

FOLDER = EXPERIMENTS / "architectures"
MODULES = ("data", "models", "scores", "train", "results", "numbers", "tables", "plot", "run")


@pytest.fixture(scope="module")
def arch() -> Iterator[SimpleNamespace]:
    """The files of the experiment, which is no package."""
    with modules_of(FOLDER, MODULES, "arch_") as files:
        yield files


def test_a_reduced_run_ends_with_scores_of_both_heads(arch, tmp_path) -> None:
    arch.study_command.make(arch.run.STUDY, ["--quick", "--out", str(tmp_path)])
    rows = pd.read_csv(tmp_path / "runs.csv")
    assert list(rows.network) == ["unet", "deeplabv3"]
    assert rows.membrane_iou.between(0, 1).all()
    assert (rows.f1 <= rows.f1_100nm).all()


def test_runs_that_are_there_are_not_made_again(arch, tmp_path) -> None:
    results = replace(arch.results.RESULTS, folder=tmp_path)
    everything = results.missing()
    network, losses, seed = everything[4]
    results.append({"network": network, "losses": losses, "seed": seed})
    assert results.missing() == everything[:4] + everything[5:]


def test_slits_lie_on_the_edge_of_the_membrane(arch) -> None:
    rng = np.random.default_rng(0)
    views = [arch.data.view(rng) for _ in range(20)]
    assert sum(len(view.slits) for view in views) > 100
    for _, membrane, drawn in (view.pixels for view in views):
        assert 0.2 < membrane[drawn > 0].mean() < 0.9


def test_batches_depend_on_seed_and_step_alone(arch) -> None:
    (views,) = arch.data.views(5, (12,))
    first, again = (arch.data.batch(views, 1, 7, 4) for _ in range(2))
    other = arch.data.batch(views, 1, 8, 4)
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.images, other.images)
    assert first.membrane.mask.shape == (4, 1, 64, 64)
    assert not torch.equal(first.membrane.mask, first.slit.mask)


def test_counts_errors_and_f1_of_points_are_pooled(arch) -> None:
    found = Detections(np.array([[40.0, 43.0], [20.0, 20.0]]), np.array([0.9, 0.8]))
    view = arch.data.View(np.zeros((3, 64, 64), np.float32), np.array([[40.0, 40.0], [10.0, 60.0]]))
    pooled = arch.scores.Pooled([found], [view], 0.5)
    assert pooled.f1(5.0) == pytest.approx(0.5)
    assert pooled.f1(2.0) == 0
    assert pooled.ratio() == 1
    assert pooled.error_nm() == pytest.approx(30)
    assert math.isnan(arch.scores.Pooled([found], [view], 0.95).error_nm())


def test_losses_switch_in_the_middle_for_both_heads(arch) -> None:
    course = arch.train.COURSES["bce, then lovasz + dice"]
    early, late = (course.at(progress).losses for progress in (0.49, 0.5))
    assert {early.membrane.name, early.slit.name} == {"bce"}
    assert {late.membrane.name, late.slit.name} == {"sum"}
    assert arch.train.COURSES["dice"].at(0.9).losses.slit.name == "dice"


def test_all_networks_have_about_as_many_weights(arch) -> None:
    weights = [arch.models.n_weights(name) for name in arch.models.NETWORKS]
    assert max(weights) < 1.2 * min(weights)
    assert {network for network, _ in arch.train.SETTINGS} == set(arch.models.NETWORKS)


def test_added_skips_reach_the_output(arch) -> None:
    network = arch.models.new_network("unet, added", 0).eval()
    image = torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    before = network(image).slit
    for up in network.up:
        torch.nn.init.zeros_(up.weight)
        torch.nn.init.zeros_(up.bias)
    only_skips = [network(each).slit for each in (image, image.flip(2))]
    assert not torch.allclose(before, only_skips[0])
    assert not torch.allclose(*only_skips)


# -- what is committed


def test_the_numbers_are_those_of_the_formulas(arch) -> None:
    with (FOLDER / "results" / "numbers.csv").open(encoding="utf-8") as file:
        written = {row["figure"]: float(row["value"]) for row in csv.DictReader(file)}
    assert written == pytest.approx(dict(arch.numbers.numbers()), rel=1e-4, abs=1e-6)
    assert math.isinf(written["the post's code of focal loss, background pixel at p = 1"])


def test_every_run_is_a_planned_one_and_made_once(arch) -> None:
    rows = arch.results.RESULTS.rows()
    keys = list(rows[["network", "losses", "seed"]].itertuples(index=False, name=None))
    assert len(set(keys)) == len(keys)
    assert set(keys) <= set(arch.results.PLANNED)


def test_the_tables_of_the_page_are_those_of_the_runs(arch) -> None:
    check_page(FOLDER, arch, arch.tables.tables(arch.results.RESULTS.rows()))


def test_every_statement_has_a_verdict_and_its_evidence() -> None:
    check_statements(FOLDER, "003")
