"""Going on with a training that was interrupted."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from napari_slitseg.core.checkpoint import load_checkpoint
from napari_slitseg.core.training.state_file import read_state
from napari_slitseg.events import Attempt, EpochDone, Event, Finished, StepDone
from napari_slitseg.pipelines.finetune import finetune
from napari_slitseg.pipelines.runs.folder import RunFolder
from tests.pipelines import killed_runs
from tests.pipelines.tiny_runs import go, make_run, of_kind, train

DEMANDING = {
    "epochs": 3,
    "steps_per_epoch": 4,
    "slit_loss": "sum:dice_and_one_to_one",
    "schedule": {"name": "plateau", "rate": 3e-3, "patience": 0, "min_improvement": 10.0},
    "ema": 0.9,
}


def same_end(one: RunFolder, other: RunFolder) -> None:
    """Check that two runs have the same state and the same best model, to the last bit."""
    (tensors, numbers), (expected, known) = (read_state(each.last) for each in (one, other))
    assert set(tensors) == set(expected)
    for name, each in tensors.items():
        assert torch.equal(each, expected[name]), name
    assert numbers["course"] == known["course"]
    assert numbers["balance"] == known["balance"]
    (_, best), (_, expected_best) = (load_checkpoint(each.best) for each in (one, other))
    assert best.sha256 == expected_best.sha256
    assert best.threshold == expected_best.threshold
    assert best.card["scores"] == expected_best.card["scores"]


def interrupted(folder: RunFolder, after: int, **how: Any) -> list[Event]:
    """Train until so many events were told, and leave."""
    steps, events = finetune(folder, go, **how), []
    for event in steps:
        events.append(event)
        if len(events) == after:
            break
    steps.close()
    return events


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, list[Event]]:
    """A run that was not interrupted, and what it told."""
    folder = make_run(tmp_path_factory.mktemp("whole"), name="run", **DEMANDING)
    return folder, train(folder, save_steps=2)


def test_a_training_left_at_any_moment_ends_as_if_it_had_not_been(
    tmp_path: Path, whole: tuple[RunFolder, list[Event]]
) -> None:
    folder = make_run(tmp_path, name="run", **DEMANDING)
    expected, rng = {each.step: each for each in of_kind(whole[1], StepDone)}, random.Random(5)
    for _ in range(6):
        events = interrupted(folder, rng.randint(12, 24), save_steps=2)
        for step in of_kind(events, StepDone):
            timeless = {"seconds": 0.0, "waited": 0.0}
            assert step.model_copy(update=timeless) == expected[step.step].model_copy(
                update=timeless
            )
        if isinstance(events[-1], Finished):
            break
    train(folder)
    same_end(folder, whole[0])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_training_killed_again_and_again_ends_as_if_it_had_not_been(
    tmp_path: Path, whole: tuple[RunFolder, list[Event]]
) -> None:
    folder = make_run(tmp_path, name="run", **DEMANDING)
    moments = [str(random.Random(7).randint(9, 20)) for _ in range(2)]
    result = subprocess.run(
        [sys.executable, killed_runs.__file__, folder.path, *moments, "save:1", "save:3", "17"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert not list(folder.checkpoints.glob(".slitseg-*"))
    same_end(folder, whole[0])


@pytest.fixture(scope="module")
def early(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, list[Event]]:
    """A run that was left in its first epoch, and what it told."""
    folder = make_run(tmp_path_factory.mktemp("early"))
    return folder, interrupted(folder, 14, save_steps=1)


@pytest.fixture
def left(tmp_path: Path, early: tuple[RunFolder, list[Event]]) -> RunFolder:
    """A copy of that run, of the same images."""
    return RunFolder(shutil.copytree(early[0].path, tmp_path / "run"))


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run that is over."""
    folder = make_run(tmp_path_factory.mktemp("done"))
    train(folder)
    return folder


def test_an_attempt_says_where_it_goes_on(
    left: RunFolder, early: tuple[RunFolder, list[Event]]
) -> None:
    done = of_kind(early[1], StepDone)[-1].step
    again = train(left)
    [attempt] = of_kind(again, Attempt)
    assert attempt.step in (done, done - 1)
    assert of_kind(again, StepDone)[0].step == attempt.step + 1
    assert [each.epoch for each in of_kind(again, EpochDone)][-1] == 2


def test_a_training_that_is_over_only_judges_again(done: RunFolder) -> None:
    again = train(done)
    assert not of_kind(again, StepDone)
    assert of_kind(again, Finished)[0].reason == "done"


def test_another_job_is_refused_and_what_changed_is_named(left: RunFolder) -> None:
    job = json.loads(left.job.read_text())
    left.job.write_text(json.dumps(job | {"batch": 3, "slit_weight": 0.5, "threads": 2}))
    [*_, end] = train(left)
    assert isinstance(end, Finished)
    assert end.reason == "refused"
    assert "batch, slit_weight." in end.message
    left.job.write_text(json.dumps(job | {"preview_every": 2}))
    [*_, end] = train(left)
    assert isinstance(end, Finished)
    assert end.reason == "done"


def test_changed_images_are_refused_by_name(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    interrupted(folder, 14, save_steps=1)
    changed = tmp_path / "images" / "a2_slits.csv"
    changed.write_text(changed.read_text() + "\n9,50,50")
    [*_, end] = train(folder)
    assert isinstance(end, Finished)
    assert end.reason == "refused"
    assert "a2_slits.csv" in end.message


def test_a_damaged_state_is_refused_and_left_alone(left: RunFolder) -> None:
    content = left.last.read_bytes()
    left.last.write_bytes(content[: len(content) // 2])
    [*_, end] = train(left)
    assert isinstance(end, Finished)
    assert end.reason == "refused"
    assert "start a new run" in end.message
    assert len(left.last.read_bytes()) == len(content) // 2
    load_checkpoint(left.best)


def test_a_run_can_start_from_the_best_model_of_another(tmp_path: Path, done: RunFolder) -> None:
    second = make_run(tmp_path, start=str(done.path), epochs=1, steps_per_epoch=1)
    events = train(second)
    assert of_kind(events, Finished)[0].reason == "done"
    _, before = load_checkpoint(done.best)
    _, after = load_checkpoint(second.best)
    assert after.card["start"] == {"name": before.name, "sha256": before.sha256}
