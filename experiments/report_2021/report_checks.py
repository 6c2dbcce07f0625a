"""What follows from the report's formulas alone, computed with the library: no network."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from skimage import feature

from napari_slitseg.core.detection import DETECTORS, find, select
from napari_slitseg.core.losses import LOSSES, build_loss
from napari_slitseg.core.losses.study_values import chamfer
from napari_slitseg.core.losses.target import Target
from napari_slitseg.core.matching import match
from napari_slitseg.core.metrics import (
    bijective_chamfer_distance,
    dice,
    image_diagonal,
    iou,
    point_loss,
    proportional_point_loss,
)
from napari_slitseg.core.targets import dots

Points = NDArray[np.float64]
SIDE_PX: Final = 64
_SHAPE: Final = (SIDE_PX, SIDE_PX)
_RADII_PX: Final = (1.0, 1.5, 2.0, 3.0)


def facts() -> dict[str, float]:
    """Return numbers by name, for the evidence of statements."""
    return {**_overlap(), **_gradient_of_missed(), **_distances(), **_counts(), **_small_discs()}


def _disc(y: float, x: float, radius_px: float = 4.0) -> NDArray[np.bool_]:
    return dots([(y, x)], _SHAPE, radius_px) > 0


def _overlap() -> dict[str, float]:
    truth, shifted = _disc(32, 32), _disc(32, 35)
    near, far = _disc(32, 42), _disc(5, 5)
    return {
        "dice_shifted": dice(shifted, truth),
        "iou_shifted": iou(shifted, truth),
        "dice_near": dice(near, truth),
        "dice_far": dice(far, truth),
        "dice_perfect": dice(truth, truth),
    }


def _gradient_of_missed() -> dict[str, float]:
    """Return what soft dice asks of a slit that is missed, and of background, as -gradient."""
    truth = torch.from_numpy(dots([(32, 32)], _SHAPE, 2.0))[None, None]
    elsewhere = torch.from_numpy(dots([(12, 12)], _SHAPE, 2.0))[None, None]
    logits = (8 * elsewhere - 4).requires_grad_()
    loss = build_loss(LOSSES["dice"]())(logits, Target(mask=truth))
    (gradient,) = torch.autograd.grad(loss, logits)
    background = (truth == 0) & (elsewhere == 0)
    return {
        "push_missed": float(-gradient[truth > 0].mean()),
        "push_background": float(-gradient[background].mean()),
    }


def _distances() -> dict[str, float]:
    truth = np.array([(10.0, 10.0), (10.0, 30.0)])
    doubled = np.repeat(truth, 2, axis=0)
    one_sided = np.array([(10.0, 10.0), (10.0, 12.0)])
    far = image_diagonal(_SHAPE)
    settings = {"farthest_px": far, "two_way": True, "squared": False}
    return {
        "chamfer_doubled": chamfer(doubled, truth, **settings),  # type: ignore[arg-type]
        "chamfer_one_sided": chamfer(one_sided, truth, **settings),  # type: ignore[arg-type]
        "paired_one_sided": bijective_chamfer_distance(one_sided, truth, penalty_px=far),
        "diagonal_640": image_diagonal((640, 640)),
        "largest_640": float(np.hypot(639, 639)),
    }


def _counts() -> dict[str, float]:
    return {
        "point_over_1": point_loss(11, 10),
        "point_under_1": point_loss(9, 10),
        "point_over_5": point_loss(15, 10),
        "point_under_5": point_loss(5, 10),
        "point_3_of_6": point_loss(3, 6),
        "point_30_of_40": point_loss(30, 40),
        "half_erased": proportional_point_loss(5, 10, scale=1 + 1e-12),
        "half_invented": proportional_point_loss(20, 10, scale=1 + 1e-12),
    }


def _small_discs() -> dict[str, float]:
    """Return recall and offset of discs at random sub-pixel places, by detector and radius."""
    rng = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(*2 * [np.arange(16, 240, 16)], indexing="ij"), -1).reshape(-1, 2)
    points = grid + rng.uniform(-0.5, 0.5, grid.shape)
    found: dict[str, float] = {}
    for radius in _RADII_PX:
        drawn = dots(points, (256, 256), radius).astype(float)
        for name in ("peaks", "log", "dog", "doh"):
            found |= _named(name, radius, _quality(_detected(name, drawn), points))
        boxes = _scikit_image(drawn)
        found |= _named("skimage_doh", radius, _quality(boxes, points))
    return found


def _named(name: str, radius_px: float, quality: tuple[float, float]) -> dict[str, float]:
    recall, offset = quality
    return {f"recall_{name}_{radius_px:g}": recall, f"offset_{name}_{radius_px:g}": offset}


def _detected(name: str, drawn: Points) -> Points:
    every = find(DETECTORS[name](), drawn, pixel_size_nm=10.0)
    return np.asarray(select(every, threshold=0.5, min_distance_px=3.0).yx)


def _scikit_image(drawn: Points) -> Points:
    blobs: Points = feature.blob_doh(drawn, min_sigma=1, max_sigma=4)  # type: ignore[no-untyped-call]
    return blobs[:, :2]


def _quality(found: Points, points: Points) -> tuple[float, float]:
    paired = match(found, points, 3.0)
    offset = float(paired.distance_px.mean()) if len(paired) else float("nan")
    return len(paired) / len(points), offset
