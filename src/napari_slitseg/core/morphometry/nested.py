"""Intervals of figures of nested units: images in glomeruli in biopsies in groups."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.metrics.bootstrap_interval import (
    Bootstrap,
    Draws,
    Interval,
    make_interval,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
OfCounts = Callable[[Floats], Floats]
"""Statistic: how often each image was drawn (B, N) in, (B,) values out."""

FEW_UNITS: Final = 5
"""With fewer units of the top level there is no bootstrap interval: it would be too narrow."""

_CHUNK_ENTRIES: Final = 2**21
_MANY: Final = {"biopsy": "biopsies", "glomerulus": "glomeruli"}


@dataclass(frozen=True, eq=False)
class Nesting:
    """Which unit belongs to which, from a single root down to images.

    Attributes
    ----------
    parents : tuple of (K,) int64
        For each level from the top: to which unit of the level above each unit belongs. Units of
        the top level belong to 0, the root; the last level are the N images.
    """

    parents: tuple[Ints, ...]

    @classmethod
    def of(cls, levels: Sequence[Sequence[Hashable]], n_images: int) -> Nesting:
        """Nest images by names of their units.

        Parameters
        ----------
        levels : sequence of N names each
            From the top, such as biopsy and glomerulus of each image. The same name in two units
            of the level above names two units.
        n_images : int
            N; without levels the images are the top level.
        """
        above = np.zeros(n_images, np.int64)
        parents = []
        for names in levels:
            known: dict[tuple[int, Hashable], int] = {}
            pairs = list(zip(above.tolist(), names, strict=True))
            above = np.array([known.setdefault(pair, len(known)) for pair in pairs], np.int64)
            parents.append(np.array([pair[0] for pair in known], np.int64))
        return cls((*parents, above))

    @property
    def n_images(self) -> int:
        """How many images there are."""
        return len(self.parents[-1])

    @property
    def n_units(self) -> int:
        """How many units the top level has: those that are independent."""
        return len(self.parents[0])

    @property
    def top(self) -> Ints:
        """Unit of the top level of each image, (N,)."""
        unit = np.arange(self.n_images)
        for parent in self.parents[:0:-1]:
            unit = parent[unit]
        return unit

    @property
    def weights(self) -> Floats:
        """Weight of each image in the mean of means, (N,), together 1."""
        weights = np.ones(1)
        for parent in self.parents:
            weights = weights[parent] / np.bincount(parent)[parent]
        return weights

    def take(self, chosen: NDArray[np.bool_]) -> Nesting:
        """Return the nesting of some of the images; units without images are gone."""
        kept, parents = np.flatnonzero(chosen), []
        for parent in self.parents[::-1]:
            above, at = np.unique(parent[kept], return_inverse=True)
            parents.append(at.astype(np.int64))
            kept = above
        return Nesting(tuple(parents[::-1]))


def draw(nesting: Nesting, how: Bootstrap) -> Iterator[Floats]:
    """Draw units of every level with replacement: how often each image is in, (B, N) in chunks.

    First as many units of the top level are drawn as there are, then, within each drawn one anew,
    as many units of the next level as it has, down to the images.

    Notes
    -----
    Resampling clusters, then within clusters: A. C. Davison, D. V. Hinkley, "Bootstrap Methods
    and their Application" (1997), section 3.8; C. A. Field, A. H. Welsh, J. R. Stat. Soc. B 69
    (2007). A unit drawn c times has c draws of each of its members, so the counts of the members
    are multinomial.
    """
    rng = np.random.default_rng(how.seed)
    step = max(1, _CHUNK_ENTRIES // nesting.n_images)
    for at in range(0, how.n_resamples, step):
        counts = np.ones((1, min(step, how.n_resamples - at)), np.int64)
        for parent in nesting.parents:
            counts = _drawn_members(counts, parent, rng)
        yield counts.T.astype(np.float64)


def nested_intervals(
    nesting: Nesting, statistics: Mapping[str, OfCounts], *, unit: str, how: Bootstrap | None = None
) -> dict[str, Interval]:
    """Return the nested bootstrap interval of each of several statistics of the same draws.

    Parameters
    ----------
    nesting : Nesting
        With an image at least.
    statistics : mapping of str to callable
        Of counts of images (B, N); NaN where it is not defined.
    unit : str
        What the top level is: "biopsy", "glomerulus" or "image".
    how : Bootstrap, optional

    Returns
    -------
    dict
        By the same names; NaN, with the reason, where there is no interval: fewer than
        `FEW_UNITS` units of the top level, no value, or too few resamples with a value.

    Notes
    -----
    With few units of the top level such intervals are too narrow on average, however many images
    there are: in simulations, those of three units that should hold the truth in 95 % of studies
    did so in 85 %. A range by Student's t takes their place; where units are fewer than ten, the
    note of the interval says that it is rough.
    """
    how = how or Bootstrap()
    values: dict[str, list[Floats]] = {name: [] for name in statistics}
    for counts in draw(nesting, how) if nesting.n_units >= FEW_UNITS else ():
        for name, statistic in statistics.items():
            values[name].append(statistic(counts))
    others = without_one(nesting)
    everyone = np.ones((1, nesting.n_images))
    sizes = (nesting.n_images, nesting.n_units, unit)
    return {
        name: _interval(
            Draws(
                observed=float(statistic(everyone)[0]),
                resampled=lambda name=name: np.concatenate(values[name]),  # type: ignore[misc]
                without_one=lambda statistic=statistic: statistic(others),  # type: ignore[misc]
            ),
            sizes,
            how,
        )
        for name, statistic in statistics.items()
    }


def _interval(draws: Draws, sizes: tuple[int, int, str], how: Bootstrap) -> Interval:
    """Return the interval of draws; none, with the reason, where units are few."""
    n_images, n_units, unit = sizes
    if not 1 < n_units < FEW_UNITS or not math.isfinite(draws.observed):
        return make_interval(draws, sizes, how)
    many = _MANY.get(unit, f"{unit}s")
    why = (
        f"A bootstrap interval takes {FEW_UNITS} {many}; of {n_units} it would be too narrow, so "
        "there is none."
    )
    nan, value = math.nan, draws.observed
    return Interval(value, nan, nan, how.confidence, how.method, n_images, n_units, unit, why)


def without_one(nesting: Nesting) -> Floats:
    """Return counts (n_units, N) that leave out one unit of the top level at a time."""
    everyone = np.arange(nesting.n_units)
    return np.asarray(nesting.top != everyone[:, np.newaxis], np.float64)


def _drawn_members(counts: Ints, parent: Ints, rng: np.random.Generator) -> Ints:
    """Return how often each unit is drawn (K, B), given how often its parent was."""
    drawn = counts[parent]
    order = np.argsort(parent, kind="stable")
    sizes = np.bincount(parent)
    for members in np.split(order, np.cumsum(sizes)[:-1]):
        n = len(members)
        if n > 1:
            total = n * counts[parent[members[0]]]
            drawn[members] = rng.multinomial(total, np.full(n, 1 / n)).T
    return drawn
