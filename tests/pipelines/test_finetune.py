"""Training from a job to a better model."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
import tifffile
import torch

from napari_slitseg.core.checkpoint import load_checkpoint
from napari_slitseg.core.curriculum import Curriculum, Stage
from napari_slitseg.core.losses import loss_from_dict
from napari_slitseg.core.losses.spec_combine import Term, TwoHeads, WeightedSum
from napari_slitseg.core.models import MODELS
from napari_slitseg.core.points import read_points
from napari_slitseg.core.schedules import rate_at, schedule_from_dict
from napari_slitseg.core.training.state_file import read_state
from napari_slitseg.events import (
    Alarm,
    Attempt,
    EpochDone,
    Event,
    Finished,
    Notice,
    Preview,
    StepDone,
    VerdictReady,
)
from napari_slitseg.pipelines.finetune import finetune
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.training import keeping, previews, validation
from napari_slitseg.pipelines.training.course import Course
from tests.pipelines.tiny_runs import make_images, make_model, make_run, of_kind, train


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    """What a training told that chose its number of steps."""
    home = tmp_path_factory.mktemp("plain")
    return train(make_run(home, steps_per_epoch=None, epochs=1))


def test_a_training_tells_its_steps_and_epochs_and_keeps_the_best_model(tmp_path: Path) -> None:
    folder = make_run(tmp_path, epochs=3, slit_loss="dice", track_losses=("one_to_one",))
    events = train(folder)
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "done", events[-1].message
    steps = of_kind(events, StepDone)
    assert [each.step for each in steps] == list(range(1, 10))
    assert [each.epoch for each in steps] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert all(each.loss is not None and each.gradient_norm for each in steps)
    epochs = of_kind(events, EpochDone)
    assert [each.epoch for each in epochs] == [0, 1, 2, 3]
    assert epochs[0].is_best
    assert epochs[0].train == {}
    assert set(epochs[1].train) == set(epochs[1].validation) == {"total", "slit"}
    assert set(epochs[1].tracked) == {"one_to_one", "one_to_one.gradient"}
    mean = sum(each.loss or 0 for each in steps[:3]) / 3
    assert epochs[1].train["total"] == pytest.approx(mean)
    assert of_kind(events, VerdictReady)
    best = max(epochs, key=lambda each: (each.scores["f1"] or 0, -each.epoch))
    _, info = load_checkpoint(folder.best)
    assert info.threshold == best.threshold
    assert info.card["scores"]["f1"] == best.scores["f1"]
    assert info.job["epochs"] == 3
    assert info.name == folder.name


def test_it_is_said_that_slits_choose_where_only_the_membrane_is_learned(tmp_path: Path) -> None:
    make_images(tmp_path / "images", membrane=True)
    for keep_by, told in (("f1", 1), ("loss", 0)):
        run = make_run(tmp_path, slit_weight=0, keep_best_by=keep_by, epochs=1, steps_per_epoch=1)
        notices = of_kind(train(run), Notice)
        assert len([each for each in notices if "Only the membrane" in each.text]) == told


def test_membranes_are_learned_where_they_are_drawn(tmp_path: Path) -> None:
    images = make_images(tmp_path / "images", membrane=True)
    (images / "a0_membrane.png").unlink()
    schedule = {"name": "constant", "rate": 3e-2}
    events = train(make_run(tmp_path, schedule=schedule, steps_per_epoch=6))
    epochs = of_kind(events, EpochDone)
    assert set(epochs[-1].train) == {"total", "membrane", "slit"}
    assert (epochs[-1].validation["membrane"] or 0) < (epochs[0].validation["membrane"] or 0)
    assert not [each for each in of_kind(events, Notice) if "membrane drawn" in each.text]


def test_without_membranes_the_slits_are_learned_alone_and_it_is_said(plain: list[Event]) -> None:
    assert [each for each in of_kind(plain, Notice) if "membrane drawn" in each.text]
    assert set(of_kind(plain, EpochDone)[-1].train) == {"total", "slit"}


def test_a_number_of_steps_is_chosen_and_told(plain: list[Event]) -> None:
    events = plain
    assert len(of_kind(events, StepDone)) == 10
    assert [each for each in of_kind(events, Notice) if "10 steps of 2 patches" in each.text]


def test_what_is_not_better_than_the_start_does_not_replace_it(tmp_path: Path) -> None:
    schedule = {"name": "constant", "rate": 1e-12}
    folder = make_run(tmp_path, schedule=schedule, batch_norm="frozen")
    events = train(folder)
    assert [each.is_best for each in of_kind(events, EpochDone)] == [True, False, False]
    assert any("No epoch was better" in each.text for each in of_kind(events, Notice))
    start, _ = load_checkpoint(tmp_path / "tiny.safetensors")
    best, info = load_checkpoint(folder.best)
    for name, each in best.state_dict().items():
        assert torch.equal(each, start.state_dict()[name])
    assert info.card["start"]["name"] == "tiny"


def test_it_ends_early_where_nothing_gets_better(tmp_path: Path) -> None:
    folder = make_run(tmp_path, schedule={"name": "constant", "rate": 1e-12}, epochs=9, patience=2)
    events = train(folder)
    assert of_kind(events, EpochDone)[-1].epoch == 2
    assert of_kind(events, Finished)[0].reason == "done"
    assert any("ends here" in each.text for each in of_kind(events, Notice))
    assert not of_kind(train(folder), StepDone)


def test_the_rate_follows_the_schedule_and_the_plateau_sees_validation(tmp_path: Path) -> None:
    plateau = {"name": "plateau", "rate": 1e-2, "patience": 0, "min_improvement": 100.0}
    plateau["decay_factor"] = 4.0
    run = make_run(tmp_path, schedule=plateau, epochs=3, steps_per_epoch=1)
    assert [e.rate for e in of_kind(train(run), StepDone)] == [1e-2, 1e-2, 2.5e-3]
    cosine = {"name": "cosine", "rate": 1e-3, "warm_up": 0.5}
    rates = [e.rate for e in of_kind(train(make_run(tmp_path, schedule=cosine)), StepDone)]
    assert rates == [rate_at(schedule_from_dict(cosine), step, 6) for step in range(6)]


def test_stages_change_the_losses(tmp_path: Path) -> None:
    curriculum = Curriculum(
        stages=(
            Stage(until=1, unit="epochs", losses=TwoHeads(slit=loss_from_dict({"name": "bce"}))),
            Stage(losses=TwoHeads(slit=WeightedSum())),
        )
    )
    epochs = of_kind(train(make_run(tmp_path, curriculum=curriculum.to_dict())), EpochDone)
    assert set(epochs[1].train) == set(epochs[1].validation) == {"total", "slit"}
    assert set(epochs[2].train) == set(epochs[2].validation)
    assert set(epochs[2].train) > {"total", "slit", "slit.dice"}


def test_epochs_are_compared_by_the_losses_of_the_end(tmp_path: Path) -> None:
    heavy = Curriculum(
        stages=(
            Stage(until=1, unit="epochs", losses=TwoHeads(slit_weight=0.1)),
            Stage(losses=TwoHeads(slit_weight=50.0)),
        )
    )
    folder = make_run(
        tmp_path,
        curriculum=heavy.to_dict(),
        schedule={"name": "constant", "rate": 1e-2},
        keep_best_by="loss",
        ema=0,
    )
    epochs = of_kind(train(folder), EpochDone)
    totals = [each.validation["total"] or 0 for each in epochs]
    assert totals[2] > 100 * totals[1]
    slits = [each.validation["slit"] or 0 for each in epochs]
    assert slits[0] > slits[1] > slits[2]
    assert [each.is_best for each in epochs] == [True] * 3
    _, numbers = read_state(folder.last)
    assert numbers["course"]["best_merit"] == pytest.approx(-50 * slits[2], rel=1e-5)


def test_balanced_sums_are_compared_as_they_were_balanced_at_the_start(tmp_path: Path) -> None:
    terms = (Term(), Term(loss=loss_from_dict({"name": "bce"})))
    balanced = WeightedSum(terms=terms, balance="grad_ema").to_dict()
    folder = make_run(tmp_path, slit_loss=balanced, keep_best_by="loss", ema=0)
    epochs = of_kind(train(folder), EpochDone)
    _, numbers = read_state(folder.last)
    (dice, n_dice), (bce, n_bce) = numbers["course"]["yardstick"].values()
    factor = (dice / n_dice) / (bce / n_bce)
    costs = [
        (each.validation["slit.dice"] or 0) + factor * (each.validation["slit.bce"] or 0)
        for each in epochs
    ]
    assert numbers["course"]["best_merit"] == pytest.approx(-min(costs), rel=1e-4)
    assert abs((epochs[0].validation["total"] or 0) - costs[0]) > 0.01 * costs[0]


@pytest.mark.parametrize("name", [name for name in MODELS if name != "points"])
def test_every_model_trains(tmp_path: Path, name: str) -> None:
    few = {"munet": {"depth": 8}}.get(name, {})
    start = make_model(tmp_path / "m.safetensors", name, width=0.0625, norm="batch", **few)
    folder = make_run(tmp_path, start=str(start), epochs=1, steps_per_epoch=2, patch_px=64)
    events = train(folder)
    assert of_kind(events, Finished)[0].reason == "done", events[-1]
    assert len(of_kind(events, StepDone)) == 2


def test_models_of_points_are_refused(tmp_path: Path) -> None:
    start = make_model(tmp_path / "m.safetensors", "points", width=0.0625)
    [*_, end] = train(make_run(tmp_path, start=str(start)))
    assert isinstance(end, Finished)
    assert end.reason == "refused"
    assert "points" in end.message


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"slit_loss": "point"}, "no gradient"),
        ({"membrane_loss": "one_to_one"}, "points"),
        ({"start": "/nowhere/model.safetensors"}, "model.safetensors"),
        ({"precision": "float16"}, "float16"),
        ({"device": "cuda:7"}, "cuda:7"),
    ],
)
def test_what_cannot_be_done_is_refused(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    make_images(tmp_path / "images", membrane="membrane_loss" in changes)
    [*_, end] = train(make_run(tmp_path, **changes))
    assert isinstance(end, Finished)
    assert end.reason == "refused", end
    assert told in end.message


def test_images_without_slits_do_not_choose_the_best_model(tmp_path: Path) -> None:
    images = make_images(tmp_path / "images")
    (images / "a0_slits.csv").write_text("index,axis-0,axis-1")
    chosen = {"validation_images": (images / "a0.png",), "epochs": 1}
    folder = make_run(tmp_path, **chosen)
    [*_, end] = train(folder)
    assert isinstance(end, Finished)
    assert end.reason == "refused"
    assert "a0" in end.message
    assert not folder.last.exists()
    events = train(make_run(tmp_path, keep_best_by="loss", **chosen))
    assert of_kind(events, Finished)[0].reason == "done"
    assert {each.threshold for each in of_kind(events, EpochDone)} == {0.5}


def test_a_folder_without_a_job_is_refused(tmp_path: Path) -> None:
    [end] = train(RunFolder(tmp_path / "nothing"))
    assert isinstance(end, Finished)
    assert end.reason == "refused"


@pytest.mark.parametrize("batch_norm", ["recalibrate", "train", "frozen"])
def test_statistics_of_batches_are_as_asked_for(tmp_path: Path, batch_norm: str) -> None:
    start = make_model(tmp_path / "m.safetensors", norm="batch")
    folder = make_run(
        tmp_path, start=str(start), batch_norm=batch_norm, keep_best_by="loss", epochs=1, ema=0
    )
    events = train(folder)
    assert of_kind(events, EpochDone)[-1].is_best
    first, _ = load_checkpoint(start)
    best, _ = load_checkpoint(folder.best)
    tensors, _ = read_state(folder.last)
    name = "down.0.1.running_mean"
    moved = not torch.equal(best.state_dict()[name], first.state_dict()[name])
    assert moved == (batch_norm != "frozen")
    as_trained = torch.equal(best.state_dict()[name], tensors[f"model.{name}"])
    assert as_trained == (batch_norm != "recalibrate")


@pytest.mark.filterwarnings("ignore::UserWarning:torch")
def test_shorter_numbers_train_too(tmp_path: Path) -> None:
    folder = make_run(tmp_path, precision="bfloat16")
    events = train(folder)
    assert of_kind(events, Attempt)[0].precision == "bf16-mixed"
    assert of_kind(events, Finished)[0].reason == "done"
    tensors, _ = read_state(folder.last)
    assert all(each.dtype == torch.float32 for each in tensors.values())


def test_a_file_that_changes_meanwhile_ends_the_training_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validation, "_IN_MEMORY_BYTES", 0)
    folder, events = make_run(tmp_path), []
    for event in finetune(folder, lambda: "go"):
        events.append(event)
        if len(of_kind(events, StepDone)) == 1:
            for file in (tmp_path / "images").glob("*.csv"):
                file.write_text(file.read_text() + "\n9,50,50")
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "failed"
    assert "has changed since the run was begun" in events[-1].message
    load_checkpoint(folder.best)


def test_a_frozen_encoder_stays_as_it_is(tmp_path: Path) -> None:
    start = make_model(tmp_path / "m.safetensors", norm="batch")
    folder = make_run(
        tmp_path, start=str(start), freeze="encoder", keep_best_by="loss", epochs=1, ema=0
    )
    assert of_kind(train(folder), EpochDone)[-1].is_best
    first, tensors = load_checkpoint(start)[0].state_dict(), read_state(folder.last)[0]
    best = load_checkpoint(folder.best)[0].state_dict()
    for name, each in first.items():
        same = torch.equal(each, tensors[f"model.{name}"]) and torch.equal(each, best[name])
        assert same or not name.startswith("down."), name
    for learned in (tensors["model.slit.weight"], best["slit.weight"]):
        assert not torch.equal(first["slit.weight"], learned)


def test_the_mean_of_the_weights_is_what_is_kept(tmp_path: Path) -> None:
    folder = make_run(tmp_path, ema=0.9, keep_best_by="loss", epochs=1)
    train(folder)
    best, tensors = load_checkpoint(folder.best)[0].state_dict(), read_state(folder.last)[0]
    assert torch.equal(best["slit.weight"], tensors["mean.slit.weight"])
    assert not torch.equal(best["slit.weight"], tensors["model.slit.weight"])


def test_previews_show_maps_and_slits_and_old_ones_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "KEPT", 2)
    folder = make_run(tmp_path, preview_every=1, epochs=3, steps_per_epoch=1)
    (folder.path / "previews").mkdir()
    (folder.path / "previews" / "mine").mkdir()
    events = train(folder)
    found = of_kind(events, Preview)
    assert [each.epoch for each in found] == [0, 1, 2, 3]
    assert sorted(each.name for each in folder.previews.iterdir()) == [
        "epoch-0002",
        "epoch-0003",
        "mine",
    ]
    maps = tifffile.imread(found[-1].maps)
    assert maps.shape == (2, 96, 104)
    assert maps.dtype == "uint8"
    read_points(found[-1].slits)
    assert found[-1].source.is_file()


def test_a_loss_that_erases_raises_the_alarm_once(tmp_path: Path, model_file: Path) -> None:
    folder = make_run(
        tmp_path,
        start=str(model_file),
        slit_loss="soft_point",
        schedule={"name": "constant", "rate": 0.5},
        optimiser="sgd",
        epochs=4,
        ema=0,
    )
    events = train(folder)
    ratios = [each.scores["fixed_count_ratio"] for each in of_kind(events, EpochDone)]
    alarms = of_kind(events, Alarm)
    assert [each.name for each in alarms] == ["erasure"], ratios
    assert "loss" in alarms[0].cure
    assert re.search(r"marks 0\.\d\d slits .* \(up to \d+\.\d\d before\)", alarms[0].text)


SCORES = {"f1": 0.5, "count_ratio": 1.0, "vanilla_nm": 9.0, "chamfer_nm": None, "point_loss": 4.0}


def test_models_are_ranked_by_what_was_asked_for() -> None:
    assert keeping.merit(SCORES, 2.0, "f1") == 0.5
    assert keeping.merit(SCORES, 2.0, "loss") == -2.0
    assert keeping.merit(SCORES, 2.0, "vanilla") == -9.0
    assert keeping.merit(SCORES, 2.0, "point_loss") == -4.0
    assert keeping.merit(SCORES, 2.0, "chamfer") == -math.inf
    assert keeping.merit(SCORES, math.nan, "loss") == -math.inf


def test_of_equally_good_models_the_earlier_stays() -> None:
    course = Course(micro_batch=1)
    assert keeping.is_best(course, -math.inf)
    course.best_epoch, course.best_merit = 0, 0.5
    assert not keeping.is_best(course, 0.5)
    assert keeping.is_best(course, 0.6)


def test_the_alarm_comes_once_for_each_fall() -> None:
    course, heard = Course(micro_batch=1), []
    ratios = [(1.2, 1.0), (0.8, 1.0), (0.3, 0.9), (0.2, 0.9), (0.9, 1.0), (1.0, 0.4)]
    for epoch, (fixed, best) in enumerate(ratios):
        scores = {"fixed_count_ratio": fixed, "count_ratio": best}
        if keeping.erasure_alarm(course, scores, epoch):
            heard.append(epoch)
    assert heard == [2, 5]


def test_a_start_that_finds_little_is_compared_with_itself() -> None:
    course, heard = Course(micro_batch=1), []
    for epoch, fixed in enumerate([0.2, 0.15, 0.3, 0.05]):
        if keeping.erasure_alarm(course, {"fixed_count_ratio": fixed, "count_ratio": 1.0}, epoch):
            heard.append(epoch)
    assert heard == [3]


def test_what_was_found_meanwhile_counts_where_the_start_found_little() -> None:
    course, heard = Course(micro_batch=1), []
    for epoch, fixed in enumerate([0.2, 0.9, 0.3]):
        if keeping.erasure_alarm(course, {"fixed_count_ratio": fixed, "count_ratio": 1.0}, epoch):
            heard.append(epoch)
    assert heard == [2]


def test_a_loss_of_some_steps_has_the_mean_over_those() -> None:
    course = Course(micro_batch=1)
    course.add({"total": 4.0})
    course.add({"total": 2.0, "slit.dice": 1.0})
    again = Course.from_dict(course.to_dict())
    assert again.take_means() == {"total": 3.0, "slit.dice": 1.0}
    again.add({"total": 5.0})
    assert again.take_means() == {"total": 5.0}
