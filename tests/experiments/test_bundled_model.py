"""What judges the bundled model: truth, scores, membrane lines, goals."""

from __future__ import annotations

import importlib
import json
import math
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import torch

from napari_slitseg.core.bundled import DEFAULT_MODEL, resolve_model
from napari_slitseg.core.candidates import find_candidates
from napari_slitseg.core.checkpoint import (
    CheckpointInfo,
    load_checkpoint,
    read_checkpoint_info,
    save_checkpoint,
)
from napari_slitseg.core.detection import Peaks
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.models.base import SegmentationModel
from napari_slitseg.core.prediction import Prediction
from tests.experiments.made_micrographs import NAMES, write_folder

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "benchmarks", ROOT / "experiments" / "bundled_model")
MINE = (
    *("_report", "model", "model_lines", "model_scoring", "model_truths"),
    *("model_failures", "leave_one_out_scores", "evaluate"),
)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch):
    """Give modules of folders that are no packages."""

    def loaded(name: str) -> ModuleType:
        return importlib.import_module(name)

    for folder in FOLDERS:
        monkeypatch.syspath_prepend(folder)
    for name in MINE:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield loaded
    for name in MINE:
        sys.modules.pop(name, None)


def straight(x: float, *, start: float = 0.0, end: float = 100.0) -> np.ndarray:
    return np.array([[start, x], [end, x]])


def test_a_line_two_pixels_beside_is_twenty_nm_wrong(load) -> None:
    error = load("model_lines").compare_lines([straight(12)], [straight(10)], 10.0)
    assert error.error_nm == pytest.approx(20.0)
    assert (error.found_share, error.false_um) == (1.0, 0.0)
    assert error.annotated_um == pytest.approx(1.0, abs=0.01)


def test_far_line_is_false_and_half_a_line_is_half_found(load) -> None:
    found = [straight(10, end=50.0), straight(60)]
    error = load("model_lines").compare_lines(found, [straight(10)], 20.0)
    assert error.false_um == pytest.approx(2.0, abs=0.02)
    assert error.found_share == pytest.approx(0.5 + 300 / 2000, abs=0.01)
    assert 0 < error.error_nm < 50


def test_no_line_found_has_no_error_and_no_share(load) -> None:
    error = load("model_lines").compare_lines([], [straight(10)], 10.0)
    assert math.isnan(error.error_nm)
    assert error.found_share == 0


def made_case(load, *, slits, uncertain=(), lines=(), is_whole=True, peaks=()):
    """A case whose prediction has a peak at each of some places."""
    truths, scoring = load("model_truths"), load("model_scoring")
    y, x = np.mgrid[:120, :120]
    slit = np.zeros((120, 120), np.float32)
    for score, (at_y, at_x) in peaks:
        dot = score * np.exp(-((y - at_y) ** 2 + (x - at_x) ** 2) / 8)
        slit = np.maximum(slit, dot.astype(np.float32))
    found = find_candidates(Peaks(), slit, pixel_size_nm=10.0)
    prediction = Prediction(slit, slit, found, 0.5, 80.0, 10.0, "made", "0" * 8)
    image = Micrograph(np.zeros((120, 120), np.uint8), 10.0, "known", "made")
    points = [np.array(each, float).reshape(-1, 2) for each in (slits, uncertain)]
    return scoring.Case(truths.Truth(image, *points, tuple(lines), is_whole), prediction)


def test_what_lies_near_an_uncertain_slit_counts_neither_way(load) -> None:
    peaks = [(0.9, (20, 20)), (0.9, (60, 60)), (0.9, (100, 100))]
    score = made_case(load, slits=[(22, 20)], uncertain=[(60, 69)], peaks=peaks).score()
    assert (score.true_positive, score.false_positive, score.missed) == (1, 1, 0)
    assert score.n_set_aside == 1


def test_far_from_the_traced_membrane_nothing_is_false_where_only_that_is_annotated(load) -> None:
    peaks = [(0.9, (20, 20)), (0.9, (20, 58)), (0.9, (20, 64))]
    line = np.array([[y, 20.0] for y in range(120)])
    known = {"slits": [(20, 20)], "lines": [line], "peaks": [peaks[0], peaks[1]]}
    assert made_case(load, **known, is_whole=False).score().false_positive == 1
    known["peaks"] = [peaks[0], peaks[2]]
    assert made_case(load, **known, is_whole=False).score().false_positive == 0
    assert made_case(load, **known).score().false_positive == 1


