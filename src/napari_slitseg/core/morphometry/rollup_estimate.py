"""A figure of a glomerulus, biopsy or group: mean of means and pooled, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from scipy.special import stdtrit

from napari_slitseg.core.metrics.bootstrap_interval import UNDEFINED_TOO_OFTEN, Bootstrap, Interval
from napari_slitseg.core.morphometry.image_row import ImageRow
from napari_slitseg.core.morphometry.nested import (
    FEW_UNITS,
    Floats,
    Nesting,
    OfCounts,
    nested_intervals,
)
from napari_slitseg.core.morphometry.rollup_figures import ROLLUP_FIGURES, RollupFigure

_NOTHING: Final = "None of these images has a value of its own."
_TOO_OFTEN: Final = (
    "In too many resamples the figure is not defined, since too few images have slits: no interval."
)


_UNIFORM: Final = (
    "All units below have the same value, which tells nothing about how others would differ: no "
    "interval."
)
_UNIFORM_SHARE: Final = 1e-9


@dataclass(frozen=True)
class ShownInterval:
    """The interval that stands with a figure, wherever it is shown.

    Attributes
    ----------
    low, high : float
        NaN where there is none.
    how : str
        "t", "bootstrap", or "" where there is none.
    why : str
        Why there is none; "" where there is one.
    """

    low: float
    high: float
    how: Literal["t", "bootstrap", ""]
    why: str = ""


@dataclass(frozen=True)
class Estimate:
    """A figure of a unit.

    Attributes
    ----------
    figure : RollupFigure
    mean : Interval
        Mean of means: images to glomerulus, glomeruli to biopsy, biopsies to group, each with
        the same weight; with its nested bootstrap interval.
    pooled : Interval
        From sums over all images, so long membranes weigh more; with its interval.
    t_low, t_high : float
        Range of the mean of means by Student's t over the units right below, which are taken as
        a normal sample: the more honest one of few. Cut off at what is possible. NaN for fewer
        than two, or where all are the same.
    file_average : float
        Plain mean over images, whatever glomerulus they show; NaN without a value.
    n_images : int
        Images with a membrane of known scale.
    n_without : int
        Those of them that have no value of their own.
    """

    figure: RollupFigure
    mean: Interval
    pooled: Interval
    t_low: float
    t_high: float
    file_average: float
    n_images: int
    n_without: int

    @property
    def shown(self) -> ShownInterval:
        """The interval of the mean of means: by Student's t of few units, else by bootstrap."""
        mean = self.mean
        is_few = mean.n_units < FEW_UNITS
        low, high = (self.t_low, self.t_high) if is_few else (mean.low, mean.high)
        if high - low > _UNIFORM_SHARE * abs(mean.value):
            return ShownInterval(low, high, "t" if is_few else "bootstrap")
        is_uniform = math.isfinite(mean.value) and mean.n_units > 1
        return ShownInterval(math.nan, math.nan, "", _UNIFORM if is_uniform else mean.note)

    @property
    def note(self) -> str:
        """What to know of this figure here; "" where there is nothing."""
        if not self.n_without:
            return ""
        return f"{self.n_without} of {self.n_images} images. {self.figure.without_value}"


def estimates(
    rows: Sequence[ImageRow], nesting: Nesting, *, unit: str, how: Bootstrap | None = None
) -> dict[str, Estimate]:
    """Return every figure of a unit, by name.

    Parameters
    ----------
    rows : sequence of ImageRow
        Images of the unit that have figures.
    nesting : Nesting
        Of the same images.
    unit : str
        What the top level is: "biopsy", "glomerulus" or "image".
    how : Bootstrap, optional
    """
    how = how or Bootstrap()
    statistics = {each.name: each.pooled(rows) for each in ROLLUP_FIGURES}
    pooled = nested_intervals(nesting, statistics, unit=unit, how=how)
    means = _means(rows, nesting, unit, how)
    return {
        each.name: _estimate(each, means[each.name], pooled[each.name], rows, nesting)
        for each in ROLLUP_FIGURES
    }


def unit_means(values: Floats, nesting: Nesting) -> Floats:
    """Return the mean of means of each unit of the top level, in order; units without one fall out.

    Parameters
    ----------
    values : (N,) float64
        Of images; NaN where an image has none: it does not count.
    nesting : Nesting
        Of the same images.
    """
    has_value = ~np.isnan(values)
    if not has_value.any():
        return np.empty(0)
    kept = nesting.take(has_value)
    weighted = kept.weights * values[has_value]
    return np.asarray(np.bincount(kept.top, weighted) * kept.n_units)


def t_range(values: Floats, confidence: float) -> tuple[float, float]:
    """Return the range of a mean by Student's t; NaN for fewer than two values, or all the same."""
    n = len(values)
    if n < 2 or np.ptp(values) <= _UNIFORM_SHARE * np.abs(values).max():
        return math.nan, math.nan
    half = float(stdtrit(n - 1, (1 + confidence) / 2) * values.std(ddof=1) / math.sqrt(n))
    mean = float(values.mean())
    return mean - half, mean + half


def _means(
    rows: Sequence[ImageRow], nesting: Nesting, unit: str, how: Bootstrap
) -> dict[str, Interval]:
    """Return the mean of means of every figure; figures of the same images share their draws."""
    alike: dict[bytes, list[tuple[str, Floats]]] = {}
    for each in ROLLUP_FIGURES:
        values = each.of_images(rows)
        alike.setdefault(np.isnan(values).tobytes(), []).append((each.name, values))
    found: dict[str, Interval] = {}
    for figures in alike.values():
        has_value = ~np.isnan(figures[0][1])
        if not has_value.any():
            found |= {name: _nothing(unit, how) for name, _ in figures}
            continue
        kept = nesting.take(has_value)
        statistics = {name: _mean_of_means(values[has_value], kept) for name, values in figures}
        found |= nested_intervals(kept, statistics, unit=unit, how=how)
    return found


def _mean_of_means(values: Floats, nesting: Nesting) -> OfCounts:
    """Return what takes counts to the mean of means.

    A unit that is drawn counts fully, so each image weighs its count times its weight.
    Where a top unit is left out, the weights of the others grow alike.
    """
    weights = nesting.weights

    def of(counts: Floats) -> Floats:
        return np.asarray((counts @ (weights * values)) / (counts @ weights))

    return of


def _estimate(
    figure: RollupFigure,
    mean: Interval,
    pooled: Interval,
    rows: Sequence[ImageRow],
    nesting: Nesting,
) -> Estimate:
    values = figure.of_images(rows)
    low, high = figure.possible(*t_range(unit_means(values, nesting), mean.confidence))
    n_without = int(np.isnan(values).sum())
    average = float(np.nanmean(values)) if n_without < len(values) else math.nan
    return Estimate(figure, _told(mean), _told(pooled), low, high, average, len(rows), n_without)


def _told(interval: Interval) -> Interval:
    """Return the interval with our words for resamples without a value."""
    is_undefined = interval.note == UNDEFINED_TOO_OFTEN
    return replace(interval, note=_TOO_OFTEN) if is_undefined else interval


def _nothing(unit: str, how: Bootstrap) -> Interval:
    nan = math.nan
    return Interval(nan, nan, nan, how.confidence, how.method, 0, 0, unit, _NOTHING)
