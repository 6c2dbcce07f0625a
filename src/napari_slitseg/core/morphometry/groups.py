"""Whether groups of biopsies differ, and by how much."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

from napari_slitseg.core.morphometry.groups_chance import permutation_test, smallest_p
from napari_slitseg.core.morphometry.groups_words import comparison_words
from napari_slitseg.core.morphometry.nested import Floats

_NONE: Final = (math.nan, math.nan)


@dataclass(frozen=True)
class GroupComparison:
    """Two groups, side by side; each biopsy counts once.

    Attributes
    ----------
    first, second : str
        Names of the groups.
    n_first, n_second : int
        Biopsies with a value.
    mean_first, mean_second : float
        Means of the biopsies; NaN without one.
    difference : float
        Second mean - first mean.
    difference_range : (float, float)
        By Welch's t: 95 % unless told otherwise. NaN where a group has fewer than two biopsies.
    ratio : float
        Second mean / first mean; NaN where a mean is not above 0.
    ratio_range : (float, float)
        By Welch's t on the logarithm of the ratio (delta method).
    p : float
        Of the permutation test; NaN where a group has fewer than two biopsies.
    is_exact : bool
        Whether every way of dealing the biopsies to the groups was tried.
    p_smallest : float
        Smallest P that any result with so many biopsies could have.
    p_welch : float
        Of Welch's t test, which takes biopsies of a group as normal; for reference.
    p_holm : float
        P of the permutation test after Holm's correction for all pairs of groups.
    n_pairs : int
        How many pairs of groups were compared.
    confidence : float
        Of the ranges.
    """

    first: str
    second: str
    n_first: int
    n_second: int
    mean_first: float = math.nan
    mean_second: float = math.nan
    difference: float = math.nan
    difference_range: tuple[float, float] = _NONE
    ratio: float = math.nan
    ratio_range: tuple[float, float] = _NONE
    p: float = math.nan
    is_exact: bool = True
    p_smallest: float = math.nan
    p_welch: float = math.nan
    p_holm: float = math.nan
    n_pairs: int = 1
    confidence: float = 0.95

    def words(self, title: str, unit: str) -> str:
        """Return what was found in sentences that claim no more than was shown.

        Parameters
        ----------
        title, unit : str
            Of the figure; the unit of a share is "".
        """
        return comparison_words(self, title, unit)


def compare_groups(
    values: Mapping[str, ArrayLike],
    *,
    confidence: float = 0.95,
    n_ways: int = 20_000,
    seed: int = 0,
) -> tuple[GroupComparison, ...]:
    """Compare all pairs of groups.

    Parameters
    ----------
    values : mapping of str to (N,) array_like of float
        Figures of the biopsies of each group; those without a value (NaN) do not count.
    confidence : float
        Of the ranges, in (0, 1).
    n_ways : int
        Random ways of dealing biopsies to groups where there are more.
    seed : int
        Of the random ways.

    Raises
    ------
    ValueError
        If the confidence makes no sense.

    Notes
    -----
    Two-sided permutation test of the difference of means: R. A. Fisher, "The Design of
    Experiments" (1935); random ways count the one observed. Range: B. L. Welch, Biometrika 34
    (1947). Correction: S. Holm, Scand. J. Stat. 6 (1979).
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}.")
    known = {name: _known(figures) for name, figures in values.items()}
    found = [
        _compared(names, (known[names[0]], known[names[1]]), confidence, (n_ways, seed))
        for names in combinations(known, 2)
    ]
    return _holm(found)


def _known(figures: ArrayLike) -> Floats:
    array = np.asarray(figures, np.float64).reshape(-1)
    return np.asarray(array[np.isfinite(array)])


def _compared(
    names: tuple[str, str], sides: tuple[Floats, Floats], confidence: float, chance: tuple[int, int]
) -> GroupComparison:
    first, second = sides
    plain = GroupComparison(*names, len(first), len(second), confidence=confidence)
    if not (len(first) and len(second)):
        return plain
    means = float(first.mean()), float(second.mean())
    can_divide = min(means) > 0
    plain = replace(
        plain,
        mean_first=means[0],
        mean_second=means[1],
        difference=means[1] - means[0],
        ratio=means[1] / means[0] if can_divide else math.nan,
    )
    if min(len(first), len(second)) < 2:
        return plain
    p, is_exact = permutation_test(first, second, n_ways=chance[0], seed=chance[1])
    low, high, p_welch = _welch(means[1] - means[0], _errors(sides), confidence)
    return replace(
        plain,
        difference_range=(low, high),
        ratio_range=_ratio_range(means, sides, confidence) if can_divide else _NONE,
        p=p,
        is_exact=is_exact,
        p_smallest=smallest_p(len(first), len(second)),
        p_welch=p_welch,
    )


def _errors(sides: Sequence[Floats]) -> tuple[tuple[float, int], tuple[float, int]]:
    """Return the squared standard error of the mean and the number, of both sides."""
    first, second = ((float(s.var(ddof=1)) / len(s), len(s)) for s in sides)
    return first, second


def _welch(
    away: float, errors: tuple[tuple[float, int], tuple[float, int]], confidence: float
) -> tuple[float, float, float]:
    """Return the range of a difference by Welch's t, and P of none."""
    whole = sum(square for square, _ in errors)
    if not whole:
        return away, away, 1.0 if not away else 0.0
    degrees = whole**2 / sum(square**2 / (n - 1) for square, n in errors)
    error = math.sqrt(whole)
    half = float(stdtrit(degrees, (1 + confidence) / 2)) * error
    return away - half, away + half, float(2 * stdtr(degrees, -abs(away) / error))


def _ratio_range(
    means: tuple[float, float], sides: tuple[Floats, Floats], confidence: float
) -> tuple[float, float]:
    first, second = (
        (square / mean**2, n) for (square, n), mean in zip(_errors(sides), means, strict=True)
    )
    low, high, _ = _welch(math.log(means[1] / means[0]), (first, second), confidence)
    return math.exp(min(low, 700)), math.exp(min(high, 700))


def _holm(found: Sequence[GroupComparison]) -> tuple[GroupComparison, ...]:
    """Correct the P values for all pairs that have one."""
    order = sorted(
        (i for i, each in enumerate(found) if not math.isnan(each.p)), key=lambda i: found[i].p
    )
    corrected, largest = {}, 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * found[i].p))
        corrected[i] = largest
    return tuple(
        replace(each, p_holm=corrected.get(i, math.nan), n_pairs=len(found))
        for i, each in enumerate(found)
    )
