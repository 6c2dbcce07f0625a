"""Slits as smoothed local maxima of a probability map, to a fraction of a pixel.

The slow part, `candidates`, finds every local maximum once. The fast part, `select`, applies the
threshold and the minimum distance, so that a slider can call it at every move.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from napari_slitseg.core.detection.blocks import check_not_negative, checked_shape
from napari_slitseg.core.detection.maxima import FLOOR, find_tops

__all__ = ["FLOOR", "Detections", "candidates", "find_peaks", "select"]

_DISTANCE_SLACK_PX = 1e-9


@dataclass(frozen=True, eq=False)
class Detections:
    """Predicted points, best first.

    Parameters
    ----------
    yx : (N, 2) array_like of float
        Positions (y, x) in px, pixel centres at integers.
    score : (N,) array_like of float
        Probabilities in [0, 1], in descending order.

    Raises
    ------
    ValueError
        If the shapes do not fit, or the scores are not in descending order within [0, 1].

    Notes
    -----
    Both arrays are copied and read-only. Among equal scores the given order is the order of
    preference, and `select` keeps to it.
    """

    yx: NDArray[np.float64]
    score: NDArray[np.float64]

    def __post_init__(self) -> None:
        yx = np.array(self.yx, dtype=np.float64).reshape(-1, 2)
        score = np.array(self.score, dtype=np.float64).reshape(-1)
        if len(yx) != len(score):
            raise ValueError(f"Detections: {len(yx)} positions but {len(score)} scores.")
        if not np.isfinite(yx).all():
            raise ValueError("Detections: positions must be finite numbers.")
        if not (np.all(score[:1] <= 1) and np.all(score[-1:] >= 0) and np.all(np.diff(score) <= 0)):
            raise ValueError("Detections: scores must lie in [0, 1], in descending order.")
        for name, value in (("yx", yx), ("score", score)):
            value.flags.writeable = False
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.score)


def candidates(
    probability: NDArray[np.generic],
    *,
    sigma_px: float = 1.0,
    border_px: float = 0.0,
    block_px: int = 640,
) -> Detections:
    """Find every local maximum of the smoothed probability map.

    Parameters
    ----------
    probability : (H, W) array of float
        Probabilities in [0, 1], any float precision. Anything that slices like an array will do
        (`numpy.memmap`, dask, zarr). NaN counts as 0: nothing is found where nothing is known.
    sigma_px : float
        Standard deviation of the Gaussian smoothing, px; 0 for none.
    border_px : float
        Drop maxima closer than this to the edge of the map (centre of its outermost pixels), px.
    block_px : int
        The map is read in blocks of this side plus a halo, px. The result does not depend on it.

    Returns
    -------
    Detections
        Maxima above `FLOOR`, not yet thinned by threshold or distance, best first. Equal scores
        are ordered by the height of the smoothed map, then by y, then by x.

    Raises
    ------
    ValueError
        If the map is not two-dimensional, leaves [0, 1], or a parameter is negative.

    Notes
    -----
    Position: the vertex of a quadratic fitted by least squares to the logarithm of the 3 x 3
    smoothed values, exact for a Gaussian dot. A flat top (a saturated disc) is one detection, at
    the mean of its pixels, or on its pixel nearest to that mean where the top is not convex. A
    map without any relief has no maximum. Within 3 px of the edge of the map a position may be
    pulled towards the edge by up to 1 px.

    Score: the highest *unsmoothed* probability in the 3 x 3 pixels around the maximum, that is
    the number a person reads off the map under the cursor. The smoothed height would be lower by
    a factor that depends on the size of the dot (0.59 for a Gaussian dot of sigma 1.2 px), so that
    no threshold would mean the same for two sizes.
    """
    shape = checked_shape(probability)
    check_not_negative(sigma_px=sigma_px, border_px=border_px)
    yx, score, height = find_tops(probability, shape, sigma_px, block_px)
    limit = np.array(shape) - 1.0
    yx = np.clip(yx, 0.0, limit)
    inside = np.all((yx >= border_px) & (yx <= limit - border_px), axis=1)
    order = np.lexsort((yx[:, 1], yx[:, 0], -height, -score))
    order = order[inside[order]]
    return Detections(yx[order], score[order])


def select(found: Detections, *, threshold: float, min_distance_px: float) -> Detections:
    """Keep the detections that pass the threshold and stand apart.

    Parameters
    ----------
    found : Detections
        Candidates, best first.
    threshold : float
        Lowest score kept, in [0, 1], inclusive.
    min_distance_px : float
        Going from the best down, a detection closer than this to one already kept is dropped, px.
        Detections exactly this far apart both stay; 0 keeps all.

    Returns
    -------
    Detections
        A subset of `found` in the same order. Raising the threshold only ever removes points.

    Raises
    ------
    ValueError
        If the threshold is outside [0, 1] or the distance is negative.
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must lie in [0, 1], got {threshold}.")
    check_not_negative(min_distance_px=min_distance_px)
    n = int(np.searchsorted(-found.score, -threshold, side="right"))
    keep = _thin(found.yx[:n], min_distance_px - _DISTANCE_SLACK_PX)
    return Detections(found.yx[:n][keep], found.score[:n][keep])


def find_peaks(
    probability: NDArray[np.generic],
    *,
    threshold: float = 0.5,
    sigma_px: float = 1.0,
    min_distance_px: float = 3.0,
    border_px: float = 0.0,
) -> Detections:
    """Detect points in a probability map: `candidates`, then `select` (see there)."""
    found = candidates(probability, sigma_px=sigma_px, border_px=border_px)
    return select(found, threshold=threshold, min_distance_px=min_distance_px)


def _thin(yx: NDArray[np.float64], radius_px: float) -> NDArray[np.bool_]:
    """Keep points at least `radius_px` apart, the earlier ones first, in growing batches."""
    keep = np.zeros(len(yx), dtype=bool)
    start, batch = 0, 256
    while radius_px > 0 and start < len(yx):
        new = np.arange(start, min(start + batch, len(yx)))
        if keep.any():
            near, _ = cKDTree(yx[keep]).query(yx[new])
            new = new[near >= radius_px]
        keep[new] = ~_loses_to_earlier(yx[new], radius_px)
        start, batch = start + batch, 2 * batch
    return keep if radius_px > 0 else np.ones(len(yx), dtype=bool)


def _loses_to_earlier(yx: NDArray[np.float64], radius_px: float) -> NDArray[np.bool_]:
    lost = np.zeros(len(yx), dtype=bool)
    if len(yx) > 1:
        pairs = cKDTree(yx).query_pairs(radius_px, output_type="ndarray")
        for i, j in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist():
            lost[j] |= not lost[i]
    return lost
