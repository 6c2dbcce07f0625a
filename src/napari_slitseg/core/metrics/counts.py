"""Penalties and fractions that follow from numbers of points alone."""

from __future__ import annotations

import math


def point_loss(
    n_predicted: int, n_annotated: int, *, under_power: float = 3.0, over_power: float = 2.0
) -> float:
    """Return the penalty on the difference of the numbers of points.

    With d = n_predicted - n_annotated: d ** over_power where there are too many (d > 0), and
    |d| ** under_power where there are too few.

    Parameters
    ----------
    n_predicted, n_annotated : int
        Numbers of points, at least 0.
    under_power, over_power : float
        Exponents, above 0. The study's k_l = 3 and k_s = 2.

    Returns
    -------
    float
        At least 0. A difference of one costs 1 either way; the asymmetry begins at two.

    Raises
    ------
    ValueError
        If a number is negative or a power is not positive.

    Notes
    -----
    "Distance Loss for Improved Slit Segmentation" (2021), algorithm 2, for one image.
    """
    _check_counts(n_predicted=n_predicted, n_annotated=n_annotated)
    difference = float(n_predicted - n_annotated)
    return _asymmetric_power(difference, under_power, over_power)


def proportional_point_loss(
    n_predicted: int,
    n_annotated: int,
    *,
    under_power: float = 3.0,
    over_power: float = 2.0,
    scale: float = 10.0,
) -> float:
    """Return the point loss of the relative difference of the numbers of points.

    As `point_loss` with d = scale * (n_predicted - n_annotated) / max(n_predicted, n_annotated),
    and 0 where both numbers are 0.

    Parameters
    ----------
    n_predicted, n_annotated : int
        Numbers of points, at least 0.
    under_power, over_power : float
        Exponents, above 0.
    scale : float
        Above 1. Too few points cost more than too many from a relative difference of 1 / scale
        on. At 1 the asymmetry would be inverted: 0.5 ** 3 < 0.5 ** 2.

    Returns
    -------
    float
        In [0, scale ** max(under_power, over_power)].

    Raises
    ------
    ValueError
        If a number is negative, a power is not positive or the scale is not above 1.
    """
    _check_counts(n_predicted=n_predicted, n_annotated=n_annotated)
    if not scale > 1:
        raise ValueError(f"scale must be above 1, or erasing is cheaper than inventing: {scale}.")
    largest = max(n_predicted, n_annotated)
    relative = (n_predicted - n_annotated) / largest if largest else 0.0
    return _asymmetric_power(scale * relative, under_power, over_power)


def count_ratio(n_predicted: float, n_annotated: float) -> float:
    """Return n_predicted / n_annotated: below 1 points were erased, above 1 invented.

    Without annotations: NaN where nothing was predicted either, else infinite.

    Raises
    ------
    ValueError
        If a number is negative.
    """
    _check_counts(n_predicted=n_predicted, n_annotated=n_annotated)
    if n_annotated == 0:
        return math.inf if n_predicted else math.nan
    return n_predicted / n_annotated


def precision(true_positive: int, false_positive: int, missed: int) -> float:
    """Return the fraction of predictions that are right, tp / (tp + fp).

    Without predictions: 1 where nothing was to be found either, else NaN.

    Raises
    ------
    ValueError
        If a number is negative.
    """
    _check_counts(true_positive=true_positive, false_positive=false_positive, missed=missed)
    return _fraction(true_positive, true_positive + false_positive, empty=missed == 0)


def recall(true_positive: int, false_positive: int, missed: int) -> float:
    """Return the fraction of annotations that were found, tp / (tp + missed).

    Without annotations: 1 where nothing was predicted either, else NaN.

    Raises
    ------
    ValueError
        If a number is negative.
    """
    _check_counts(true_positive=true_positive, false_positive=false_positive, missed=missed)
    return _fraction(true_positive, true_positive + missed, empty=false_positive == 0)


def f1(true_positive: int, false_positive: int, missed: int) -> float:
    """Return 2 tp / (2 tp + fp + missed), in [0, 1]; 1 where all three are 0.

    Raises
    ------
    ValueError
        If a number is negative.
    """
    _check_counts(true_positive=true_positive, false_positive=false_positive, missed=missed)
    return _fraction(2 * true_positive, 2 * true_positive + false_positive + missed, empty=True)


def _check_counts(**counts: float) -> None:
    for name, count in counts.items():
        if count < 0:
            raise ValueError(f"{name} is a number of points and cannot be {count}.")


def _asymmetric_power(difference: float, under_power: float, over_power: float) -> float:
    if not (under_power > 0 and over_power > 0):
        raise ValueError(f"Powers must be positive, got {under_power=} and {over_power=}.")
    return float(abs(difference) ** (over_power if difference > 0 else under_power))


def _fraction(part: int, whole: int, *, empty: bool) -> float:
    if whole:
        return part / whole
    return 1.0 if empty else math.nan
