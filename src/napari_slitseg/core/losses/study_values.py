"""Values of the 2021 study's losses: from a map to points, from two sets of points to a number."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_slitseg.core.detection import DETECTORS, find, select
from napari_slitseg.core.losses.target import Target, check_logits, checked_mask, checked_points
from napari_slitseg.core.metrics import (
    image_diagonal,
    nearest_distances,
    point_loss,
    proportional_point_loss,
)

Points = NDArray[np.float64]
Value = Callable[[Points, Points], float]
DetectorName = Literal["peaks", "log", "dog", "doh"]
_PIXEL_SIZE_NM = 10.0  # makes the detectors' defaults those of the study's dots
_MIN_DISTANCE_PX = 3.0
Truth = Literal["points", "map"]
Empty = Literal["diagonal", "cap"]


def mean_over_images(
    logits: Tensor,
    target: Target,
    value: Value,
    detector: DetectorName,
    threshold: float,
    truth: Truth,
) -> Tensor:
    """Return the mean over images of value(detected, annotated), without gradient.

    Raises
    ------
    ValueError
        If the target lacks what `truth` asks for, or does not fit the logits.
    """
    check_logits(logits, channels=1)
    annotated = _annotated(logits, target, detector, threshold, truth)
    found = detected(torch.sigmoid(logits), detector, threshold)
    values = [value(*each) for each in zip(found, annotated, strict=True)]
    return logits.new_tensor(values).mean()


def detected(probability: Tensor, detector: DetectorName, threshold: float) -> list[Points]:
    """Return the detections in each image of (B, 1, H, W) probabilities."""
    maps = probability.detach()[:, 0].cpu().double().numpy()
    spec = DETECTORS[detector]()
    found = [find(spec, each, pixel_size_nm=_PIXEL_SIZE_NM) for each in maps]
    kept = [select(each, threshold=threshold, min_distance_px=_MIN_DISTANCE_PX) for each in found]
    return [np.array(each.yx) for each in kept]


def _annotated(
    logits: Tensor, target: Target, detector: DetectorName, threshold: float, truth: Truth
) -> list[Points]:
    if truth == "map":
        if target.mask is None:
            raise ValueError('truth="map" compares with the mask, and this target has none')
        return detected(checked_mask(target.mask, logits), detector, threshold)
    if target.points is None:
        raise ValueError('truth="points" compares with points, and this target has none')
    return [as_array(yx) for yx in checked_points(target.points, logits)]


def as_array(yx: Tensor) -> Points:
    """Return points as an array of float64."""
    points: Points = yx.detach().cpu().double().numpy()
    return points


def image_shape(logits: Tensor) -> tuple[int, int]:
    """Return (H, W) of (B, 1, H, W) logits."""
    check_logits(logits, channels=1)
    return logits.shape[-2], logits.shape[-1]


def farthest(shape: tuple[int, int], empty: Empty, cap_px: float) -> float:
    """Return what the distance to an empty side is, px.

    Raises
    ------
    ValueError
        If the cap is not above 0.
    """
    if not cap_px > 0:
        raise ValueError(f"cap_px must be above 0, got {cap_px}.")
    return cap_px if empty == "cap" else image_diagonal(shape)


def distance_value(
    logits: Tensor, *, two_way: bool, squared: bool, empty: Empty, cap_px: float
) -> Value:
    """Return the distance of two sets of points, as `chamfer` with the limit of this image."""
    limit = farthest(image_shape(logits), empty, cap_px)
    return partial(chamfer, farthest_px=limit, two_way=two_way, squared=squared)


def chamfer(
    found: Points, annotated: Points, *, farthest_px: float, two_way: bool, squared: bool
) -> float:
    """Return the mean distance to the nearest, at most that of one empty side, `farthest_px`."""
    power = 2 if squared else 1
    if not (len(found) and len(annotated)):
        return 0.0 if len(found) == len(annotated) else farthest_px**power
    there = np.minimum(nearest_distances(found, annotated), farthest_px) ** power
    back = np.minimum(nearest_distances(annotated, found), farthest_px) ** power
    return float((there.mean() + back.mean()) / 2 if two_way else there.mean())


def count_value(under_power: float, over_power: float, scale: float | None) -> Value:
    """Return the penalty on the numbers of two sets of points; proportional with a scale."""
    powers = {"under_power": under_power, "over_power": over_power}

    def value(found: Points, annotated: Points) -> float:
        if scale is None:
            return point_loss(len(found), len(annotated), **powers)
        return proportional_point_loss(len(found), len(annotated), scale=scale, **powers)

    return value


def weighted(alpha: float, distance: Value, beta: float, count: Value) -> Value:
    """Return alpha * distance + beta * count as one function."""

    def value(found: Points, annotated: Points) -> float:
        return alpha * distance(found, annotated) + beta * count(found, annotated)

    return value
