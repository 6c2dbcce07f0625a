"""Whether waves that were fitted to an image are lines of a grating."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.calibration.grating_fit import WaveFit
from napari_slitseg.core.calibration.grating_terms import Floats, lines_across, window

_BLOCKS: Final = 12
_SURE: Final = 15.0
_LEAST_STRENGTH: Final = 0.02
FEWEST_LINES: Final = 4.0
"""A comb needs at least so many periods across the image."""


def regularity(image: NDArray[np.float32], fit: WaveFit) -> tuple[float, Floats]:
    """How alike the lines are in all parts of an image.

    Parameters
    ----------
    image : (H, W) float32
    fit : WaveFit

    Returns
    -------
    significance : float
        Mean strength of the fitted lines in 12 x 12 blocks, over its standard error.
    gains : (M,) float64
        Strength in each block, relative to that of the whole image.
    """
    detail = image - fit.ground
    same, own = _block_sums(fit.lines * detail), _block_sums(fit.lines * fit.lines)
    weight = _block_sums(np.outer(*(window(side) for side in image.shape)))
    score = weight * (same - own)
    spread = float(np.sqrt((score**2).sum()))
    significance = float((weight * own).sum()) / max(spread, 1e-12)
    return significance, np.asarray((same / np.maximum(own, 1e-12)).ravel())


def share_explained(image: NDArray[np.float32], fit: WaveFit) -> float:
    """Share of the image's variance, without its smooth ground, that the lines are."""
    weight = np.outer(*(window(side) for side in image.shape)).astype(np.float32)
    detail = image - fit.ground
    left = float((weight * (detail - fit.lines) ** 2).sum())
    return 1 - left / max(float((weight * detail**2).sum()), 1e-12)


def coherence(image: NDArray[np.float32], frequency: Floats) -> float:
    """How much a wave keeps its phase over an image: about 1 for noise, up to 60 for a wave."""
    waves = []
    for axis, side in enumerate(image.shape):
        place = np.arange(side) - (side - 1) / 2
        wave = window(side) * np.exp(-2j * np.pi * frequency[axis] * place)
        waves.append(wave.astype(np.complex64))
    edges = [np.linspace(0, side, _BLOCKS + 1).astype(int) for side in image.shape]
    right = np.stack(
        [image[:, a:b] @ waves[1][a:b] for a, b in zip(edges[1][:-1], edges[1][1:], strict=True)]
    )
    both = np.add.reduceat(right * waves[0], edges[0][:-1], axis=1)
    return float(np.abs(both.sum()) ** 2 / max(float((np.abs(both) ** 2).sum()), 1e-12))


def _block_sums(values: NDArray[np.floating]) -> Floats:
    edges = [np.linspace(0, side, _BLOCKS + 1).astype(int)[:-1] for side in values.shape]
    in_rows = np.add.reduceat(values, edges[0], axis=0)
    return np.asarray(np.add.reduceat(in_rows, edges[1], axis=1), np.float64)


def strong_orders(image: NDArray[np.float32], fit: WaveFit) -> tuple[list[int], list[float]]:
    """Return the orders of the first fundamental that are surely there, and their amplitudes."""
    is_first = (fit.waves.orders[:, 1:] == 0).all(axis=1)
    left = image - fit.ground - fit.lines
    orders, strengths = [], []
    floor = _LEAST_STRENGTH * float(np.abs(fit.amplitudes).max())
    for order, amplitude in zip(fit.waves.orders[is_first], fit.amplitudes[is_first], strict=True):
        if abs(amplitude) < floor:
            continue
        frequency = order[0] * fit.waves.basis[0]
        if coherence(left + _wave(image.shape, frequency, amplitude), frequency) > _SURE:
            orders.append(int(order[0]))
            strengths.append(float(abs(amplitude)))
    return orders, strengths


def _wave(shape: tuple[int, ...], frequency: Floats, amplitude: complex) -> NDArray[np.float32]:
    """Draw a wave alone: stronger ones would hide it where few lines cross a part of the image."""
    y, x = (
        np.exp(2j * np.pi * each * (np.arange(side) - (side - 1) / 2))
        for each, side in zip(frequency, shape, strict=True)
    )
    return np.asarray(np.outer(amplitude * y, x).real, np.float32)


def highest_common_order(image: NDArray[np.float32], fit: WaveFit) -> int:
    """Return the number by which a fundamental is too low: all waves are multiples of it."""
    orders, _ = strong_orders(image, fit)
    return math.gcd(*orders) if orders else 1


def missed_divisor(image: NDArray[np.float32], fit: WaveFit) -> int:
    """Return 2 or 3 where waves at halves or thirds of the orders are surely there, else 1."""
    left = image - fit.ground - fit.lines
    fundamental = fit.waves.basis[0]
    for divisor in (2, 3):
        between = [order for order in range(1, 3 * divisor) if order % divisor]
        waves = [fundamental * order / divisor for order in between]
        if any(_is_sure(left, wave, fit) for wave in waves if _is_seen(wave, image.shape)):
            return divisor
    return 1


def is_centred(image: NDArray[np.float32], fit: WaveFit) -> bool:
    """Whether the lattice of a cross grating lacks the waves in the middle of its cells."""
    left = image - fit.ground - fit.lines
    one, other = fit.waves.basis / 2
    return _is_sure(left, one + other, fit) or _is_sure(left, one - other, fit)


def has_both(image: NDArray[np.float32], fit: WaveFit) -> bool:
    """Whether both sets of lines of a cross grating are surely there."""
    detail = image - fit.ground
    found = set()
    for order, wave in zip(fit.waves.orders, fit.waves.frequencies, strict=True):
        if coherence(detail, wave) > _SURE:
            found |= set(np.flatnonzero(order))
    return found == {0, 1}


def _is_seen(wave: Floats, shape: tuple[int, ...]) -> bool:
    """Whether pixels can show a wave, and it is none of light that is uneven."""
    return bool(np.abs(wave).max() < 0.5 and lines_across(wave, shape) >= FEWEST_LINES)


def _is_sure(left: NDArray[np.float32], wave: Floats, fit: WaveFit) -> bool:
    floor = _LEAST_STRENGTH * float(np.abs(fit.amplitudes).max())
    return _amplitude(left, wave) > floor and coherence(left, wave) > _SURE


def _amplitude(image: NDArray[np.float32], frequency: Floats) -> float:
    """Amplitude of a wave, by the windowed Fourier transform."""
    total: NDArray[Any] = image
    weight = 1.0
    for side, each in zip(image.shape, frequency, strict=True):
        place = np.arange(side) - (side - 1) / 2
        total = (window(side) * np.exp(-2j * np.pi * each * place)).astype(np.complex64) @ total
        weight *= float(window(side).sum())
    return float(2 * abs(total) / weight)
