"""P values of paired differences; part of `paired`."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import bdtr

from napari_slitseg.core.metrics.bootstrap import OfSums
from napari_slitseg.core.metrics.figures import Floats

_ALL_WAYS_UP_TO: Final = 12
_EXACT_UP_TO: Final = 50
_ROUNDING: Final = 1e-12


def sign_test(n_better: int, n_worse: int) -> float:
    """Return the two-sided P of so many signs if both were as likely; 1 without any."""
    n = n_better + n_worse
    return min(1.0, 2 * float(bdtr(min(n_better, n_worse), n, 0.5))) if n else 1.0


def wilcoxon_test(differences: Floats) -> float:
    """Return the two-sided P of Wilcoxon's signed rank test, zeros left out; 1 without others.

    Exact up to 12 differences, and up to 50 without ties; else by the normal distribution.
    """
    some = differences[differences != 0]
    if not len(some):
        return 1.0
    from scipy.stats import rankdata, wilcoxon

    if len(some) > _ALL_WAYS_UP_TO:
        has_ties = len(np.unique(np.abs(some))) < len(some)
        exact = len(some) <= _EXACT_UP_TO and not has_ties
        return float(wilcoxon(some, method="exact" if exact else "asymptotic").pvalue)
    rank = rankdata(np.abs(some))
    positive = _ways(len(some), 0, 0) @ rank
    far = np.abs(positive - rank.sum() / 2)
    observed = abs(float(rank[some > 0].sum()) - rank.sum() / 2)
    return float(np.mean(far >= observed - _ROUNDING))


def swap_test(
    first: Floats, second: Floats, statistic: OfSums, *, n_swaps: int, seed: int
) -> float:
    """Return the two-sided P of a pooled difference if the names of the two sides meant nothing.

    Each unit's results are swapped between the sides or not; P is the share of the ways that make
    the difference as large as it is. Unlike a bootstrap interval it does not claim too much when
    there are few units: with n of them P is at least 2 / 2^n.

    Parameters
    ----------
    first, second : (N, K) array of float
        What each unit (image or biopsy) adds to the sums of either side.
    statistic : callable
        (B, K) sums to (B,) values.
    n_swaps : int
        Random ways that are tried with more than 12 units; up to that, all are.
    seed : int
        Of the random ways.

    Returns
    -------
    float
        In (0, 1]; NaN where the difference is not defined.

    Notes
    -----
    Paired randomisation test: R. A. Fisher, "The Design of Experiments" (1935), section 21. Random
    ways count the one that was observed, so P is never 0.
    """
    swapped = _ways(len(first), n_swaps, seed)
    change = second - first
    moved = swapped @ change
    with np.errstate(invalid="ignore"):
        difference = np.abs(
            statistic(second.sum(axis=0) - moved) - statistic(first.sum(axis=0) + moved)
        )
    observed = difference[0]
    if np.isnan(observed):
        return float("nan")
    return float(np.mean(np.nan_to_num(difference, nan=np.inf) >= observed - _ROUNDING))


def _ways(n_units: int, n_swaps: int, seed: int) -> Floats:
    """Which units are swapped in each way, (B, n_units) of 0 and 1; in the first none."""
    if n_units <= _ALL_WAYS_UP_TO:
        every = np.arange(2**n_units)[:, np.newaxis] >> np.arange(n_units)
        return (every & 1).astype(np.float64)
    drawn = np.random.default_rng(seed).integers(0, 2, (n_swaps, n_units))
    return np.vstack([np.zeros((1, n_units)), drawn])
