"""The study of distance losses runs, goes on where it stopped, and its page tells its results."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).parents[2] / "experiments" / "distance_losses"
MODULES = ("distance_scenes", "distance_recipes", "distance_paired", "distance_results")
PAGES = ("distance_tables", "distance_study", "distance_scoring", "distance_evidence")


@pytest.fixture(scope="module")
def study() -> Iterator[SimpleNamespace]:
    """The files of the study, which is no package."""
    sys.path.insert(0, str(FOLDER))
    before = set(sys.modules)
    try:
        names = (*MODULES, *PAGES)
        yield SimpleNamespace(**{name[9:]: importlib.import_module(name) for name in names})
    finally:
        sys.path.remove(str(FOLDER))
        for name in set(sys.modules) - before:
            if name.startswith("distance_"):
                sys.modules.pop(name)


def test_a_quick_run_trains_and_a_second_one_has_nothing_to_do(study, tmp_path, capsys) -> None:
    quick = ["--quick", "--out", str(tmp_path), "--starts", str(tmp_path / "starts")]
    study.study.main(quick)
    assert "seed 0" in capsys.readouterr().out
    runs = pd.read_csv(tmp_path / "runs.csv")
    dice, both = (runs[runs.recipe == name] for name in ("dice", "dice + one_to_one"))
    assert list(dice.regime) == list(both.regime) == ["ordinary", "ordinary", "contrast"]
    assert np.all(dice.soft_dice.to_numpy() != both.soft_dice.to_numpy())
    looks = pd.read_csv(tmp_path / "epochs.csv")
    assert looks[looks.step == 0].ratio_tuned.nunique() == 1, "recipes begin with one network"
    study.study.main(quick)
    assert capsys.readouterr().out == ""
    assert len(pd.read_csv(tmp_path / "runs.csv")) == len(runs)
    assert {"count_ratio.png", "tables.md"} <= {each.name for each in tmp_path.iterdir()}


def test_labels_are_as_far_off_as_the_regime_says(study) -> None:
    scenery = study.scenes.Scenery(jitter_px=0.0, offset_px=(2.0, 4.0))
    away = np.concatenate(
        [
            np.linalg.norm(each.true_yx - each.labelled_yx, axis=1)
            for each in study.scenes.draw_scenes(20, scenery, (1,))
            if (each.true_yx > 4).all() and (each.true_yx < 43).all()
        ]
    )
    assert len(away) > 10
    assert away.min() > 2 - 1e-4
    assert away.max() < 4 + 1e-4
    assert away.mean() == pytest.approx(3, abs=0.3)


def test_pictures_turn_with_their_points(study) -> None:
    picture = np.zeros((48, 48), np.float32)
    picture[5, 11] = 1
    for quarters in range(4):
        for flip in (False, True):
            turned = study.scenes.turn(picture, quarters, flip=flip)
            [yx] = study.scenes.turn_points(np.array([[5.0, 11.0]]), quarters, flip=flip)
            assert turned[int(yx[0]), int(yx[1])] == 1


def test_crowded_slits_are_4_to_6_px_apart(study) -> None:
    scenery = study.scenes.Scenery(spacing_px=(4.0, 6.0))
    gaps = [
        np.diff(np.sort(study.scenes._columns(np.random.default_rng(i), scenery.spacing_px)))
        for i in range(9)
    ]
    assert 4 <= np.concatenate(gaps).min() <= np.concatenate(gaps).max() <= 6


def test_differences_are_paired_by_seed(study) -> None:
    runs = pd.DataFrame(
        {
            "recipe": ["dice"] * 3 + ["other"] * 3,
            "seed": [0, 1, 2, 2, 1, 7],
            "f1": [0.5, 0.6, 0.7, 0.9, 0.7, 0.1],
        }
    )
    paired = study.paired.against_dice(runs, "other", "f1")
    assert sorted(paired.differences) == pytest.approx([0.1, 0.2])
    assert (paired.better, paired.sign_p) == (2, 0.5)
    assert paired.half_width == pytest.approx(12.706 * 0.05, rel=1e-3)
    assert str(paired) == "+0.150 ± 0.635"
    assert str(study.paired.Paired(np.array([0.02]))) == "+0.020"


def test_every_recipe_gets_a_grid_of_the_same_size(study) -> None:
    sizes = {len(set(recipe.grid)) for recipe in study.recipes.ALL.values()}
    assert sizes == {4}


def test_settings_are_chosen_on_seeds_that_do_not_judge(study) -> None:
    results = study.results.Results(FOLDER / "results")
    chosen = results.chosen()
    tested = results.tested("ordinary")
    assert {"dice", "dice_bce"} <= set(chosen)
    assert len(tested), "no test has run"
    assert tested.seed.max() < study.results.FIRST_TUNING_SEED
    assert not tested.duplicated(["recipe", "seed"]).any()


def test_the_tables_of_the_page_are_those_of_the_results(study) -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    for mark, table in study.tables.tables(study.results.Results(FOLDER / "results")).items():
        found = re.search(f"<!-- {mark} -->\n(.*?)\n<!-- end of {mark} -->", text, re.DOTALL)
        message = f"{mark}: run python experiments/distance_losses/distance_study.py --tables"
        assert found is not None, message
        assert found[1] == table, message


def test_the_page_in_the_dock_is_that_of_the_results(study) -> None:
    evidence = study.evidence.evidence(study.results.Results(FOLDER / "results"))
    assert study.evidence.PAGE.read_text("utf-8") == evidence
    assert evidence.count("±") > evidence.count("**+") > 0
