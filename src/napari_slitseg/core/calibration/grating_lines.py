"""Find the lines of a grating in a prepared photograph: candidates, fit, tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.calibration.grating_cross import (
    LEAST_ANGLE_DEG,
    LONGEST_RATIO,
    angle_between,
    best_lattice,
)
from napari_slitseg.core.calibration.grating_evidence import (
    FEWEST_LINES,
    has_both,
    highest_common_order,
    is_centred,
    missed_divisor,
    regularity,
    share_explained,
)
from napari_slitseg.core.calibration.grating_fit import WaveFit, fit_waves
from napari_slitseg.core.calibration.grating_image import binned, middle
from napari_slitseg.core.calibration.grating_search import (
    Peaks,
    best_comb,
    evidence_of,
    find_peaks,
)
from napari_slitseg.core.calibration.grating_terms import Floats, Waves, lines_across
from napari_slitseg.core.calibration.grating_words import no_peaks, not_regular, not_square

LEAST_SIGNIFICANCE: Final = 10.0
"""Of tissue no comb comes near; gratings have 20 to 1000. Where few lines cross the image, more is
asked, as the larger structures of tissue may lie at equal distances by chance."""

LARGEST_DOUBT: Final = 0.002
"""A period that is known no better, relative to itself, is none of a grating."""

_ENOUGH_LINES: Final = 8.0

_MOST_DIRECTIONS: Final = 2
_MOST_ORDERS: Final = 12
_CROSS_ORDERS: Final = 4
_PX_PER_LINE: Final = 12
_FEWEST_BINS: Final = 192
_SEARCHED_SIDE_PX: Final = 2048
_FITTED_SIDE_PX: Final = 1024
_BELOW_NYQUIST: Final = 0.45
_WEAK: Final = 0.2
_CROSS_EVIDENCE: Final = 1.3


@dataclass(frozen=True, eq=False)
class Found:
    """Lines of a grating.

    Attributes
    ----------
    image : (H, W) float32
        What was fitted: the photograph in larger pixels, or its middle.
    bin_px : int
        Side of such a pixel, in pixels of the photograph.
    fit : WaveFit
        With one fundamental, or the two of a cross grating.
    significance, explained : float
        See `GratingScale`.
    stripes_px : float or None
        Period of weaker lines that were left out, px of the photograph.
    """

    image: NDArray[np.float32]
    bin_px: int
    fit: WaveFit
    significance: float
    explained: float
    stripes_px: float | None = None

    @property
    def frequency(self) -> Floats:
        """First fundamental (y, x), cycles per px of the photograph."""
        return np.asarray(self.fit.waves.basis[0] / self.bin_px)

    @property
    def period_px(self) -> float:
        """Of the first fundamental, px of the photograph."""
        return float(1 / np.hypot(*self.frequency))

    @property
    def n_lines(self) -> float:
        """Periods across the image, of the widest set of lines."""
        return float(lines_across(self.fit.waves.basis, self.fit.lines.shape).min())

    @property
    def doubt(self) -> float:
        """Standard uncertainty of the first period, as a share."""
        frequency = self.fit.waves.basis[0]
        variance = frequency @ self.fit.covariance[:2, :2] @ frequency
        return float(np.sqrt(variance) / (frequency @ frequency))

    @property
    def is_regular(self) -> bool:
        """Whether these are lines of a grating."""
        needed = LEAST_SIGNIFICANCE * max(1.0, _ENOUGH_LINES / self.n_lines) ** 2
        is_known = self.doubt <= LARGEST_DOUBT and self.n_lines >= FEWEST_LINES
        return self.significance >= needed and is_known


def find_lines(image: NDArray[np.float32]) -> Found:
    """Find plain or crossed lines.

    Raises
    ------
    NoGrating
        If there are none.
    """
    peaks = find_peaks(middle(image, _SEARCHED_SIDE_PX))
    combs = _directions(peaks)
    cross = _crossed(image, peaks, combs)
    if cross is not None:
        return cross
    tried = [_with_true_order(image, each) for each in combs]
    if not tried:
        raise no_peaks()
    good = [each for each in tried if each.is_regular]
    if not good:
        best = max(tried, key=lambda each: each.significance)
        raise not_regular(best.period_px, best.n_lines, best.doubt)
    return _of_several(image, good)


def _of_several(image: NDArray[np.float32], good: list[Found]) -> Found:
    """Return the stronger of two sets of lines, or both if they are those of a cross grating."""
    first, *rest = sorted(good, key=lambda each: -each.explained)
    if not rest:
        return first
    if rest[0].explained < _WEAK * first.explained:
        return replace(first, stripes_px=rest[0].period_px)
    angle = angle_between(first.frequency, rest[0].frequency)
    periods = first.period_px, rest[0].period_px
    if angle < LEAST_ANGLE_DEG or max(periods) > LONGEST_RATIO * min(periods):
        raise not_square(periods, angle)
    return _fitted(image, first.frequency, rest[0].frequency)


def _crossed(image: NDArray[np.float32], peaks: Peaks, combs: list[Floats]) -> Found | None:
    """Fit a cross grating, if its lattice explains much more than a comb does."""
    lattice = best_lattice(peaks)
    if lattice is None or not combs:
        return None
    one, other, evidence = lattice
    if evidence < _CROSS_EVIDENCE * evidence_of(peaks, combs[0]):
        return None
    found = _fitted(image, one, other)
    if is_centred(found.image, found.fit):
        first, second = found.fit.waves.basis / found.bin_px
        found = _fitted(image, (first + second) / 2, (first - second) / 2)
    is_good = found.is_regular and has_both(found.image, found.fit)
    return found if is_good else None


def _directions(peaks: Peaks) -> list[Floats]:
    """Best comb, best comb in another direction, and so on."""
    found: list[Floats] = []
    while len(found) < _MOST_DIRECTIONS:
        comb = best_comb(peaks, found)
        if comb is None:
            break
        found.append(comb)
    return found


def _with_true_order(image: NDArray[np.float32], frequency: Floats) -> Found:
    """Fit a comb; correct it where it is a multiple of the true one, or the other way round."""
    found = _fitted(image, frequency)
    common = highest_common_order(found.image, found.fit)
    if common > 1:
        return _fitted(image, found.frequency * common)
    divisor = missed_divisor(found.image, found.fit)
    return found if divisor == 1 else _fitted(image, found.frequency / divisor)


def _fitted(image: NDArray[np.float32], *basis: Floats) -> Found:
    """Fit one or two fundamentals, in an image whose pixels are not finer than needed."""
    finest = max(np.hypot(*each) for each in basis)
    whole = max(1, min(int(1 / (finest * _PX_PER_LINE)), min(image.shape) // _FEWEST_BINS))
    small = middle(binned(image, whole), _FITTED_SIDE_PX)
    waves = _waves(np.array(basis) * whole)
    fit = fit_waves(small, waves)
    significance, _ = regularity(small, fit)
    return Found(small, whole, fit, significance, share_explained(small, fit))


def _waves(basis: Floats) -> Waves:
    """All harmonics that pixels can show; for two fundamentals their low sums, too."""
    if len(basis) == 1:
        array = np.arange(1, _MOST_ORDERS + 1)[:, None]
    else:
        axes = [(order, 0) for order in range(1, _CROSS_ORDERS + 1)]
        sums = [(1, 1), (1, -1), (2, 1), (2, -1), (1, 2), (1, -2)]
        array = np.array([*axes, *((b, a) for a, b in axes), *sums])
    seen = np.abs(array @ basis).max(axis=1) < _BELOW_NYQUIST
    is_fundamental = np.abs(array).sum(axis=1) == 1
    return Waves(basis, array[seen | is_fundamental])
