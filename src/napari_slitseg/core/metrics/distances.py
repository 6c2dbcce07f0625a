"""Distances between predicted and annotated points."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from napari_slitseg.core.matching import Matching
from napari_slitseg.core.metrics.choice import check_choice
from napari_slitseg.core.metrics.neighbours import both_nearest, empty_value


def chamfer_distance(
    predicted_yx: ArrayLike,
    annotated_yx: ArrayLike,
    *,
    empty_px: float,
    direction: Literal["both", "to_annotated", "to_predicted"] = "both",
    reduction: Literal["mean", "sum"] = "mean",
    squared: bool = False,
    halved: bool = True,
) -> float:
    """Return the Chamfer distance of two sets of points; by default mean, both ways, halved.

    Half of (mean distance from a prediction to its nearest annotation + mean distance from an
    annotation to its nearest prediction). Euclidean, not squared; nearest neighbours, so several
    points may share one; each direction weighs the same whatever its number of points.

    Parameters
    ----------
    predicted_yx, annotated_yx : (N, 2) and (M, 2) array_like
        Positions (y, x) in px.
    empty_px : float
        The value where exactly one set is empty, in the unit of the result (NaN is allowed), for
        every direction. Where both are: 0.
    direction : str
        "both"; "to_annotated": from predictions to annotations alone, blind to missed ones and
        smallest where all but one are erased; "to_predicted": the other way alone, blind to
        invented ones.
    reduction : str
        "mean" or "sum" of the distances of one direction.
    squared : bool
        Square each distance; the result is in px^2.
    halved : bool
        Halve the sum of both directions. One direction is never halved.

    Returns
    -------
    float
        At least 0; px, or px^2 where squared.

    Raises
    ------
    ValueError
        If positions are not finite (N, 2) numbers, `empty_px` is negative, or a choice unknown.

    Notes
    -----
    The default is the 2021 study's algorithm 1 for one image. pytorch3d's `chamfer_distance` (and
    Fan et al., CVPR 2017, with sums) is squared and not halved, and costs nothing where a set is
    empty. The averaged Hausdorff distance of Ribera et al., CVPR 2019, is the default not halved.
    """
    check_choice(direction, ("both", "to_annotated", "to_predicted"), "direction")
    check_choice(reduction, ("mean", "sum"), "reduction")
    there, back = both_nearest(predicted_yx, annotated_yx)
    instead = empty_value(there, back, empty_px)
    if not (len(there) and len(back)):
        return instead
    ways = {"both": (there, back), "to_annotated": (there,), "to_predicted": (back,)}[direction]
    parts = [way**2 if squared else way for way in ways]
    total = sum(float(part.mean() if reduction == "mean" else part.sum()) for part in parts)
    return total / 2 if halved and direction == "both" else total


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
