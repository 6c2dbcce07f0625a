"""Confidence intervals by resampling images, or whole biopsies."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_slitseg.core.metrics.bootstrap_interval import (
    Bootstrap,
    Draws,
    Interval,
    Method,
    make_interval,
)

__all__ = ["Bootstrap", "Interval", "Method", "interval_of", "interval_of_sums"]

OfSums = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Statistic of sums over images: (B, K) sums in, (B,) values out."""

OfImages = Callable[[NDArray[np.intp]], float]
"""Statistic of a selection of images: their indices in (repeats allowed), one value out."""

_CHUNK_ENTRIES: Final = 2**22


def interval_of_sums(
    rows: ArrayLike,
    statistic: OfSums,
    *,
    biopsies: Sequence[Hashable] | None = None,
    how: Bootstrap | None = None,
) -> Interval:
    """Return the interval of a statistic that follows from sums over images.

    All resamples are one matrix product, so thousands take milliseconds.

    Parameters
    ----------
    rows : (N, K) array_like of float
        What each image adds to the K sums, such as its true positives, false positives, missed.
    statistic : callable
        (B, K) sums to (B,) values; NaN where it is not defined.
    biopsies : sequence, optional
        Biopsy of each image. Whole biopsies are drawn then, with all their images: images of one
        biopsy resemble each other, and intervals over images would be too narrow.
    how : Bootstrap, optional

    Returns
    -------
    Interval
        NaN, with the reason, for fewer than two units, where the value is not finite, or where
        more than 5 % of the resamples have no value. Resamples without a value are left out
        otherwise; infinite ones count, so an end of the interval may be infinite.

    Raises
    ------
    ValueError
        If there is no image, a row is not finite, or not every image has a biopsy.
    """
    how = how or Bootstrap()
    table = np.asarray(rows, np.float64)
    if table.ndim != 2 or not len(table):
        raise ValueError(f"rows must be (N, K) with an image at least, got shape {table.shape}.")
    if not np.isfinite(table).all():
        raise ValueError("rows must be finite; an image that adds nothing adds 0.")
    units = _units(len(table), biopsies)
    parts = sums_of_units(table, biopsies)
    draws = Draws(
        observed=float(statistic(parts.sum(axis=0, keepdims=True))[0]),
        resampled=lambda: np.concatenate(
            [statistic(_times_drawn(drawn) @ parts) for drawn in _drawn(len(units), how)]
        ),
        without_one=lambda: statistic(parts.sum(axis=0) - parts),
    )
    return make_interval(draws, (len(table), len(units), _unit_name(biopsies)), how)


def sums_of_units(
    rows: NDArray[np.float64], biopsies: Sequence[Hashable] | None
) -> NDArray[np.float64]:
    """Return what each unit adds, (n_units, K): the rows, or their sums over each biopsy."""
    return np.stack([rows[unit].sum(axis=0) for unit in _units(len(rows), biopsies)])


def interval_of(
    statistic: OfImages,
    n_images: int,
    *,
    biopsies: Sequence[Hashable] | None = None,
    how: Bootstrap | None = None,
) -> Interval:
    """Return the interval of any statistic of a selection of images.

    As `interval_of_sums`, with one call of `statistic` for each resample.

    Parameters
    ----------
    statistic : callable
        Takes indices of images, in which some repeat and some are missing.
    n_images : int
        At least 1.
    biopsies, how
        See `interval_of_sums`.

    Raises
    ------
    ValueError
        If there is no image, or not every image has a biopsy.
    """
    how = how or Bootstrap()
    if n_images < 1:
        raise ValueError("An interval needs an image at least.")
    units = _units(n_images, biopsies)
    everyone = np.arange(len(units))

    def of_units(chosen: NDArray[np.intp]) -> float:
        return float(statistic(np.concatenate([units[unit] for unit in chosen])))

    draws = Draws(
        observed=of_units(everyone),
        resampled=lambda: np.array(
            [of_units(chosen) for drawn in _drawn(len(units), how) for chosen in drawn]
        ),
        without_one=lambda: np.array([of_units(np.delete(everyone, i)) for i in everyone]),
    )
    return make_interval(draws, (n_images, len(units), _unit_name(biopsies)), how)


def _unit_name(biopsies: Sequence[Hashable] | None) -> str:
    return "image" if biopsies is None else "biopsy"


def _units(n_images: int, biopsies: Sequence[Hashable] | None) -> list[NDArray[np.intp]]:
    """Return the indices of the images of each unit, units by their first image."""
    if biopsies is None:
        return [np.array([i]) for i in range(n_images)]
    if len(biopsies) != n_images:
        raise ValueError(f"There are {n_images} images but {len(biopsies)} biopsies of images.")
    found: dict[Hashable, list[int]] = {}
    for i, biopsy in enumerate(biopsies):
        found.setdefault(biopsy, []).append(i)
    return [np.array(images) for images in found.values()]


def _drawn(n_units: int, how: Bootstrap) -> Iterator[NDArray[np.intp]]:
    """Draw units with replacement, (B, n_units) in chunks of bounded size, one at a time."""
    rng = np.random.default_rng(how.seed)
    step = max(1, _CHUNK_ENTRIES // n_units)
    for at in range(0, how.n_resamples, step):
        yield rng.integers(0, n_units, (min(step, how.n_resamples - at), n_units))


def _times_drawn(drawn: NDArray[np.intp]) -> NDArray[np.float64]:
    """How often each unit is in each resample, (B, n_units)."""
    n_resamples, n_units = drawn.shape
    flat = drawn + n_units * np.arange(n_resamples)[:, np.newaxis]
    counts = np.bincount(flat.ravel(), minlength=n_resamples * n_units)
    return counts.reshape(n_resamples, n_units).astype(np.float64)
