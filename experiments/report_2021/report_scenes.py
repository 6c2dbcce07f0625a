"""Simulated crops, made once and kept in a folder of temporary files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from report_plan import Size
from torch import Tensor

from napari_slitseg.core.image_normalisation import Normalisation
from napari_slitseg.core.losses.study_values import detected
from napari_slitseg.core.simulate import Scene, SceneOptions, simulate
from napari_slitseg.core.targets import dots

Array = NDArray[Any]

PIXEL_SIZE_NM: Final = 16.0
"""That of the study's images of 640 x 640 px."""
DOT_RADIUS_PX: Final = 2.0
_FIRST_SCENE: Final = {"train": 0, "validation": 400, "test": 700}
_LEAST_SLITS: Final = 3


@dataclass(frozen=True, eq=False)
class Crops:
    """Crops of micrographs with their truth.

    Attributes
    ----------
    images, membranes, slits : (N, 1, S, S) float32 tensors
        Grey values about -1 to 1; masks of 0 and 1.
    points : list of (M, 2) float64 arrays
        Slits (y, x), px.
    """

    images: Tensor
    membranes: Tensor
    slits: Tensor
    points: list[NDArray[np.float64]]

    @cached_property
    def from_masks(self) -> list[Array]:
        """What the determinant of Hessian finds in the masks: the study's truth."""
        return detected(self.slits, "doh", 0.5)


@lru_cache(maxsize=12)
def crops(seed: int, part: str, size: Size, cache: Path) -> Crops:
    """Return the crops of one part ("train", "validation", "test") of a seed."""
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / f"{size.name}_{part}_{seed}.npz"
    if not path.exists():
        _save(path, *_draw(seed, part, size))
    with np.load(path) as kept:
        ends = np.cumsum(kept["counts"])[:-1]
        points = np.split(kept["points"], ends)
        images, membranes = (torch.from_numpy(kept[name]) for name in ("images", "membranes"))
    shape = (images.shape[-2], images.shape[-1])
    slits = np.stack([dots(yx, shape, DOT_RADIUS_PX) for yx in points])[:, None]
    return Crops(images, membranes, torch.from_numpy(slits), points)


def _save(path: Path, images: Array, membranes: Array, points: list[Array]) -> None:
    counts = np.array([len(yx) for yx in points])
    np.savez(path, images=images, membranes=membranes, points=np.concatenate(points), counts=counts)


def _draw(seed: int, part: str, size: Size) -> tuple[Array, Array, list[Array]]:
    rng = np.random.default_rng([seed, _FIRST_SCENE[part]])
    shape = (size.field_px, size.field_px)
    options = SceneOptions(shape=shape, pixel_size_nm=PIXEL_SIZE_NM, effacement=0.05, noise=0.04)
    cut: list[tuple[Array, ...]] = []
    number = seed * 1000 + _FIRST_SCENE[part]
    while len(cut) < size.scenes[part] * size.crops_per_scene:
        cut += _cut(simulate(number, options), size, rng)
        number += 1
    images, membranes, points = zip(*cut, strict=True)
    return np.stack(images)[:, None], np.stack(membranes)[:, None].astype(np.float32), [*points]


def _cut(scene: Scene, size: Size, rng: np.random.Generator) -> list[tuple[Array, ...]]:
    """Return crops around slits drawn at random, with enough slits in each."""
    normalisation = Normalisation()
    grey = normalisation.apply(scene.image, *normalisation.range_of(scene.image))
    found: list[tuple[Array, ...]] = []
    for yx in rng.permutation(scene.slits)[: 4 * size.crops_per_scene]:
        shift = rng.uniform(-size.side_px / 4, size.side_px / 4, 2) - size.side_px / 2
        corner = np.clip(yx + shift, 0, size.field_px - size.side_px).astype(int)
        inside = scene.slits - corner
        inside = inside[((inside >= 0) & (inside <= size.side_px - 1)).all(axis=1)]
        window = tuple(slice(first, first + size.side_px) for first in corner)
        if len(inside) >= _LEAST_SLITS and len(found) < size.crops_per_scene:
            found.append((grey[window], scene.membrane[window], inside))
    return found


def batch(drawn: Crops, seed: int, step: int, number: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return images, membranes and slits of a step: a pure function, turned and mirrored."""
    rng = np.random.default_rng([seed, step])
    rows = rng.choice(len(drawn.images), number, replace=len(drawn.images) < number)
    stack = torch.stack([drawn.images[rows], drawn.membranes[rows], drawn.slits[rows]])
    turned = torch.rot90(stack, int(rng.integers(4)), (-2, -1))
    images, membranes, slits = turned.flip(-1) if rng.random() < 0.5 else turned
    return images, membranes, slits
