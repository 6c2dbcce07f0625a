"""Drawn membranes with slits between foot processes, and batches of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from torch import Tensor

from napari_slitseg.core.losses.target import Target
from napari_slitseg.core.targets import dots

SIDE_PX, PIXEL_NM, RADIUS_PX = 64, 10.0, 1.9
SPLIT = (120, 12, 32)
MEMBRANE_PX, FEET_PX = 2.2, 8.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class View:
    """A picture as a network sees it.

    Attributes
    ----------
    pixels : (3, H, W) float32
        Grey values with mean 0 and standard deviation 1, membrane and dots of slits.
    slits : (N, 2) float64
        Points (y, x), px.
    """

    pixels: NDArray[np.float32]
    slits: Floats


@dataclass(frozen=True, eq=False)
class Batch:
    """Pictures and what they are compared with.

    Attributes
    ----------
    images : (B, 1, H, W) tensor
    membrane, slit : Target
        Masks alone.
    """

    images: Tensor
    membrane: Target
    slit: Target


@lru_cache(maxsize=3)
def views(seed: int, split: tuple[int, ...] = SPLIT) -> list[list[View]]:
    """Return pictures for training, validation and test of one seed."""
    rng = np.random.default_rng([seed, 1])
    return [[view(rng) for _ in range(number)] for number in split]


def view(rng: np.random.Generator) -> View:
    """Draw one picture: a curved membrane, feet on its outside, clutter and grain.

    On the inside lie dark bodies with bright gaps as well, which are no slits.
    """
    depth, along, centre, radius = _arc(rng)
    lines = np.cumsum(rng.uniform(6, 11, 60)) - 250
    away = np.abs(along[..., None] - lines).min(axis=-1)
    grey = np.select(
        [depth < -MEMBRANE_PX, depth <= MEMBRANE_PX, depth < FEET_PX],
        [_inside(rng, depth), np.full_like(depth, 0.55), np.where(away < 0.9, 0.85, 0.25)],
        0.85,
    )
    grey = gaussian_filter(grey, rng.uniform(0.4, 0.8)) * rng.uniform(0.7, 1.0)
    grey += rng.normal(0, rng.uniform(0.03, 0.08), grey.shape)
    angles = lines / radius
    yx = centre + (radius + 1.5) * np.stack([np.sin(angles), np.cos(angles)], axis=1)
    slits = yx[(np.abs(angles) < np.pi) & (yx >= 0).all(axis=1) & (yx <= SIDE_PX - 1).all(axis=1)]
    grey = (grey - grey.mean()) / (grey.std() + 1e-6)
    stripe, drawn = np.abs(depth) <= MEMBRANE_PX, dots(slits, grey.shape, RADIUS_PX)
    return View(np.stack([grey, stripe, drawn]).astype(np.float32), slits)


def _arc(rng: np.random.Generator) -> tuple[Floats, Floats, Floats, float]:
    """Return depth outwards and way along a circle through the middle, its centre and radius."""
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX].astype(float)
    radius, towards = float(rng.uniform(20, 70)), rng.uniform(0, 2 * np.pi)
    passes = SIDE_PX / 2 + rng.uniform(-10, 10, 2)
    centre = passes - radius * np.array([np.sin(towards), np.cos(towards)])
    depth = np.hypot(y - centre[0], x - centre[1]) - radius
    return depth, radius * np.arctan2(y - centre[0], x - centre[1]), centre, radius


def _inside(rng: np.random.Generator, depth: Floats) -> Floats:
    """Return the grey of the inside: bright, with dark bodies a few pixels off the membrane."""
    clutter = gaussian_filter(rng.normal(size=depth.shape), 2.5)
    dark = (clutter > 0.35 * clutter.std()) & (depth < -2 * MEMBRANE_PX)
    return np.where(dark, 0.3, 0.75)


def batch(train: list[View], seed: int, step: int, number: int) -> Batch:
    """Return the pictures of a step: a function of seed and step alone, whatever is trained."""
    chosen = np.random.default_rng([seed, 2, step]).integers(len(train), size=number)
    both = torch.from_numpy(np.stack([train[each].pixels for each in chosen]))
    return Batch(both[:, :1], Target(mask=both[:, 1:2]), Target(mask=both[:, 2:]))
