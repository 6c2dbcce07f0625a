"""Figures that are rolled up: of one image, and pooled over images."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from napari_slitseg.core.morphometry.image_row import ImageRow
from napari_slitseg.core.morphometry.nested import Floats, OfCounts

_CHUNK_ENTRIES: Final = 2**21

Part = Callable[[ImageRow], float]


def _length(row: ImageRow) -> float:
    return row.length_nm


def _slits(row: ImageRow) -> float:
    return float(row.n_slits)


def _width(row: ImageRow) -> float:
    return float(row.widths_nm.sum())


def _n_widths(row: ImageRow) -> float:
    return float(len(row.widths_nm))


def _has_harmonic_mean(row: ImageRow) -> bool:
    return bool((row.widths_nm > 0).all())


def _inverse_width(row: ImageRow) -> float:
    return float((1 / row.widths_nm).sum()) if _has_harmonic_mean(row) else 0.0


def _n_of_inverse_width(row: ImageRow) -> float:
    return _n_widths(row) if _has_harmonic_mean(row) else 0.0


def _effaced(row: ImageRow) -> float:
    return row.effaced_nm


@dataclass(frozen=True)
class RollupFigure:
    """A figure of images, glomeruli, biopsies and groups.

    Attributes
    ----------
    name : str
        As in the table of an image.
    title, unit : str
        As a person reads them; "" for a share.
    over, under : callable or None
        What an image adds to numerator and denominator; None for the median of all widths.
    factor : float
        Of their quotient.
    without_value : str
        Which images have no value of their own, and whether they count when pooled.
    """

    name: str
    title: str
    unit: str
    over: Part | None = None
    under: Part | None = None
    factor: float = 1.0
    without_value: str = ""

    def of_images(self, rows: Sequence[ImageRow]) -> Floats:
        """Return the value of each image by itself; NaN where it has none."""
        if self.over is None or self.under is None:
            return np.array(
                [np.median(row.widths_nm) if len(row.widths_nm) else math.nan for row in rows]
            )
        return self._quotient(self._sums(rows))

    def pooled(self, rows: Sequence[ImageRow]) -> OfCounts:
        """Return what takes counts of the images (B, N) to the figure of their sums (B,)."""
        if self.over is None or self.under is None:
            return _PooledMedian(rows)
        sums = self._sums(rows)
        return lambda counts: self._quotient(counts @ sums)

    def possible(self, low: float, high: float) -> tuple[float, float]:
        """Return a range cut off at what the figure can be: no less than 0, a share at most 1."""
        most = math.inf if self.unit else 1.0
        return float(np.clip(low, 0.0, most)), float(np.clip(high, 0.0, most))

    def _sums(self, rows: Sequence[ImageRow]) -> Floats:
        over, under = self.over or _length, self.under or _length
        return np.array([[over(row), under(row)] for row in rows]).reshape(-1, 2)

    def _quotient(self, sums: Floats) -> Floats:
        """Divide the first column by the second; NaN where that is 0."""
        over, under = sums[:, 0], sums[:, 1]
        result = np.full(len(sums), math.nan)
        np.divide(self.factor * over, under, out=result, where=under > 0)
        return result


class _PooledMedian:
    """Median of all widths of images drawn so many times."""

    def __init__(self, rows: Sequence[ImageRow]) -> None:
        widths = np.concatenate([row.widths_nm for row in rows]) if rows else np.empty(0)
        image = np.repeat(np.arange(len(rows)), [len(row.widths_nm) for row in rows])
        order = np.argsort(widths, kind="stable")
        self._widths, self._image = widths[order], image[order]

    def __call__(self, counts: Floats) -> Floats:
        if not len(self._widths):
            return np.full(len(counts), math.nan)
        step = max(1, _CHUNK_ENTRIES // len(self._widths))
        return np.concatenate(
            [self._of(counts[at : at + step]) for at in range(0, len(counts), step)]
        )

    def _of(self, counts: Floats) -> Floats:
        below = np.cumsum(counts[:, self._image], axis=1)
        n = below[:, -1]
        lower = self._widths[_first(below, (n - 1) // 2)]
        upper = self._widths[_first(below, n // 2)]
        return np.where(n > 0, (lower + upper) / 2, math.nan)


def _first(below: Floats, rank: Floats) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return the index of the width of a rank, from 0, in each row."""
    return np.asarray((below > rank[:, np.newaxis]).argmax(axis=1))


_NO_WIDTH: Final = (
    "An image without two slits on one line has no foot process width: it counts nowhere in this "
    "figure. Effaced images are such, so where there are any, this figure is too small."
)
_NO_HARMONIC_MEAN: Final = (
    "An image without two slits on one line, or with two at the same place of it, has no harmonic "
    "mean: it counts nowhere in this figure."
)
_NO_SLIT: Final = (
    "An image without a slit has no value of its own, so it is left out of the mean of means; "
    "pooled, its length counts."
)
_ALL_COUNT: Final = "Every image with a membrane line counts; one without a slit with 0."

ROLLUP_FIGURES: Final = (
    RollupFigure(
        "slit_density_per_um", "Slit density", "1/µm", _slits, _length, 1000.0, _ALL_COUNT
    ),
    RollupFigure("fpw_mean_nm", "Mean foot process width", "nm", _width, _n_widths, 1.0, _NO_WIDTH),
    RollupFigure(
        "fpw_harmonic_nm",
        "Harmonic mean foot process width",
        "nm",
        _n_of_inverse_width,
        _inverse_width,
        1.0,
        _NO_HARMONIC_MEAN,
    ),
    RollupFigure("fpw_median_nm", "Median foot process width", "nm", without_value=_NO_WIDTH),
    RollupFigure(
        "fpw_length_over_count_nm",
        "Foot process width as length over count",
        "nm",
        _length,
        _slits,
        1.0,
        _NO_SLIT,
    ),
    RollupFigure(
        "fpw_stereological_nm",
        "Stereological foot process width",
        "nm",
        _length,
        _slits,
        math.pi / 4,
        _NO_SLIT,
    ),
    RollupFigure(
        "attachment_fraction", "Attachment fraction", "", _width, _length, 1.0, _ALL_COUNT
    ),
    RollupFigure("effaced_fraction", "Effaced fraction", "", _effaced, _length, 1.0, _ALL_COUNT),
)
"""Figures of glomeruli, biopsies and groups, in the order of tables."""
