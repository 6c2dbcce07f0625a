"""The training of the bundled model: crops keep their truth, runs can be stopped and go on."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from scipy import ndimage

from napari_slitseg.core.checkpoint import load_checkpoint
from napari_slitseg.core.targets import dots
from tests.experiments.made_micrographs import NAMES, write_folder

FOLDER = Path(__file__).parents[2] / "experiments" / "bundled_model"
MINE = ("augment", "empty_pictures", "micrographs", "picture_mix", "scenes")
MINE += ("train", "training_run")
SLITS = np.array([[60.0, 80.0], [150.3, 90.6], [200.0, 210.0], [90.2, 220.9]])
SHAPE = (300, 320)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch):
    """Give modules of a folder that is no package."""

    def loaded(name: str) -> ModuleType:
        return importlib.import_module(name)

    monkeypatch.syspath_prepend(FOLDER)
    for name in MINE:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield loaded
    for name in MINE:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("seed", range(12))
def test_slits_are_drawn_where_the_crop_shows_them(load, monkeypatch, seed):
    """Bright discs stand at the slits: whatever the turn and bend, the targets cover them."""
    augment, micrographs = load("augment"), load("micrographs")
    monkeypatch.setattr(augment, "recoloured", lambda pixels, rng: pixels)
    monkeypatch.setattr(augment, "borrowed", lambda pixels, donor, rng: pixels)
    layers = np.stack([dots(SLITS, SHAPE, 5), np.zeros(SHAPE), np.ones(SHAPE)]).astype(np.float32)
    example = micrographs.Example("discs", layers, SLITS)
    patch = augment.draw_patch(example, example, 128, np.random.default_rng(seed))
    pixels = patch.pixels * (patch.weight > 0)
    inner = np.zeros_like(pixels)
    inner[12:-12, 12:-12] = 1
    targets, _ = ndimage.label(patch.slits)
    spots, n_spots = ndimage.label((pixels > 0.5) * inner)
    for spot in range(1, n_spots + 1):
        whole = ndimage.binary_dilation(spots == spot, iterations=12)
        middle = np.array(ndimage.center_of_mass(pixels * whole))
        at = np.unique(targets[whole])
        found = np.array(ndimage.center_of_mass(np.isin(targets, at[at > 0])))
        assert np.hypot(*(middle - found)) < 1.5


def test_nothing_is_known_beyond_the_border_of_a_picture(load):
    augment = load("augment")
    places = np.indices((8, 8)).astype(float) - 4
    layers = np.ones((3, 20, 20), np.float32)
    cut = augment.sample(layers, places)
    np.testing.assert_array_equal(cut[2, :3, :3], 0)
    np.testing.assert_array_equal(cut[2, 4:, 4:], 1)
    np.testing.assert_array_equal(cut[0], 1)


class Sure:
    """A network that finds slits at certain pixels, whatever it sees."""

    size_multiple = 4

    def __init__(self, *found: tuple[int, int]) -> None:
        self.found = found

    def __call__(self, pixels: torch.Tensor) -> SimpleNamespace:
        slit = torch.full_like(pixels, -9.0)
        for y, x in self.found:
            slit[..., y, x] = 3.0
        return SimpleNamespace(slit=slit)


def test_errors_are_what_was_found_far_from_slits_and_where_the_truth_is_known(load):
    mix, micrographs = load("picture_mix"), load("micrographs")
    layers = np.ones((3, *SHAPE), np.float32)
    layers[2, :, 300:] = 0
    network = Sure((62, 81), (30, 40), (100, 310), (158, 90))
    errors = mix.false_slits(network, micrographs.Example("one", layers, SLITS))
    np.testing.assert_array_equal(errors, [[30, 40], [158, 90]])
    empty = micrographs.Example("none", layers, np.empty((0, 2)))
    assert len(mix.false_slits(network, empty)) == 3
    assert mix.false_slits(Sure(), empty).shape == (0, 2)


def test_crops_are_cut_where_the_network_was_wrong(load, monkeypatch):
    augment, micrographs = load("augment"), load("micrographs")
    empty = micrographs.Example("none", np.zeros((3, 900, 900), np.float32), np.empty((0, 2)))
    rng, errors = np.random.default_rng(0), np.array([[100.0, 800.0]])
    middles = np.array([augment.centre(empty, rng, errors) for _ in range(400)])
    is_near = (np.abs(middles - errors) <= 80).all(axis=1)
    at_errors = augment.SHARE_AT_SLITS + augment.SHARE_AT_ERRORS
    assert is_near.mean() == pytest.approx(at_errors, abs=0.08)


def test_empty_pictures_have_no_slits_and_are_not_alike(load):
    empty = load("empty_pictures")
    kinds = [empty.empty_picture(i) for i in (0, 1, 3, 5, 6)]
    for picture in kinds:
        assert picture.layers.shape == (3, empty.SIDE_PX, empty.SIDE_PX)
        assert not len(picture.slits)
        assert not picture.layers[1].any()
        assert picture.layers[2].all()
        assert np.isfinite(picture.layers).all()
        assert np.ptp(picture.layers[0]) > 0.5
    alike = np.corrcoef([picture.layers[0].ravel() for picture in kinds]) - np.eye(len(kinds))
    assert np.abs(alike).max() < 0.3
    again = empty.empty_picture(3)
    np.testing.assert_array_equal(again.layers, kinds[2].layers)


def test_a_run_that_was_stopped_goes_on_and_names_what_it_saw(load, tmp_path, monkeypatch):
    train = load("train")
    monkeypatch.setattr(load("scenes"), "SHAPE", (96, 96))
    real, work = write_folder(tmp_path / "real"), tmp_path / "work"
    command = ["train.py", "--real", str(real), "--leave-out", NAMES[0], "--work", str(work)]
    command += ["--cache", str(tmp_path / "scenes"), "--patch", "64", "--batch", "2"]
    command += ["--plain", "1", "--width", "0.05", "--save-every", "1"]
    command += ["--empty", "1", "--errors-every", "1"]
    threads = torch.get_num_threads()
    monkeypatch.setattr(sys, "argv", [*command, "--steps", "1"])
    train.main()
    first, _ = load_checkpoint(work / "model.safetensors")
    monkeypatch.setattr(sys, "argv", [*command, "--steps", "3", "--resume"])
    train.main()
    torch.set_num_threads(threads)
    second, info = load_checkpoint(work / "model.safetensors")
    assert info.job["steps_taken"] == 3
    assert NAMES[0] not in info.job["real_images"]
    assert len(info.job["real_images"]) == 4
    weights = [torch.cat([p.flatten() for p in each.parameters()]) for each in (first, second)]
    assert torch.isfinite(weights[1]).all()
    assert not torch.equal(*weights)
