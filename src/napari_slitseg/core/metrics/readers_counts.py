"""Intraclass correlation of counts: how alike readers count, in one number."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import fdtri


@dataclass(frozen=True)
class IntraclassCorrelation:
    """Share of the variance of counts that is due to the images, ICC(2,1).

    Parameters
    ----------
    value : float
        1: all readers count the same; about 0: they do not agree better than chance. NaN with the
        reason where it is not defined.
    low, high : float
        Confidence limits.
    confidence : float
        Such as 0.95.
    n_images, n_readers : int
        What it rests on.
    reason : str
        Why figures are NaN; "" where none is.
    """

    value: float
    low: float
    high: float
    confidence: float
    n_images: int
    n_readers: int
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return every field by name."""
        return asdict(self)


def intraclass_correlation(counts: ArrayLike, *, confidence: float = 0.95) -> IntraclassCorrelation:
    """Return ICC(2,1) of counts: two-way random effects, absolute agreement, a single reader.

    Parameters
    ----------
    counts : (N, R) array_like
        Numbers of slits: a row an image, a column a reader.
    confidence : float
        In (0, 1).

    Returns
    -------
    IntraclassCorrelation
        NaN for fewer than two images or readers, and where all numbers are the same.

    Raises
    ------
    ValueError
        If the table has another shape or a number is not finite, or the confidence makes no sense.

    Notes
    -----
    P. E. Shrout, J. L. Fleiss, Psychol. Bull. 86 (1979); ICC(A,1) of K. O. McGraw, S. P. Wong,
    Psychol. Methods 1 (1996), with their limits. A reader who always counts more lowers it, unlike
    a correlation of Pearson. It depends on how much the images differ: the same differences of
    readers make it low where all images have about as many slits. The limits take counts as
    normal and images as independent.
    """
    table = np.asarray(counts, np.float64)
    if table.ndim != 2 or not np.isfinite(table).all():
        raise ValueError("counts must be a finite table, a row an image and a column a reader.")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}.")
    n, k = table.shape
    why = _why_none(table)
    if why:
        return IntraclassCorrelation(math.nan, math.nan, math.nan, confidence, n, k, why)
    squares = _mean_squares(table)
    images, readers, rest = squares
    value = (images - rest) / (images + (k - 1) * rest + k * (readers - rest) / n)
    low, high = _limits(value, squares, (n, k), confidence)
    return IntraclassCorrelation(value, low, high, confidence, n, k)


def _why_none(table: NDArray[np.float64]) -> str:
    n, k = table.shape
    if n < 2 or k < 2:
        return "It takes at least two images, and two readers who read them."
    return "Every image has the same number for every reader." if np.ptp(table) == 0 else ""


def _mean_squares(table: NDArray[np.float64]) -> tuple[float, float, float]:
    """Mean squares between images, between readers, and of the rest."""
    n, k = table.shape
    mean, by_image, by_reader = table.mean(), table.mean(axis=1), table.mean(axis=0)
    rest = table - by_image[:, np.newaxis] - by_reader + mean
    return (
        float(k * ((by_image - mean) ** 2).sum() / (n - 1)),
        float(n * ((by_reader - mean) ** 2).sum() / (k - 1)),
        float((rest**2).sum() / ((n - 1) * (k - 1))),
    )


def _limits(
    value: float, squares: tuple[float, float, float], sizes: tuple[int, int], confidence: float
) -> tuple[float, float]:
    """Limits of McGraw and Wong, with Satterthwaite's degrees of freedom."""
    (images, readers, rest), (n, k) = squares, sizes
    if readers == 0 and rest == 0:
        return value, value
    a, b = k * value, n + k * value * (n - 1) - n * value
    spread = (a * readers) ** 2 / (k - 1) + (b * rest) ** 2 / ((n - 1) * (k - 1))
    if spread == 0:
        return math.nan, math.nan
    freedom = (a * readers + b * rest) ** 2 / spread
    tail = (1 + confidence) / 2
    lower, upper = float(fdtri(n - 1, freedom, tail)), float(fdtri(freedom, n - 1, tail))
    noise = k * readers + (k * n - k - n) * rest
    low = n * (images - lower * rest) / (lower * noise + n * images)
    high = n * (upper * images - rest) / (noise + n * upper * images)
    return low, high
