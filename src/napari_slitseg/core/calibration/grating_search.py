"""Where the spectrum of an image has peaks, and which comb explains them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.calibration.grating_evidence import FEWEST_LINES
from napari_slitseg.core.calibration.grating_terms import Floats, lines_across, window

Indices = NDArray[np.int64]

OFF_BINS: Final = 0.4
"""A peak that lies farther from a tooth of a comb, in cycles per image side, is not its."""

PRICE_OF_A_TOOTH: Final = 0.7
"""What a comb pays for each tooth up to its last, in logarithms of the peaks' ratios."""

_PEAK_RATIO: Final = 25.0
_MOST_PEAKS: Final = 60
_FIRST: Final = 12
_DIVISORS: Final = 12
_RING_BINS: Final = 2.0
_NOT_A_WAVE_BINS: Final = 2.2


@dataclass(frozen=True, eq=False)
class Peaks:
    """Peaks of a spectrum above what is usual at their distance from its centre.

    Attributes
    ----------
    frequency : (N, 2) float64
        (y, x), cycles per px; of each pair +f, -f the one with x >= 0.
    ratio : (N,) float64
        Power over the usual power; strongest first.
    shape : (height, width)
        Of the image.
    """

    frequency: Floats
    ratio: Floats
    shape: tuple[int, int]

    def bins(self, frequency: Floats) -> Floats:
        """Frequencies in cycles per image side."""
        return np.asarray(frequency * np.array(self.shape))

    def on_comb(self, fundamental: Floats) -> NDArray[np.bool_]:
        """Which peaks are multiples of a frequency, within less than half a cycle per side."""
        order = self.frequency @ fundamental / (fundamental @ fundamental)
        order = np.rint(order)
        off = self.bins(self.frequency - order[:, None] * fundamental)
        return np.asarray((np.hypot(*off.T) < OFF_BINS) & (order != 0))

    def lines(self, fundamental: Floats) -> float:
        """Periods across the image."""
        return float(lines_across(fundamental, self.shape))


def find_peaks(image: NDArray[np.float32]) -> Peaks:
    """Find peaks of the windowed spectrum, refined to a fraction of a bin."""
    from scipy import fft, ndimage

    shape = image.shape[0], image.shape[1]
    weighted = image * (window(shape[0])[:, None] * window(shape[1])).astype(np.float32)
    size = [fft.next_fast_len(side, real=True) for side in shape]
    power = np.abs(fft.rfft2(weighted, size, workers=2)) ** 2
    log_power = np.log(power + 1e-30)
    fy, fx = fft.fftfreq(size[0])[:, None], fft.rfftfreq(size[1])[None]
    log_ratio = log_power - _usual(log_power, fy, fx, shape)
    log_ratio[np.hypot(fy * shape[0], fx * shape[1]) < _NOT_A_WAVE_BINS] = 0
    strong = log_ratio > np.log(_PEAK_RATIO)
    highest = ndimage.maximum_filter(log_ratio, 5, mode="wrap") == log_ratio
    rows, columns = np.nonzero(strong & highest)
    best = np.argsort(-log_ratio[rows, columns])[: 2 * _MOST_PEAKS]
    rows, columns = rows[best], columns[best]
    places = np.stack([_vertex(log_power, rows, columns, axis) for axis in (0, 1)], axis=1)
    frequency = (places + np.stack([rows, columns], axis=1)) / size
    frequency[frequency[:, 0] >= 0.5, 0] -= 1
    ratio = np.exp(log_ratio[rows, columns])
    return _once(frequency, ratio, shape)


