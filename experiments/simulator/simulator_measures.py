"""Numbers that describe a patch of a micrograph, and how far apart two micrographs are by them."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.float64]

RINGS: Final = 24
SCALES_PX: Final = (1, 2, 4, 8, 16)
LEVELS: Final = 16
LAGS_PX: Final = (1, 4, 12)
WINDOWS_PX: Final = (2, 6)
QUANTILES: Final = np.linspace(0.02, 0.98, 33)


def describe(patch: Array) -> dict[str, Array]:
    """Every measure of a patch of grey values in [0, 1]."""
    return {
        "grey values": np.quantile(patch, QUANTILES),
        "power spectrum": power_spectrum(patch),
        "local contrast": local_contrast(patch),
        "co-occurrence": co_occurrence(patch),
        "orientation": coherence(patch),
    }


def power_spectrum(patch: Array) -> Array:
    """Log10 of the mean power in rings of spatial frequency, from 1/64 to 1/2 per px."""
    window = np.outer(np.hanning(patch.shape[0]), np.hanning(patch.shape[1]))
    waves = np.abs(np.fft.fft2((patch - patch.mean()) * window)) ** 2 / np.sum(window**2)
    fy, fx = (np.fft.fftfreq(side) for side in patch.shape)
    frequency = np.hypot(fy[:, None], fx[None])
    edges = np.geomspace(1 / 64, 0.5, RINGS + 1)
    ring = np.digitize(frequency, edges)
    return np.array([np.log10(waves[ring == at].mean() + 1e-9) for at in range(1, RINGS + 1)])


def local_contrast(patch: Array) -> Array:
    """Log10 of the median difference between the patch smoothed at one scale and at the next."""
    smooth = [patch] + [ndimage.gaussian_filter(patch, scale) for scale in SCALES_PX]
    steps = [np.abs(fine - rough) for fine, rough in pairwise(smooth)]
    return np.log10(np.array([np.median(step) for step in steps]) + 1e-4)


def co_occurrence(patch: Array) -> Array:
    """Homogeneity, contrast and correlation of the ranks of pixels some pixels apart."""
    levels = np.digitize(patch, np.quantile(patch, np.linspace(0, 1, LEVELS + 1)[1:-1]))
    found: list[float] = []
    for lag in LAGS_PX:
        first, second = levels[:, :-lag].ravel(), levels[:, lag:].ravel()
        apart = np.abs(first - second)
        found += [
            float(np.mean(1 / (1 + apart))),
            float(np.mean(apart**2) / LEVELS**2),
            float(np.corrcoef(first, second)[0, 1]),
        ]
    return np.array(found)


def coherence(patch: Array) -> Array:
    """Mean and spread of how much gradients agree in windows of two sizes, 0 to 1."""
    gy, gx = (ndimage.gaussian_filter(patch, 1, order=order) for order in ((1, 0), (0, 1)))
    found: list[float] = []
    for window in WINDOWS_PX:
        yy, xx, yx = (ndimage.gaussian_filter(g, window) for g in (gy * gy, gx * gx, gy * gx))
        agree = np.hypot(yy - xx, 2 * yx) / (yy + xx + 1e-9)
        found += [float(agree.mean()), float(agree.std())]
    return np.array(found)


def apart(first: dict[str, Array], second: dict[str, Array]) -> dict[str, float]:
    """Root mean square difference of each measure of two micrographs."""
    return {name: float(np.sqrt(np.mean((first[name] - second[name]) ** 2))) for name in first}


def mean_of(patches: list[dict[str, Array]]) -> dict[str, Array]:
    """Each measure, averaged over the patches of a micrograph."""
    return {name: np.mean([patch[name] for patch in patches], axis=0) for name in patches[0]}
