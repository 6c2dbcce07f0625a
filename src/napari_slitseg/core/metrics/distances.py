"""Distances between predicted and annotated points."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from napari_slitseg.core.matching import Matching, as_yx


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


def chamfer_distance(predicted_yx: ArrayLike, annotated_yx: ArrayLike, *, empty_px: float) -> float:
    """Return the symmetric Chamfer distance of two sets of points.

    Half of (mean distance from a prediction to its nearest annotation + mean distance from an
    annotation to its nearest prediction). Euclidean, not squared; nearest neighbours, so several
    points may share one; each direction weighs the same whatever its number of points.

    Parameters
    ----------
    predicted_yx, annotated_yx : (N, 2) and (M, 2) array_like
        Positions (y, x) in px.
    empty_px : float
        The value where exactly one set is empty, px (NaN is allowed). Where both are: 0.

    Returns
    -------
    float
        Distance in px, at least 0.

    Raises
    ------
    ValueError
        If positions are not finite (N, 2) numbers or `empty_px` is negative.
    """
    predicted = as_yx(predicted_yx, "predicted points")
    annotated = as_yx(annotated_yx, "annotated points")
    if empty_px < 0:
        raise ValueError(f"empty_px must be at least 0, got {empty_px}.")
    if not (len(predicted) and len(annotated)):
        return 0.0 if len(predicted) == len(annotated) else float(empty_px)
    there = nearest_distances(predicted, annotated).mean()
    back = nearest_distances(annotated, predicted).mean()
    return float((there + back) / 2)


def image_diagonal(shape: tuple[int, int]) -> float:
    """Return the largest distance of two pixel centres of an (H, W) image, px.

    Raises
    ------
    ValueError
        If the shape is not two positive numbers.
    """
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"An image shape is two positive numbers (H, W), got {tuple(shape)}.")
    return math.hypot(shape[0] - 1, shape[1] - 1)


def vanilla_distance(
    predicted_yx: ArrayLike, annotated_yx: ArrayLike, shape: tuple[int, int]
) -> float:
    """Return the vanilla distance of one image: Chamfer, with the diagonal for an empty set.

    Parameters
    ----------
    predicted_yx, annotated_yx : (N, 2) and (M, 2) array_like
        Positions (y, x) in px.
    shape : tuple of int
        (H, W) of the image. Its diagonal is sqrt((H-1)^2 + (W-1)^2).

    Returns
    -------
    float
        Distance in px. Exactly one set empty: the diagonal. Both empty: 0.

    Raises
    ------
    ValueError
        If positions are not finite (N, 2) numbers or the shape is not two positive numbers.

    Notes
    -----
    "Distance Loss for Improved Slit Segmentation" (2021), algorithm 1, for one image; over images
    it is averaged. The report's "maximum distance" of sqrt(2) * side is replaced by the largest
    distance that can occur, which also holds for images that are not square; and it is charged to
    the image that is empty, not returned for the whole batch.
    """
    return chamfer_distance(predicted_yx, annotated_yx, empty_px=image_diagonal(shape))


def localisation_error(matching: Matching) -> float:
    """Return the mean distance of the matched pairs, px; NaN without a pair."""
    return float(matching.distance_px.mean()) if len(matching) else math.nan


def localisation_rms(matching: Matching) -> float:
    """Return the root mean square distance of the matched pairs, px; NaN without a pair."""
    return math.sqrt(float(np.mean(matching.distance_px**2))) if len(matching) else math.nan
