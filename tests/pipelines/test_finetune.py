"""Training from a job to a better model."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_slitseg.core.checkpoint import load_checkpoint
from napari_slitseg.events import EpochDone, Finished, Notice, StepDone, VerdictReady
from tests.pipelines.tiny_runs import make_images, make_job, make_model, make_run, of_kind, train


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
