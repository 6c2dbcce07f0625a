"""Maps of dots for tests of detectors."""

from __future__ import annotations

import numpy as np


def gaussian(yx, sigma_px, shape=(61, 61), height=1.0):
    y, x = np.indices(shape)
    return height * np.exp(-((y - yx[0]) ** 2 + (x - yx[1]) ** 2) / (2 * sigma_px**2))


def disc(yx, radius_px, shape=(61, 61), height=1.0, finer=1):
    """A disc; each pixel is the mean of `finer` x `finer` points of it."""
    steps = (np.arange(finer) + 0.5) / finer - 0.5
    y, x = np.indices(shape)
    inside = [
        (y + dy - yx[0]) ** 2 + (x + dx - yx[1]) ** 2 <= radius_px**2
        for dy in steps
        for dx in steps
    ]
    return height * np.mean(inside, axis=0)


def discs(centres, radius_px, height=1.0, shape=(80, 90)):
    return np.max([disc(yx, radius_px, shape, height) for yx in centres], axis=0)


def speckled(rng, shape, noise=0.05):
    """Dots of all sizes and heights under noise, in [0, 1]."""
    dots = [
        gaussian(yx, rng.uniform(0.8, 4), shape, rng.uniform(0.2, 1))
        for yx in rng.uniform(0, shape, (int(rng.integers(1, 9)), 2))
    ]
    return np.clip(np.max(dots, axis=0) + rng.normal(0, noise, shape), 0, 1)


def in_order(yx):
    return yx[np.lexsort((yx[:, 1], yx[:, 0]))]
