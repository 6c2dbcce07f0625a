"""Waves with all their harmonics, on a smooth ground, fitted to an image by least squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.calibration.grating_terms import (
    N_CHANGES,
    N_GROUND,
    Floats,
    Terms,
    Waves,
    Weights,
    terms_of,
    window,
)

_ROUNDS: Final = 8
_CLIP: Final = 3.5
_SIGMA_PER_MEDIAN: Final = 1.4826


@dataclass(frozen=True, eq=False)
class WaveFit:
    """Waves as they fit an image best.

    Attributes
    ----------
    waves : Waves
    amplitudes : (K,) complex128
        Wave k is the real part of `amplitudes[k] * exp(2 pi i f . r)`, r from the image's centre.
    covariance : (B * 2, B * 2) float64
        Of the fundamental frequencies, from the scatter of parts of the image.
    bend : (B, 3) float64
        Second derivatives of the phase, cycles: (yy, yx, xx), for lengths in half image sides.
    lines, ground : (H, W) float32
        What the waves and the smooth ground add to the image.
    """

    waves: Waves
    amplitudes: NDArray[np.complex128]
    covariance: Floats
    bend: Floats
    lines: NDArray[np.float32]
    ground: NDArray[np.float32]


def fit_waves(image: NDArray[np.float32], waves: Waves) -> WaveFit:
    """Fit waves, with their frequencies, and a smooth ground.

    The frequencies must be known to about a third of a cycle per image side and highest order.
    Amplitudes may vary linearly over the image, and frequencies too; what stands out (dirt,
    letters) is clipped to 3.5 standard deviations.

    Parameters
    ----------
    image : (H, W) float32
    waves : Waves

    Returns
    -------
    WaveFit
        With a covariance that does not assume noise to be white: residuals are summed over
        blocks of the image, and over stripes along the lines, and the larger result counts.
    """
    weights = window(image.shape[0]), window(image.shape[1])
    data, amplitudes = image, _first_amplitudes(image, waves, weights)
    for number in range(_ROUNDS):
        terms = terms_of(image.shape, waves, amplitudes)
        inverse = np.linalg.pinv(terms.gram(weights), hermitian=True)
        factors = inverse @ terms.projected(data, weights)
        waves, amplitudes, moved = _moved(waves, factors, image.shape)
        if moved < 1e-6 and number >= 3:
            break
        if number >= 1:
            data = _without_outliers(image, terms.drawn(factors))
    weight = np.outer(*weights).astype(np.float32)
    residual = np.asarray((data - terms.drawn(factors)) * weight)
    start = N_GROUND + 2 * len(waves.orders)
    names = slice(start, start + N_CHANGES * len(waves.basis))
    spread = _spread(terms, residual, np.asarray(inverse[names]), waves)
    return _assembled(waves, amplitudes, terms, factors, spread, image.shape)


def _first_amplitudes(
    image: NDArray[np.float32], waves: Waves, weights: Weights
) -> NDArray[np.complex128]:
    terms = terms_of(image.shape, waves, None)
    gram = terms.gram(weights)
    factors = np.linalg.pinv(gram, hermitian=True) @ terms.projected(image, weights)
    return _amplitudes(factors, len(waves.orders))


def _amplitudes(factors: Floats, number: int) -> NDArray[np.complex128]:
    pairs = factors[N_GROUND : N_GROUND + 2 * number].reshape(number, 2)
    return np.asarray(pairs[:, 0] - 1j * pairs[:, 1])


def _moved(
    waves: Waves, factors: Floats, shape: tuple[int, ...]
) -> tuple[Waves, NDArray[np.complex128], float]:
    """Waves with the corrections that a fit asks for, and how far they moved, px**-1 * side."""
    number = len(waves.orders)
    steps = factors[N_GROUND + 2 * number :].reshape(-1, N_CHANGES)[: len(waves.basis), :2]
    steps = np.clip(steps, -0.5, 0.5)
    basis = waves.basis + steps * (2 / np.array(shape))
    return Waves(basis, waves.orders), _amplitudes(factors, number), float(np.abs(steps).max())


def _without_outliers(
    image: NDArray[np.float32], model: NDArray[np.float32]
) -> NDArray[np.float32]:
    residual = image - model
    sample = residual[:: max(1, image.shape[0] // 512), :: max(1, image.shape[1] // 512)]
    limit = _CLIP * _SIGMA_PER_MEDIAN * float(np.median(np.abs(sample)))
    return np.asarray(model + np.clip(residual, -limit, limit, out=residual))


def _spread(terms: Terms, residual: NDArray[np.float32], rows: Floats, waves: Waves) -> Floats:
    """Covariance of the first two changes of each fundamental, in cycles per half side."""
    number = 16
    scores, places = _block_scores(terms, residual, number)
    moves = scores @ rows.T
    wanted = [N_CHANGES * which + axis for which in range(len(waves.basis)) for axis in (0, 1)]
    moves = moves[:, wanted]
    best = moves.T @ moves
    for which, frequency in enumerate(waves.basis):
        along = places @ (frequency / np.hypot(*frequency))
        stripe = np.digitize(along, np.linspace(along.min(), along.max(), number)[1:])
        summed = np.stack([moves[stripe == each].sum(axis=0) for each in range(number)])
        stripes = summed.T @ summed
        if stripes[2 * which, 2 * which] + stripes[2 * which + 1, 2 * which + 1] > (
            best[2 * which, 2 * which] + best[2 * which + 1, 2 * which + 1]
        ):
            best = stripes
    return np.asarray(best)


def _block_scores(
    terms: Terms, residual: NDArray[np.float32], number: int
) -> tuple[Floats, Floats]:
    """Projections of the terms on the weighted residual of each block, and where blocks lie."""
    edges = [np.linspace(0, size, number + 1).astype(int) for size in residual.shape]
    rows, places = [], []
    for top, bottom in zip(edges[0][:-1], edges[0][1:], strict=True):
        left = terms.y[top:bottom].astype(np.float32).T @ residual[top:bottom]
        for start, stop in zip(edges[1][:-1], edges[1][1:], strict=True):
            both = left[:, start:stop] @ terms.x[start:stop].astype(np.float32)
            rows.append(both[terms.a, terms.b].astype(np.float64))
            places.append(((top + bottom) / 2, (start + stop) / 2))
    return terms.gathered(np.array(rows)), np.array(places)


def _assembled(
    waves: Waves,
    amplitudes: NDArray[np.complex128],
    terms: Terms,
    factors: Floats,
    spread: Floats,
    shape: tuple[int, ...],
) -> WaveFit:
    is_ground = np.arange(factors.size) < N_GROUND
    unit = np.tile(2 / np.array(shape), len(waves.basis))
    changes = factors[N_GROUND + 2 * len(waves.orders) :].reshape(-1, N_CHANGES)
    return WaveFit(
        waves=waves,
        amplitudes=amplitudes,
        covariance=spread * unit[:, None] * unit,
        bend=changes[: len(waves.basis), 2:],
        lines=terms.drawn(np.where(is_ground, 0.0, factors)),
        ground=terms.drawn(np.where(is_ground, factors, 0.0)),
    )
