"""How sure a figure of one biopsy is, and how many images a wanted precision would take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.morphometry.image_row import ImageRow
from napari_slitseg.core.morphometry.nested import Floats, Nesting, without_one
from napari_slitseg.core.morphometry.rollup_estimate import unit_means
from napari_slitseg.core.morphometry.rollup_figures import RollupFigure

Kind = Literal["pooled", "mean"]

PRECISIONS: Final = (0.05, 0.1)
"""Usual wanted half widths of the interval, as a share of the figure."""

_Z: Final = 1.959963984540054
_FEW: Final = 10


@dataclass(frozen=True, eq=False)
class Convergence:
    """A figure after the first, the first two, ... of its images, in random orders.

    Attributes
    ----------
    n_images : (M,) int64
        1 to the number of images with figures.
    middle, low, high : (M,) float64
        Median, 2.5 % and 97.5 % of the orders; NaN where more than half of them have no value.
    final : float
        With all images.
    """

    n_images: NDArray[np.int64]
    middle: Floats
    low: Floats
    high: Floats
    final: float


@dataclass(frozen=True)
class ImagesNeeded:
    """How many images a wanted precision takes.

    Attributes
    ----------
    wanted : float
        Half width of the 95 % range (1.96 standard errors), as a share of the figure.
    n : int or None
        Images; None where it cannot be told.
    at_hand : int
        Images there are.
    reached : float
        Half width with these, as a share of the figure; NaN where it cannot be told.
    words : str
        The same for a person, with what to doubt.
    """

    wanted: float
    n: int | None
    at_hand: int
    reached: float
    words: str


def convergence(
    rows: Sequence[ImageRow],
    figure: RollupFigure,
    *,
    kind: Kind = "pooled",
    n_orders: int = 500,
    seed: int = 0,
) -> Convergence:
    """Return how a figure settles as images are added in random order.

    The envelope narrows to nothing at the last image, where every order has the same ones: it
    shows how the figure would have varied had one stopped earlier, not how sure the last value is.

    Parameters
    ----------
    rows : sequence of ImageRow
        Images of one biopsy that have figures.
    figure : RollupFigure
    kind : str
        "pooled", or "mean": plain mean of the images that have a value.
    n_orders : int
        How many orders.
    seed : int
        Of the orders.
    """
    n = len(rows)
    rng = np.random.default_rng(seed)
    orders = rng.permuted(np.tile(np.arange(n), (n_orders, 1)), axis=1)
    place = orders.argsort(axis=1)
    pooled, values = figure.pooled(rows), figure.of_images(rows)
    drawn = np.empty((n, n_orders))
    for m in range(1, n + 1):
        counts = (place < m).astype(np.float64)
        drawn[m - 1] = pooled(counts) if kind == "pooled" else _means(counts, values)
    return _envelope(drawn)


def images_needed(
    rows: Sequence[ImageRow],
    nesting: Nesting,
    figure: RollupFigure,
    wanted: float,
    *,
    kind: Kind = "pooled",
) -> ImagesNeeded:
    """Return how many images of a biopsy would make the 95 % range as narrow as wanted.

    The standard error falls with the square root of the number of images as long as further ones
    are taken as these were: as many in each glomerulus, from further glomeruli. It is taken as at
    least that of independent images: of few glomeruli it is often far too small by chance, and
    what images of a glomerulus have in common only makes it larger.

    Parameters
    ----------
    rows : sequence of ImageRow
        Images that have figures.
    nesting : Nesting
        Of the same images, glomeruli at the top; images where no glomerulus is named.
    figure : RollupFigure
    wanted : float
        Half width of the range as a share of the figure, above 0.
    kind : str
        "pooled" or "mean" (of means).

    Raises
    ------
    ValueError
        If the wanted precision is not above 0.
    """
    if not 0 < wanted < math.inf:
        raise ValueError(f"A wanted precision is a share above 0, such as 0.05, not {wanted}.")
    value, error, n_units = standard_error(rows, nesting, figure, kind=kind)
    _, apart, _ = standard_error(rows, Nesting.of([], len(rows)), figure, kind=kind)
    error = np.fmax(error, apart) if n_units > 1 else error
    if math.isnan(error) or not value:
        words = "It takes two units with a value, such as two glomeruli, to tell."
        return ImagesNeeded(wanted, None, len(rows), math.nan, words)
    reached = _Z * error / abs(value)
    n = max(2, math.ceil(len(rows) * (reached / wanted) ** 2))
    return ImagesNeeded(wanted, n, len(rows), reached, _words(wanted, n, len(rows), n_units))


def standard_error(
    rows: Sequence[ImageRow], nesting: Nesting, figure: RollupFigure, *, kind: Kind = "pooled"
) -> tuple[float, float, int]:
    """Return a figure, its standard error, and how many independent units there are.

    The standard error is that of the mean of the units right below ("mean"), or the jackknife's
    over them ("pooled"; B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap" (1993),
    chapter 11). NaN for fewer than two units; the jackknife is rough for a median.
    """
    if kind == "mean":
        units = unit_means(figure.of_images(rows), nesting)
        n = len(units)
        value = float(units.mean()) if n else math.nan
        return value, float(units.std(ddof=1) / math.sqrt(n)) if n > 1 else math.nan, n
    pooled, n = figure.pooled(rows), nesting.n_units
    value = float(pooled(np.ones((1, len(rows))))[0])
    if n < 2:
        return value, math.nan, n
    others = pooled(without_one(nesting))
    return value, float(np.sqrt((n - 1) / n * ((others - others.mean()) ** 2).sum())), n


def _means(counts: Floats, values: Floats) -> Floats:
    has_value = ~np.isnan(values)
    n = counts @ has_value
    total = counts @ np.where(has_value, values, 0.0)
    means = np.full(len(n), math.nan)
    np.divide(total, n, out=means, where=n > 0)
    return means


def _envelope(drawn: Floats) -> Convergence:
    """Return quantiles over the orders (M, n_orders) that have a value."""
    ends = np.full((3, len(drawn)), math.nan)
    for m, of_orders in enumerate(drawn):
        known = of_orders[~np.isnan(of_orders)]
        if 2 * len(known) >= len(of_orders) > 0:
            ends[:, m] = np.quantile(known, [0.5, 0.025, 0.975])
    final = float(drawn[-1, 0]) if len(drawn) else math.nan
    return Convergence(np.arange(1, len(drawn) + 1), ends[0], ends[1], ends[2], final)


def _words(wanted: float, n: int, at_hand: int, n_units: int) -> str:
    if n <= at_hand:
        said = f"±{wanted:.0%} takes about {n} images; there are {at_hand}."
    else:
        said = (
            f"±{wanted:.0%} would take about {n} images like these; there are {at_hand}, so this "
            "is extrapolated."
        )
    few = f" Rough, since told from {n_units} independent units only." if n_units < _FEW else ""
    return said + few