def test_the_threshold_is_that_of_the_highest_mean_over_sets(load) -> None:
    choose = load("model_scoring").choose_threshold
    low = made_case(load, slits=[(20, 20)], peaks=[(0.42, (20, 20)), (0.22, (90, 90))])
    high = made_case(load, slits=[(20, 20)], peaks=[(0.9, (20, 20)), (0.37, (90, 90))])
    assert choose([[low], []]) == 0.25
    assert choose([[low], [high]]) == 0.4
    assert choose([[high]]) == 0.4


def test_images_without_podocytes_have_no_slits_and_differ(load) -> None:
    truths = list(load("model_truths").artificial())
    assert len(truths) >= 8
    assert not any(len(truth.slits) for truth in truths)
    spread = {truth.name: float(truth.image.pixels.std()) for truth in truths}
    assert spread["blank"] == 0
    assert spread["white noise"] > 20


@pytest.fixture(scope="module")
def bundled() -> tuple[SegmentationModel, CheckpointInfo]:
    return load_checkpoint(resolve_model(DEFAULT_MODEL))


def fold(folder: Path, left_out: str, bundled, learned: tuple[str, ...]) -> Path:
    """The bundled weights as if they had been trained on some images."""
    model, info = bundled
    file = folder / f"fold_{left_out}.safetensors"
    save_checkpoint(file, model, replace(info, job={"real_images": learned}))
    return file


def test_a_model_sees_images_from_as_many_sides_as_it_says(load, tmp_path, bundled) -> None:
    model, info = bundled
    file = tmp_path / "four.safetensors"
    save_checkpoint(file, model, replace(info, views=4))
    open_ = load("model_scoring").predictor_of
    assert open_(file).info.views == 4
    assert open_(file, 2).info.views == 2


def test_the_image_left_out_does_not_choose_the_threshold(
    load, monkeypatch, capsys, tmp_path, bundled
) -> None:
    scores = load("leave_one_out_scores")
    monkeypatch.setattr(load("model_truths"), "FIELD_NM", 800.0)
    data, kept = write_folder(tmp_path / "real"), tmp_path / "results" / "folds.csv"
    fold(tmp_path, "good", bundled, ("good2", "snider_A1_0024"))
    chosen = []
    for _ in range(2):
        words = ["x", str(tmp_path), "--real", str(data), "--out", str(kept), "--scenes", "1"]
        words += ["--views", "2"]
        monkeypatch.setattr(sys, "argv", words)
        scores.main()
        table = pd.read_csv(kept)
        chosen.append(table.loc[0, "threshold"])
        assert list(table["image"]) == ["good", "pooled"]
        assert table.loc[0, "views"] == 2
        slits = data / "slits" / "good.csv"
        slits.write_text(slits.read_text().splitlines()[0] + "\n64.0,3.0,0\n")
    assert chosen[0] == chosen[1]
    assert list(table["annotated"]) == [1, 1]
    assert "mean of the images' F1" in capsys.readouterr().out


def test_evaluating_writes_weights_with_their_card(load, monkeypatch, tmp_path, bundled) -> None:
    evaluate = load("evaluate")
    monkeypatch.setattr(load("model_truths"), "FIELD_NM", 1300.0)
    for name, seeds in (("VALIDATION_SEEDS", range(1)), ("TEST_SEEDS", range(5, 6))):
        monkeypatch.setattr(evaluate, name, seeds)
    raw, out = fold(tmp_path, "raw", bundled, ("good", "okay")), tmp_path / "out.safetensors"
    table = tmp_path / "left_out.csv"
    table.write_text(
        "image,found,annotated,precision,recall,f1,f1_low,f1_high\n"
        "good,9,10,1.0,0.9,0.947,,\nokay,8,10,0.75,0.6,0.667,,\n"
        "pooled,17,20,0.882,0.75,0.811,0.5,0.9\n"
    )
    words = [str(raw), "--real", str(write_folder(tmp_path / "real")), "--out", str(out)]
    words += ["--left-out", str(table), "--threshold", "0.35"]
    monkeypatch.setattr(sys, "argv", ["evaluate.py", *words, "--scales", "20", "--views", "2"])
    evaluate.main()
    info = read_checkpoint_info(out)
    scores = info.card["scores"]
    assert (info.views, info.threshold, scores["threshold"]) == (2, 0.5, 0.5)
    assert scores["real_seen_in_training"]["images"] == 1
    assert scores["real_held_out"]["images"] == 2
    assert {"simulated_test", "simulated_test_20_nm_per_px"} < set(scores)
    assert scores["simulated_test"]["images"] == 1
    with torch.no_grad():
        pixels = torch.randn(1, 1, 64, 64)
        before, after = (load_checkpoint(file)[0].eval()(pixels) for file in (raw, out))
    assert torch.equal(after.membrane, before.membrane)
    torch.testing.assert_close(after.slit, before.slit - math.log(0.35 / 0.65))
    left_out = scores["real_left_out"]
    assert (left_out["images"], left_out["slits"], left_out["f1"]) == (2, 20, 0.811)


