"""Agreement of two sets of points beyond what points set at random would reach."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.spatial import cKDTree

from napari_slitseg.core.matching import as_yx, checked_distance
from napari_slitseg.core.matching_edges import TOLERANCE_SLACK


def expected_matches(
    one_yx: ArrayLike,
    other_yx: ArrayLike,
    *,
    shape: tuple[int, int],
    tolerance_px: float,
    region: NDArray[np.bool_] | None = None,
    n_draws: int = 100,
    seed: int | Sequence[int] = 0,
) -> float:
    """Return how many pairs would match if one of two readers had set the points at random.

    Each reader's points are thrown anew in turn, as many as there are, evenly and independently
    over the region, and matched one to one with those of the other reader, which stay.

    Parameters
    ----------
    one_yx, other_yx : (N, 2) and (M, 2) array_like
        Positions (y, x) in px. Exchanging the two changes nothing.
    shape : tuple of int
        (H, W) of the image.
    tolerance_px : float
        Largest distance of a matched pair, inclusive, px.
    region : (H, W) bool, optional
        Where points may come to lie, such as the stripe of the membrane; without one, or where it
        is empty, the whole image. A smaller region means more matches by chance.
    n_draws : int
        How often each reader's points are thrown, at least 1.
    seed : int or sequence of int
        The same seed gives the same value.

    Returns
    -------
    float
        Mean number of pairs, between 0 and the smaller number of points.

    Raises
    ------
    ValueError
        If positions, shape, tolerance or number of draws make no sense.
    """
    one, other = as_yx(one_yx, "points of one reader"), as_yx(other_yx, "points of the other")
    tolerance_px = checked_distance(tolerance_px, "tolerance_px")
    if len(shape) != 2 or min(shape) < 1 or (region is not None and region.shape != tuple(shape)):
        raise ValueError(f"The region must have the shape (H, W) of the image, here {shape}.")
    if n_draws < 1:
        raise ValueError(f"n_draws must be at least 1, got {n_draws}.")
    if not (len(one) and len(other)):
        return 0.0
    places = np.zeros(0, np.int64) if region is None else np.flatnonzero(region)
    ways = [
        _mean_matches(fixed, _thrown(shape, places, (n_draws, count), seed), tolerance_px)
        for fixed, count in ((one, len(other)), (other, len(one)))
    ]
    return math.fsum(ways) / 2


def point_kappa(n_matched: float, n_by_chance: float, n_one: float, n_other: float) -> float:
    """Return the chance-corrected agreement of two readers on points.

    Positive agreement is 2 tp / (n_one + n_other), which is F1. Kappa is what it has beyond
    chance, as a share of what was to be had: (observed - expected) / (1 - expected).

    Parameters
    ----------
    n_matched : float
        Matched pairs, tp, of one image or summed over images.
    n_by_chance : float
        `expected_matches`, summed alike.
    n_one, n_other : float
        Numbers of points of the two readers.

    Returns
    -------
    float
        1: every point has its partner; 0: no more pairs than points at random would make; below 0:
        fewer. NaN where neither reader set a point, or where chance alone would match all.

    Raises
    ------
    ValueError
        If a number is negative.

    Notes
    -----
    Cohen's form of the correction (Educ. Psychol. Meas. 20, 1960) on the positive agreement of
    D. V. Cicchetti and A. R. Feinstein, J. Clin. Epidemiol. 43 (1990): points have no true
    negatives, so Cohen's own kappa is not defined for them. Where negatives are many and unknown,
    kappa and F1 become one (G. Hripcsak, A. S. Rothschild, JAMIA 12, 2005): over a whole image
    chance is next to nothing and kappa next to F1; along a membrane full of slits it is not.
    Slits keep a distance from each other and random points do not, so chance is rather
    underestimated, the more so the nearer the tolerance comes to that distance.
    """
    if min(n_matched, n_by_chance, n_one, n_other) < 0:
        raise ValueError("Numbers of points and of pairs cannot be negative.")
    return float(kappa_of_sums(np.array([[n_matched, n_by_chance, n_one + n_other]]))[0])


def kappa_of_sums(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return kappa of pairs, pairs by chance, and points of both readers: (B, 3) to (B,)."""
    pairs, chance, points = sums.T
    room = points - 2 * chance
    return np.where(room > 0, 2 * (pairs - chance) / np.where(room > 0, room, 1.0), math.nan)


def _thrown(
    shape: tuple[int, int],
    places: NDArray[np.int64],
    numbers: tuple[int, int],
    seed: int | Sequence[int],
) -> NDArray[np.float64]:
    """Random points of so many draws, so many each: (draws, points, 2).

    On pixels of the flat numbers `places`; anywhere in the image where there are none.
    """
    rng = np.random.default_rng(seed)
    if not len(places):
        return rng.random((*numbers, 2)) * shape - 0.5
    chosen = places[rng.integers(0, len(places), numbers)]
    corners = np.stack(np.divmod(chosen, shape[1]), axis=-1)
    return corners + rng.random((*numbers, 2)) - 0.5


def _mean_matches(
    fixed: NDArray[np.float64], thrown: NDArray[np.float64], tolerance_px: float
) -> float:
    """Return the largest number of pairs of each draw with the same points, on average.

    All at once, each draw in a place of its own; only the number is wanted, no distances.
    """
    n_draws = len(thrown)
    everything = np.concatenate([fixed, thrown.reshape(-1, 2)])
    apart = np.ptp(everything[:, 0]) + 2 * tolerance_px + 1
    shift = np.stack([np.arange(n_draws) * apart, np.zeros(n_draws)], axis=1)[:, np.newaxis]
    copies = (fixed[np.newaxis] + shift).reshape(-1, 2)
    moved = (thrown + shift).reshape(-1, 2)
    reach = tolerance_px + TOLERANCE_SLACK
    pairs = cKDTree(moved).sparse_distance_matrix(cKDTree(copies), reach, output_type="ndarray")
    near = csr_matrix(
        (np.ones(len(pairs), np.bool_), (pairs["i"], pairs["j"])), shape=(len(moved), len(copies))
    )
    return np.count_nonzero(maximum_bipartite_matching(near) >= 0) / n_draws
