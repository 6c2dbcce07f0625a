"""Batches that depend on the seed and the step alone, so that every recipe sees the same."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from distance_scenes import Scene, turn, turn_points
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from napari_slitseg.core.training.batch import Batch

BATCH: Final = 4
WINDOW_PX: Final = 6.0

Varied = tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]


def batch_at(scenes: list[Scene], seed: int, step: int, *, windows: bool = False) -> Batch:
    """Return the pictures of a step, turned, mirrored, brighter or darker.

    Parameters
    ----------
    scenes : list of Scene
        Pictures to train with.
    seed, step : int
        All that chance depends on.
    windows : bool
        Whether slits are unknown far from the membrane.
    """
    rng = np.random.default_rng((seed, 3, step))
    parts = [_varied(rng, scenes[i]) for i in rng.integers(0, len(scenes), BATCH)]
    membrane = np.stack([each[1] for each in parts])
    far = np.stack([far_from(each) for each in membrane]) if windows else np.zeros_like(membrane)
    return Batch(
        pixels=torch.from_numpy(np.stack([each[0] for each in parts])[:, None]),
        slits=[torch.from_numpy(each[2]) for each in parts],
        membrane=torch.from_numpy(membrane[:, None].astype(np.float32)),
        slit_unknown=torch.from_numpy(far[:, None]),
        membrane_unknown=torch.zeros((len(parts), 1, *membrane.shape[1:]), dtype=torch.bool),
    )


def stacked(scenes: list[Scene]) -> Tensor:
    """Return the pictures as they are, (N, 1, H, W)."""
    return torch.from_numpy(np.stack([each.pixels for each in scenes])[:, None])


def far_from(membrane: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return where the membrane is farther away than a window reaches; all of it without one."""
    away: NDArray[Any] = distance_transform_edt(~membrane)
    return np.asarray((away > WINDOW_PX) | ~membrane.any())


def _varied(rng: np.random.Generator, scene: Scene) -> Varied:
    quarters, flip = int(rng.integers(4)), bool(rng.integers(2))
    gain, bias = rng.uniform(0.85, 1.15), rng.uniform(-0.2, 0.2)
    pixels = turn(scene.pixels, quarters, flip=flip) * np.float32(gain) + np.float32(bias)
    points = turn_points(scene.labelled_yx, quarters, flip=flip)
    return pixels, turn(scene.membrane, quarters, flip=flip), points
