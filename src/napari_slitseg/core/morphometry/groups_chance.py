"""Permutation test of two groups of biopsies; part of `groups`."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Final

import numpy as np

from napari_slitseg.core.morphometry.nested import Floats

_ROUNDING: Final = 1e-12


def permutation_test(
    first: Floats, second: Floats, *, n_ways: int, seed: int
) -> tuple[float, bool]:
    """Return the two-sided P of the difference of means, and whether it is exact.

    The share of the ways of dealing all values to two groups of these sizes whose means differ at
    least as much as they do. All ways are tried where there are at most `n_ways`; else so many
    random ones, and the observed one besides, so P is never 0.
    """
    every = np.concatenate([first, second])
    n, size = len(every), len(first)
    is_exact = math.comb(n, size) <= n_ways
    chosen = _all_ways(n, size) if is_exact else _random_ways(n, size, n_ways, seed)
    sums = every[chosen].sum(axis=1)
    away = np.abs(sums / size - (every.sum() - sums) / (n - size))
    observed = abs(float(first.mean() - second.mean()))
    slack = _ROUNDING * float(np.abs(every).max())
    n_far = int((away >= observed - slack).sum())
    return (n_far / len(chosen) if is_exact else (n_far + 1) / (n_ways + 1)), is_exact


def smallest_p(n_first: int, n_second: int) -> float:
    """Return the smallest two-sided P that any values of so many biopsies could have.

    With equal numbers, the mirror image of a way is as far; else one way can be alone.
    """
    ways = math.comb(n_first + n_second, n_first)
    return min(1.0, (2 if n_first == n_second else 1) / ways)


def _all_ways(n: int, size: int) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    return np.array(list(combinations(range(n), size)), np.intp)


def _random_ways(
    n: int, size: int, n_ways: int, seed: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    rng = np.random.default_rng(seed)
    return rng.permuted(np.tile(np.arange(n), (n_ways, 1)), axis=1)[:, :size]