def _usual(
    log_power: NDArray[np.float32], fy: Floats, fx: Floats, shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Logarithm of the mean power of noise at the same distance from the centre."""
    ring = (np.hypot(fy, fx) * (min(shape) / _RING_BINS)).astype(np.int32)
    number = np.bincount(ring.ravel())
    mean = np.bincount(ring.ravel(), log_power.ravel()) / np.maximum(number, 1)
    return np.asarray((mean + np.euler_gamma).astype(np.float32)[ring])


def _vertex(values: NDArray[np.float32], rows: Indices, columns: Indices, axis: int) -> Floats:
    """Where a parabola through a peak and its two neighbours has its vertex, from the peak."""
    step = (1, 0) if axis == 0 else (0, 1)
    height, width = values.shape

    def at(sign: int) -> Floats:
        y, x = rows + sign * step[0], columns + sign * step[1]
        mirrored = (x < 0) | (x >= width)
        y, x = np.where(mirrored, -y, y), np.where(x >= width, 2 * width - 2 - x, np.abs(x))
        return np.asarray(values[y % height, x], np.float64)

    below, middle, above = at(-1), at(0), at(1)
    curve = np.minimum(below - 2 * middle + above, -1e-9)
    return np.asarray(np.clip((below - above) / (2 * curve), -0.6, 0.6))


def _once(frequency: Floats, ratio: Floats, shape: tuple[int, int]) -> Peaks:
    """One of each pair +f, -f, and of peaks that touch."""
    kept: list[int] = []
    frequency = np.where(frequency[:, 1:] < -1e-12, -frequency, frequency)
    sides = np.array(shape)
    for number, each in enumerate(frequency):
        others = frequency[kept]
        near = np.minimum(
            np.abs((others - each) * sides).max(axis=1, initial=0),
            np.abs((others + each) * sides).max(axis=1, initial=0),
        )
        if not kept or (near > 2).all():
            kept.append(number)
    kept = kept[:_MOST_PEAKS]
    return Peaks(frequency[kept], ratio[kept], shape)


def candidates(peaks: Peaks) -> Iterator[Floats]:
    """Fundamentals that some strong peak may be a multiple, or a difference, of."""
    first = peaks.frequency[:_FIRST]
    for each in first:
        for divisor in range(1, _DIVISORS + 1):
            yield each / divisor
    for one, other in combinations(first, 2):
        yield one - other
        yield one + other


def best_comb(peaks: Peaks, without: Sequence[Floats] = ()) -> Floats | None:
    """Return the fundamental whose multiples explain most peaks; of equal ones the highest.

    Parameters
    ----------
    peaks : Peaks
    without : sequence of (2,) float64
        Fundamentals whose direction, within 15 degrees, is not looked at.
    """
    best, most, is_found = np.zeros(2), 0.0, False
    for each in candidates(peaks):
        if peaks.lines(each) < FEWEST_LINES or any(_is_along(each, other) for other in without):
            continue
        evidence = evidence_of(peaks, each)
        is_higher = evidence > most - 1e-9 and np.hypot(*each) > np.hypot(*best) * 1.01
        if evidence > most + 1e-9 or is_higher:
            best, most, is_found = each, max(evidence, most), True
    return refined(peaks, best) if is_found and most > 0 else None


def evidence_of(peaks: Peaks, fundamental: Floats) -> float:
    """Return how much better a comb explains the peaks than noise does; each of its teeth costs."""
    on = peaks.on_comb(fundamental)
    if not on.any():
        return 0.0
    order = np.abs(peaks.frequency[on] @ fundamental) / (fundamental @ fundamental)
    return float(np.log(peaks.ratio[on]).sum() - PRICE_OF_A_TOOTH * np.rint(order.max()))


def _is_along(one: Floats, other: Floats) -> bool:
    share = abs(one @ other) / (np.hypot(*one) * np.hypot(*other))
    return bool(share > np.cos(np.deg2rad(15)))


def refined(peaks: Peaks, fundamental: Floats) -> Floats:
    """Return the fundamental that fits its peaks best."""
    on = peaks.on_comb(fundamental)
    order = np.rint(peaks.frequency[on] @ fundamental / (fundamental @ fundamental))
    weight = np.log(peaks.ratio[on])
    if not on.any():
        return fundamental
    total = (weight * order) @ peaks.frequency[on]
    return np.asarray(total / (weight * order**2).sum())
