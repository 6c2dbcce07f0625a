"""Distances to the nearest of other points, and what an empty set costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from napari_slitseg.core.matching import as_yx


def nearest_distances(from_yx: ArrayLike, to_yx: ArrayLike) -> NDArray[np.float64]:
    """Return the distance from each point to the nearest of the others.

    Parameters
    ----------
    from_yx, to_yx : (N, 2) and (M, 2) array_like
        Positions (y, x) in px.

    Returns
    -------
    (N,) array of float
        Euclidean distances, px; infinite where there is no other point.

    Raises
    ------
    ValueError
        If positions are not finite (N, 2) numbers.
    """
    start, goal = as_yx(from_yx, "from_yx"), as_yx(to_yx, "to_yx")
    if not len(goal):
        return np.full(len(start), np.inf)
    distance, _ = cKDTree(goal).query(start)
    return np.asarray(distance, dtype=np.float64)


def both_nearest(
    predicted_yx: ArrayLike, annotated_yx: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return `nearest_distances` from predictions to annotations, and the other way.

    Raises
    ------
    ValueError
        If positions are not finite (N, 2) numbers.
    """
    predicted = as_yx(predicted_yx, "predicted points")
    annotated = as_yx(annotated_yx, "annotated points")
    return nearest_distances(predicted, annotated), nearest_distances(annotated, predicted)


def empty_value(there: NDArray[np.float64], back: NDArray[np.float64], empty_px: float) -> float:
    """Return what a distance is where a set is empty: 0 where both are, else `empty_px`.

    Raises
    ------
    ValueError
        If `empty_px` is negative.
    """
    if empty_px < 0:
        raise ValueError(f"empty_px must be at least 0, got {empty_px}.")
    return 0.0 if len(there) == len(back) else float(empty_px)