def test_a_fold_that_saw_its_image_is_refused(load, monkeypatch, tmp_path, bundled) -> None:
    scores = load("leave_one_out_scores")
    fold(tmp_path, "good", bundled, ("good",))
    words = ["x", str(tmp_path), "--real", str(write_folder(tmp_path / "real"))]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit, match="fold_good: it was trained with good"):
        scores.main()


def test_the_surest_false_slit_and_the_faintest_missed_one_come_first(load, tmp_path) -> None:
    gallery = load("model_failures")
    peaks = [(0.6, (20, 20)), (0.9, (60, 60)), (0.7, (60, 100)), (0.3, (101, 20))]
    case = made_case(load, slits=[(60, 100), (101, 20), (101, 60)], peaks=peaks)
    shown = gallery.worst(gallery.failures(case), None)
    assert [(f.is_false, round(f.score, 1)) for f in shown] == [
        *((True, 0.9), (True, 0.6)),
        *((False, 0.0), (False, 0.3)),
    ]
    assert len(gallery.worst(shown, 1)) == 2
    assert len(gallery.worst(2 * shown, 6)) == 2 * gallery.MOST_OF_AN_IMAGE
    gallery.save(shown, tmp_path / "to" / "failures.png", 6)
    assert (tmp_path / "to" / "failures.png").stat().st_size > 2000


def run(load, monkeypatch, words) -> int:
    model = load("model")
    monkeypatch.setattr(load("model_truths"), "FIELD_NM", 1600.0)
    monkeypatch.setattr(model.torch, "set_num_threads", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["model.py", "--quick", *words])
    return model.main()


def test_every_goal_is_printed_and_kept(load, monkeypatch, capsys, tmp_path) -> None:
    folder, kept = write_folder(tmp_path / "real"), tmp_path / "goals.json"
    words = ["--real", str(folder), "--vnc", str(tmp_path / "none"), "--json", str(kept)]
    words = ["slitseg-forknet-v1", *words]
    code = run(load, monkeypatch, words)
    out, found = capsys.readouterr().out, json.loads(kept.read_text())
    assert code == bool(found["missed"])
    goals = ("simulated", "never seen: recall", "good: membrane line", "file")
    lines = [line for line in out.splitlines() if "(goal" in line]
    assert all(any(goal in line for line in lines) for goal in goals)
    assert "learned from: F1" in out
    assert not any("learned from: F1" in line for line in lines)
    assert "sections of nerve: not judged, no " in out
    assert set(NAMES) < set(found["real"])
    assert found["real"]["good"]["learned_from"]
    assert not found["real"]["snider_A1_0024"]["learned_from"]
    assert found["real"]["bad"]["n_annotated"] == 0 < found["real"]["bad"]["n_uncertain"]


def test_what_was_found_without_an_image_is_held_to_its_goal(
    load, monkeypatch, capsys, tmp_path
) -> None:
    monkeypatch.setattr(load("model"), "RESULTS", tmp_path)
    table = "image,f1,recall,membrane_error_nm\ngood,0.9,0.9,31\npooled,0.86,0.79,\n"
    (tmp_path / f"{DEFAULT_MODEL}_leave_one_out.csv").write_text(table)
    run(load, monkeypatch, [])
    out = capsys.readouterr().out
    told = [line for line in out.splitlines() if line.startswith("left out: ")]
    assert ["MISSED" in line for line in told] == [False, True, True]


def test_a_missed_goal_fails(load, monkeypatch, capsys) -> None:
    monkeypatch.setattr(load("model"), "SIZE_MB", 0.1)
    assert run(load, monkeypatch, []) == 1
    out = capsys.readouterr().out
    assert "file" in out.splitlines()[-1]
    assert "real micrographs: not judged, no folder given" in out
