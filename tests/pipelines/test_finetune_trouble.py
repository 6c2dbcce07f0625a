"""What goes wrong in a training: numbers, memory, the disk."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from napari_slitseg.core.checkpoint import load_checkpoint
from napari_slitseg.core.models.base import Logits
from napari_slitseg.core.models.unet import UNet
from napari_slitseg.core.training.state_file import read_state
from napari_slitseg.events import Alarm, EpochDone, Event, Finished, StepDone
from napari_slitseg.pipelines.runs.folder import Ask
from napari_slitseg.pipelines.training.fixed_patches import Look
from tests.pipelines.tiny_runs import make_model, make_run, of_kind, train

PATCH_PX = 32


def ending(events: list[Event]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def test_a_rate_that_is_far_too_high_ends_the_training_with_the_last_good_weights(
    tmp_path: Path,
) -> None:
    folder = make_run(
        tmp_path,
        optimiser="sgd",
        schedule={"name": "constant", "rate": 1e3},
        slit_loss="bce",
        start=str(make_model(tmp_path / "plain.safetensors", norm="none")),
        clip_norm=None,
        steps_per_epoch=8,
        ema=0,
    )
    events = train(folder, save_steps=1)
    [alarm] = of_kind(events, Alarm)
    assert alarm.name == "not_finite"
    assert "lower" in alarm.cure
    assert ending(events).reason == "failed"
    assert alarm.text in ending(events).message
    model, _ = load_checkpoint(folder.best)
    tensors, _ = read_state(folder.last)
    for each in [*model.state_dict().values(), *tensors.values()]:
        assert torch.isfinite(each).all()
    assert len(of_kind(events, StepDone)) < 16
    assert [each.gradient_norm for each in of_kind(events, StepDone)][-3:] == [None] * 3


def hungry(most: int) -> object:
    """The network, which fails as a full device does for more patches than that in training."""
    plain = UNet.logits

    def logits(self: UNet, image: Tensor) -> Logits:
        if self.training and len(image) > most and image.shape[-1] == PATCH_PX:
            raise RuntimeError("[enforce fail] . DefaultCPUAllocator: can't allocate memory")
        return plain(self, image)

    return logits


def test_what_does_not_fit_is_computed_in_smaller_parts_and_learns_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = make_run(tmp_path, batch=1, accumulation=4)
    train(small)
    folder = make_run(tmp_path, batch=4)
    monkeypatch.setattr(UNet, "logits", hungry(1))
    events = train(folder)
    alarms = [each for each in of_kind(events, Alarm) if each.name == "out_of_memory"]
    assert len(alarms) == 2
    assert "going on with 2 at once" in alarms[0].text
    assert "going on with 1 at once, 4 times" in alarms[1].text
    assert ending(events).reason == "done"
    assert [each.step for each in of_kind(events, StepDone)] == list(range(1, 7))
    (found, _), (expected, numbers) = read_state(folder.last), read_state(small.last)
    assert numbers["course"]["step"] == 6
    for name, each in found.items():
        assert torch.equal(each, expected[name]), name


def test_where_not_even_one_patch_fits_the_training_ends_with_a_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run(tmp_path)
    monkeypatch.setattr(UNet, "logits", hungry(0))
    events = train(folder)
    assert ending(events).reason == "failed"
    assert "--patch-px" in ending(events).message
    load_checkpoint(folder.best)


def test_a_validation_that_does_not_fit_into_the_memory_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(Look, "losses", full)
    end = ending(train(make_run(tmp_path)))
    assert end.reason == "failed"
    assert "smaller --patch-px" in end.message


def check_full_disk(events: list[Event], folder_last: Path, best: Path) -> None:
    """Check that a training ended because of the disk, with its files intact."""
    assert ending(events).reason == "failed"
    [alarm] = of_kind(events, Alarm)
    assert alarm.name == "disk"
    assert "resume" in alarm.cure
    _, numbers = read_state(folder_last)
    assert numbers["course"]["step"] in range(6)
    load_checkpoint(best)
    assert not list(folder_last.parent.glob(".slitseg-*"))


@pytest.fixture
def limit() -> Iterator[Callable[[int], None]]:
    """Call it to make files of more than some bytes impossible, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda most: resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_ends_the_training_and_leaves_what_was_written(
    tmp_path: Path, limit: Callable[[int], None]
) -> None:
    folder = make_run(tmp_path)
    asked = []

    def ask() -> Ask:
        asked.append(1)
        if folder.last.is_file() and len(asked) > 5:
            limit(folder.last.stat().st_size // 2)
        return "go"

    events = train(folder, ask, save_steps=1)
    check_full_disk(events, folder.last, folder.best)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB of its own."""
    home = tmp_path / "disk"
    home.mkdir()
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("only root can mount a small disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(home)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted here")
    yield home
    subprocess.run(["umount", "-l", str(home)], check=True)


def test_a_disk_that_is_really_full_does_the_same_and_the_run_can_go_on(
    tmp_path: Path, small_disk: Path
) -> None:
    folder = make_run(tmp_path, runs=small_disk / "runs")
    filler = small_disk / "filler"

    def ask() -> Ask:
        if folder.last.is_file() and not filler.exists():
            free = shutil.disk_usage(small_disk).free
            filler.write_bytes(bytes(max(0, free - 2 * 4096)))
        return "go"

    events = train(folder, ask, save_steps=2)
    assert ending(events).reason == "failed"
    assert [each.name for each in of_kind(events, Alarm)] == ["disk"]
    read_state(folder.last)
    load_checkpoint(folder.best)
    filler.write_bytes(b"")
    events = train(folder)
    assert ending(events).reason == "done"
    assert of_kind(events, EpochDone)[-1].epoch == 2
