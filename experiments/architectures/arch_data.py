"""Simulated micrographs with membrane and slits, and patches of them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_slitseg.core.losses.target import Target
from napari_slitseg.core.simulate import Scene, SceneOptions, simulate
from napari_slitseg.core.targets import dots

PATCH_PX, SCENE_PX, PIXEL_NM, RADIUS_PX = 64, 256, 10.0, 1.9
SPLIT = (30, 6, 12)
FIRST_SEED = 80_000
OPTIONS = SceneOptions((SCENE_PX, SCENE_PX), PIXEL_NM, contrast=0.8, noise=0.03, blur_nm=5.0)
CACHE = Path(tempfile.gettempdir()) / "slitseg_architectures"


@dataclass(frozen=True, eq=False)
class View:
    """A scene as a network sees it.

    Attributes
    ----------
    pixels : (3, H, W) float32
        Grey values with mean 0 and standard deviation 1, membrane and dots of slits.
    slits : (N, 2) float64
        Points (y, x), px.
    """

    pixels: NDArray[np.float32]
    slits: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Batch:
    """Patches and what they are compared with.

    Attributes
    ----------
    images : (B, 1, H, W) tensor
    membrane, slit : Target
        Masks alone.
    """

    images: Tensor
    membrane: Target
    slit: Target


def views(split: tuple[int, int, int] = SPLIT) -> tuple[list[View], list[View], list[View]]:
    """Return views for training, validation and test; every scene with slits, none twice."""
    train, validation, test = split
    found = _scenes(sum(split))
    return found[:train], found[train : train + validation], found[train + validation :][:test]


def _scenes(number: int) -> list[View]:
    path = CACHE / f"scenes_{number}_{SCENE_PX}_{PIXEL_NM:g}.npz"
    if not path.exists():
        drawn = [_view(scene) for scene in _with_slits(number)]
        CACHE.mkdir(parents=True, exist_ok=True)
        whole = path.with_suffix(".tmp.npz")
        np.savez_compressed(
            whole,
            pixels=np.stack([each.pixels for each in drawn]),
            slits=np.concatenate([each.slits for each in drawn]),
            ends=np.cumsum([len(each.slits) for each in drawn]),
        )
        whole.replace(path)
    with np.load(path) as kept:
        slits = np.split(kept["slits"], kept["ends"][:-1])
        return [View(each, yx) for each, yx in zip(kept["pixels"], slits, strict=True)]


def _with_slits(number: int) -> list[Scene]:
    found: list[Scene] = []
    seed = FIRST_SEED
    while len(found) < number:
        scene = simulate(seed, OPTIONS)
        if len(scene.slits):
            found.append(scene)
        seed += 1
    return found


def _view(scene: Scene) -> View:
    grey = scene.image.astype(np.float32)
    grey = (grey - grey.mean()) / (grey.std() + 1e-6)
    drawn = dots(scene.slits, scene.image.shape, RADIUS_PX)
    return View(np.stack([grey, scene.membrane, drawn]).astype(np.float32), scene.slits)


def batch(train: list[View], seed: int, step: int, number: int) -> Batch:
    """Return the patches of a step: a function of seed and step alone, whatever is trained."""
    rng = np.random.default_rng([seed, step])
    return as_batch(np.stack([_patch(rng, train) for _ in range(number)]))


def as_batch(pixels: NDArray[np.float32]) -> Batch:
    """Return (B, 3, H, W) pixels as images and targets."""
    both = torch.from_numpy(np.ascontiguousarray(pixels))
    return Batch(both[:, :1], Target(mask=both[:, 1:2]), Target(mask=both[:, 2:]))


def _patch(rng: np.random.Generator, train: list[View]) -> NDArray[np.float32]:
    """Cut a patch around a slit or around a point of the membrane, turned and mirrored."""
    view = train[rng.integers(len(train))]
    places = view.slits if rng.random() < 0.5 else np.argwhere(view.pixels[1] > 0)
    middle = rng.choice(places).astype(int) + rng.integers(-24, 25, 2)
    top, left = np.clip(middle - PATCH_PX // 2, 0, SCENE_PX - PATCH_PX)
    patch = view.pixels[:, top : top + PATCH_PX, left : left + PATCH_PX]
    turned = np.rot90(patch, int(rng.integers(4)), axes=(1, 2))
    return turned if rng.random() < 0.5 else turned[:, :, ::-1]
