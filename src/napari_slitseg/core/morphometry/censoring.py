"""Mean width where the first and the last foot process of a line are seen only in part."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

_WEIGHT_OF_AN_END = 0.5


def censored_mean(whole: ArrayLike, at_ends: ArrayLike) -> float:
    """Return the product-limit mean of widths, some of which are cut off by a line's ends.

    Wide foot processes are cut off more often than narrow ones, so the mean of whole ones alone is
    too small, and the more so the shorter the lines. Read from one end to the other, each line is
    a series of events: its whole widths, then one that is censored at the end. The product-limit
    estimator holds for such series (Peña, Strawderman and Hollander, J Am Stat Assoc
    2001;96:1299-1315, after Kaplan and Meier, J Am Stat Assoc 1958;53:457-481). Read the other way
    round, the other end is the censored one; so that neither direction is preferred, each end is at
    risk with weight one half.

    Beyond the largest value of all nothing is known, and the curve ends there: where that value is
    a censored one, the mean is a lower bound.

    Parameters
    ----------
    whole : (N,) array_like of float
        Widths between two slits, any unit.
    at_ends : (M,) array_like of float
        Lengths from a slit to the end of its line; same unit.

    Returns
    -------
    float
        In the same unit; NaN without a whole width.
    """
    widths, counts = np.unique(np.asarray(whole, np.float64), return_counts=True)
    if not len(widths):
        return float("nan")
    cut = np.sort(np.asarray(at_ends, np.float64))
    whole_at_risk = np.cumsum(counts[::-1])[::-1]
    cut_at_risk = len(cut) - np.searchsorted(cut, widths, side="left")
    stays = np.cumprod(1.0 - counts / (whole_at_risk + _WEIGHT_OF_AN_END * cut_at_risk))
    last = max(widths[-1], cut[-1]) if len(cut) else widths[-1]
    steps = np.diff(np.concatenate([[0.0], widths, [last]]))
    return float((steps * np.concatenate([[1.0], stays])).sum())
