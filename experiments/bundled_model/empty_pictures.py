"""Pictures without podocytes, drawn: noise, stripes, discs, and cells with dark borders.

What has no slit in it must give none. Real sections without podocytes are kept for the test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from micrographs import Array, Example, normalised
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import KDTree

SIDE_PX: Final = 640
FIRST_SEED: Final = 300_000

Random = np.random.Generator


def empty_pictures(number: int) -> list[Example]:
    """Return so many pictures, of all kinds in turn; membrane and slits are empty."""
    return [empty_picture(i) for i in range(number)]


def empty_picture(index: int) -> Example:
    """One picture, its grey values normalised as a micrograph's."""
    rng = np.random.default_rng(FIRST_SEED + index)
    drawn = KINDS[index % len(KINDS)](rng) + 0.1 * rng.random() * rng.standard_normal(
        (SIDE_PX,) * 2
    )
    soft = ndimage.gaussian_filter(drawn, rng.uniform(0.3, 2))
    grey = (soft - soft.min()) / (np.ptp(soft) + 1e-9)
    pixels = np.asarray(np.rint(255 * grey), np.uint8)
    membrane, weight = np.zeros(pixels.shape, np.float32), np.ones(pixels.shape, np.float32)
    layers = np.stack([normalised(pixels), membrane, weight])
    return Example(f"empty {index}", layers, np.empty((0, 2)))


def grain(rng: Random) -> Array:
    """Noise of a random coarseness, elongated or not."""
    sigma = np.exp(rng.uniform(np.log(0.5), np.log(20))) * rng.uniform(0.6, 1.6, 2)
    noise = ndimage.gaussian_filter(rng.standard_normal((SIDE_PX,) * 2), sigma, mode="wrap")
    return np.asarray(noise / noise.std(), np.float32)


def stripes(rng: Random) -> Array:
    """Wavy parallel lines."""
    y, x = np.indices((SIDE_PX,) * 2)
    angle, period = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(8), np.log(120)))
    along = x * np.cos(angle) + y * np.sin(angle) + rng.uniform(0, 15) * swaying(8, rng)
    waves = np.sin(2 * np.pi * along / period)
    return np.asarray(np.clip(rng.uniform(1, 4) * waves, -1, 1), np.float32)


def swaying(knots: int, rng: Random) -> Array:
    """Smooth field through `knots` x `knots` random numbers of standard deviation 1."""
    return np.asarray(ndimage.zoom(rng.standard_normal((knots, knots)), SIDE_PX / knots))


def discs(rng: Random) -> Array:
    """Dark and bright round bodies with or without an outline."""
    y, x = np.indices((SIDE_PX,) * 2)
    out = 0.1 * grain(rng)
    for _ in range(int(rng.integers(5, 60))):
        cy, cx = rng.uniform(0, SIDE_PX, 2)
        radius = np.exp(rng.uniform(np.log(6), np.log(70)))
        away = np.hypot((y - cy) * rng.uniform(0.7, 1.4), x - cx) - radius
        out = np.where(away < 0, rng.uniform(-1, 1), out)
        out = np.where(np.abs(away) < rng.uniform(1, 4), rng.uniform(-1.5, -0.3), out)
    return np.asarray(out, np.float32)


def cells(rng: Random) -> Array:
    """Cut processes side by side, with dark borders, dense bodies and vesicles, as in a nerve."""
    places = np.indices((SIDE_PX,) * 2).reshape(2, -1).T + 0.0
    bent = [6 * swaying(20, rng).ravel() for _ in range(2)]
    number = int(np.exp(rng.uniform(np.log(30), np.log(700))))
    middles = rng.uniform(-20, SIDE_PX + 20, (number, 2))
    reach, nearest = KDTree(middles).query(places + np.stack(bent, axis=1), k=2)
    border: NDArray[np.float64] = (reach[:, 1] - reach[:, 0]).reshape(SIDE_PX, SIDE_PX)
    fill = rng.uniform(0.2, 1, number)[nearest[:, 0]].reshape(SIDE_PX, SIDE_PX)
    dark = np.exp(-((border / rng.uniform(2, 8)) ** 2))
    return np.asarray(fill - rng.uniform(0.7, 1.5) * dark + bodies(rng), np.float32)


def bodies(rng: Random) -> Array:
    """Small dark and bright spots in a part of the picture."""
    spots = ndimage.gaussian_filter(rng.standard_normal((SIDE_PX,) * 2), rng.uniform(1.5, 5))
    where = ndimage.gaussian_filter(rng.standard_normal((SIDE_PX,) * 2), 40) > 0
    extreme = np.abs(spots) > rng.uniform(1.8, 2.8) * spots.std()
    return np.asarray(rng.uniform(0.3, 1) * np.sign(spots) * extreme * where, np.float32)


def blank(rng: Random) -> Array:
    """Little but a slope, and now and then a scale bar."""
    y, x = np.indices((SIDE_PX,) * 2) / SIDE_PX
    out = rng.uniform(-1, 1) * x + rng.uniform(-1, 1) * y + rng.uniform(0, 0.3) * grain(rng)
    if rng.random() < 0.5:
        thickness, length = int(rng.integers(4, 14)), int(rng.integers(60, 300))
        out[600 : 600 + thickness, 40 : 40 + length] = rng.choice([-3, 3])
    return np.asarray(out, np.float32)


KINDS: Final[tuple[Callable[[Random], Array], ...]] = (
    cells,
    grain,
    cells,
    discs,
    cells,
    stripes,
    blank,
)
