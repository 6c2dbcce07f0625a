"""Pictures of the study: simulated chests with two lobes, and crops with a membrane."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.simulate import SceneOptions, simulate

SIDE_PX = 32
SPLIT = (96, 12, 64)
SCENES, SCENE_PX, SCENE_NM = 64, 192, 20.0
CACHE = Path(tempfile.gettempdir()) / "slitseg_two_lobes"

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures and their masks.

    Attributes
    ----------
    images : (N, 1, H, W) float32
        Mean 0 and standard deviation 1 in each picture.
    masks : (N, 1, H, W) float32
        0 or 1.
    """

    images: NDArray[np.float32]
    masks: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.images)


def parts(task: str, seed: int, split: tuple[int, ...] = SPLIT) -> tuple[Pictures, ...]:
    """Return the pictures for training, validation and test of one seed.

    Parameters
    ----------
    task : str
        ``"lobes"`` or ``"membrane"``.
    seed : int
        Other seeds, other pictures (lobes) or other crops and sides of scenes (membrane).
    split : tuple of int
        Pictures of each part.
    """
    rng = np.random.default_rng([seed, 1])
    return tuple((_lobes if task == "lobes" else _membranes)(rng, split))


def _lobes(rng: np.random.Generator, split: tuple[int, ...]) -> list[Pictures]:
    return [_normalised([chest(rng) for _ in range(number)]) for number in split]


def chest(
    rng: np.random.Generator, side_px: int = SIDE_PX
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Draw one chest: two dark lobes of varying outline under ribs, a heart, a gradient and grain.

    Returns
    -------
    image : (H, W) float32
    mask : (H, W) bool
        The lobes.
    """
    at = (np.arange(side_px) + 0.5) / side_px * 2 - 1
    y, x = np.meshgrid(at, at, indexing="ij")
    shift, tilt = rng.normal(0, 0.06, 2), rng.normal(0, 0.08)
    y, x = y - shift[0] + tilt * x, x - shift[1] - tilt * y
    size = rng.uniform(0.85, 1.15)
    mask = _lobe(rng, y, x + 0.42, size) | _lobe(rng, y, x - 0.42, size)
    image = rng.uniform(0.5, 0.7) + rng.normal(0, 0.1) * y + rng.normal(0, 0.1) * x
    image = image - rng.uniform(0.15, 0.3) * mask + _ribs(rng, y, x) + _heart(rng, y, x)
    return (image + rng.normal(0, rng.uniform(0.04, 0.09), y.shape)).astype(np.float32), mask


def _lobe(rng: np.random.Generator, y: Floats, x: Floats, size: float) -> NDArray[np.bool_]:
    height, width = size * rng.uniform(0.52, 0.72), size * rng.uniform(0.24, 0.34)
    v, u = (y - rng.normal(0, 0.05)) / height, x / width
    angle = np.arctan2(v, u)
    waves = sum(
        rng.normal(0, 0.1 / k) * np.cos(k * angle + rng.uniform(0, 2 * np.pi)) for k in range(2, 6)
    )
    inside: NDArray[np.bool_] = np.hypot(v, u) < 1 + waves
    return inside


def _ribs(rng: np.random.Generator, y: Floats, x: Floats) -> Floats:
    period, bend = rng.uniform(0.28, 0.4), rng.uniform(0.3, 0.6)
    phase = (y + bend * x**2) / period + rng.uniform(0, 1)
    ribs: Floats = rng.uniform(0.03, 0.1) * np.clip(np.cos(2 * np.pi * phase), 0, None)
    return ribs


def _heart(rng: np.random.Generator, y: Floats, x: Floats) -> Floats:
    top, side, size = rng.normal(0.3, 0.06), rng.normal(0.12, 0.05), rng.uniform(0.2, 0.32)
    heart: Floats = rng.uniform(0.05, 0.15) * np.exp(
        -(((y - top) ** 2 + (x - side) ** 2) / size**2)
    )
    return heart


def _membranes(rng: np.random.Generator, split: tuple[int, ...]) -> list[Pictures]:
    """Return crops around points of the membrane; a scene serves one part only."""
    images, masks = scenes()
    order = rng.permutation(len(images))
    ends = np.cumsum([0, *split]) * len(images) // sum(split)
    return [
        _normalised([_crop(rng, images, masks, order[low:high]) for _ in range(number)])
        for number, (low, high) in zip(split, pairwise(ends), strict=True)
    ]


def _crop(
    rng: np.random.Generator,
    images: NDArray[np.uint8],
    masks: NDArray[np.bool_],
    among: NDArray[np.intp],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    scene = rng.choice(among)
    middle = rng.choice(np.argwhere(masks[scene])) + rng.integers(-8, 9, 2)
    top, left = np.clip(middle - SIDE_PX // 2, 0, SCENE_PX - SIDE_PX)
    window = (scene, slice(top, top + SIDE_PX), slice(left, left + SIDE_PX))
    return images[window].astype(np.float32), masks[window]


def scenes(number: int = SCENES) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return simulated micrographs (N, H, W) and their membranes, drawn once and then kept."""
    path = CACHE / f"scenes_{number}_{SCENE_PX}_{SCENE_NM:g}.npz"
    if not path.exists():
        drawn = [simulate(70_000 + i, _OPTIONS) for i in range(number)]
        drawn = [scene for scene in drawn if scene.membrane.any()]
        CACHE.mkdir(parents=True, exist_ok=True)
        whole = path.with_suffix(".tmp.npz")
        images = np.stack([scene.image for scene in drawn])
        np.savez_compressed(whole, images=images, masks=np.stack([each.membrane for each in drawn]))
        whole.replace(path)
    with np.load(path) as kept:
        return kept["images"], kept["masks"]


_OPTIONS = SceneOptions((SCENE_PX, SCENE_PX), SCENE_NM, contrast=0.8, noise=0.03, blur_nm=5.0)


def _normalised(drawn: list[tuple[NDArray[np.float32], NDArray[np.bool_]]]) -> Pictures:
    images = np.stack([image for image, _ in drawn])[:, None]
    spread = images.std((2, 3), keepdims=True) + 1e-6
    masks = np.stack([mask for _, mask in drawn])[:, None].astype(np.float32)
    return Pictures((images - images.mean((2, 3), keepdims=True)) / spread, masks)
