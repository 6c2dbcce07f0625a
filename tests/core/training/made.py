"""Small examples and the settings that change nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_slitseg.core.training.examples import Example
from napari_slitseg.core.training.patches import draw_patch
from napari_slitseg.core.training.spec_augmentation import NoAugmentation

NEUTRAL = NoAugmentation().full()


def changed(**settings):
    """Nothing is varied but what is given."""
    return replace(NEUTRAL, **settings)


def example(pixels, slits=(), uncertain=(), membrane=None, **others):
    return Example(
        name="made",
        pixels=np.asarray(pixels, np.float32),
        slits_yx=np.reshape(np.asarray(slits, float), (-1, 2)),
        uncertain_yx=np.reshape(np.asarray(uncertain, float), (-1, 2)),
        membrane=None if membrane is None else np.asarray(membrane, np.float32),
        pixel_size_nm=10.0,
        **others,
    )


def noise(shape, seed=0):
    """Pixels that are all different, within -1 and 1."""
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def dots(shape, yx, sigma_px=2.0):
    """Gaussians of height 1 on 0."""
    y, x = np.indices(shape, sparse=True)
    return sum(
        np.exp(-((y - at_y) ** 2 + (x - at_x) ** 2) / (2 * sigma_px**2)) for at_y, at_x in yx
    ).astype(np.float32)


def centre_of_mass(image, yx, reach=14):
    """Middle of what is bright around a place, px."""
    top, left = np.maximum(np.rint(yx).astype(int) - reach, 0)
    window = image[top : top + 2 * reach + 1, left : left + 2 * reach + 1].astype(float)
    rows, columns = np.indices(window.shape)
    total = window.sum()
    return np.array([top + (rows * window).sum() / total, left + (columns * window).sum() / total])


def drawn(examples, augmentation=NEUTRAL, *, patch_px=64, radius_px=5.0, seed=0, epoch=0, index=0):
    return draw_patch(
        examples if isinstance(examples, (list, tuple)) else [examples],
        augmentation,
        patch_px=patch_px,
        uncertain_radius_px=radius_px,
        seed=seed,
        epoch=epoch,
        index=index,
    )


def many(examples, augmentation=NEUTRAL, n=100, **settings):
    return [drawn(examples, augmentation, index=i, **settings) for i in range(n)]


def same(one, other):
    """Whether two patches are equal to the last bit."""
    names = ("pixels", "slits_yx", "membrane", "slit_known", "membrane_known")
    return all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in names)
