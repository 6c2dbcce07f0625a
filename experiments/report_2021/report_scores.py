"""Figures of a network on crops: the study's losses, numbers of points, F1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from report_scenes import Crops
from torch import Tensor

from napari_slitseg.core.detection import Detections, Peaks, find, select
from napari_slitseg.core.losses import LOSSES, build_loss
from napari_slitseg.core.losses.study_values import chamfer, count_value, detected
from napari_slitseg.core.losses.target import Target
from napari_slitseg.core.matching import match
from napari_slitseg.core.metrics import (
    ScoredImage,
    best_threshold,
    f1,
    image_diagonal,
    pooled_count_ratio,
)
from napari_slitseg.core.models.base import Logits, SegmentationModel

Points = NDArray[np.float64]

THRESHOLD: Final = 0.5
TOLERANCE_PX: Final = 3.0
"""48 nm."""
BETA: Final = 10.0
FIGURES: Final = (
    *("vanilla_px", "point", "proportional", "composite_0", "composite_1"),
    *("slit_dice_loss", "membrane_dice_loss", "ratio_doh", "ratio_peaks", "f1"),
    *("threshold", "f1_tuned", "ratio_tuned"),
)


@torch.no_grad()
def outputs(model: SegmentationModel, drawn: Crops) -> Logits:
    """Return the logits of all crops, in evaluation mode."""
    model.eval()
    parts = [model(images) for images in torch.split(drawn.images, 8)]
    return Logits(*(torch.cat(each) for each in zip(*parts, strict=True)))


def measure(logits: Logits, drawn: Crops, threshold: float | None = None) -> dict[str, float]:
    """Return every figure by name.

    Parameters
    ----------
    threshold : float, optional
        For the tuned figures; by default that of the highest F1 on these crops.
    """
    maps = torch.sigmoid(logits.slit)
    found = peaks_of(maps)
    tuned = tuned_threshold(found, drawn.points) if threshold is None else threshold
    plain, best = (_compare(found, drawn.points, each) for each in (THRESHOLD, tuned))
    return {
        **study_values(maps, drawn),
        "slit_dice_loss": dice_loss(logits.slit, drawn.slits),
        "membrane_dice_loss": dice_loss(logits.membrane, drawn.membranes),
        "ratio_peaks": plain[1],
        "f1": plain[0],
        "threshold": tuned,
        "f1_tuned": best[0],
        "ratio_tuned": best[1],
    }


def study_values(maps: Tensor, drawn: Crops) -> dict[str, float]:
    """Return the study's losses as reported: determinant of Hessian, truth from the mask.

    The same as those of `napari_slitseg.core.losses` with the preset "report", from one detection.
    `ratio_doh` is all detections over all annotated points.
    """
    found, truth = detected(maps, "doh", THRESHOLD), drawn.from_masks
    diagonal = image_diagonal((maps.shape[-2], maps.shape[-1]))
    limits = {"farthest_px": diagonal, "two_way": True, "squared": False}
    count, proportional = (count_value(3.0, 2.0, scale) for scale in (None, 10.0))
    pairs = list(zip(found, truth, strict=True))
    vanilla = float(np.mean([chamfer(*pair, **limits) for pair in pairs]))  # type: ignore[arg-type]
    point = float(np.mean([count(*pair) for pair in pairs]))
    return {
        "vanilla_px": vanilla,
        "point": point,
        "proportional": float(np.mean([proportional(*pair) for pair in pairs])),
        "composite_0": BETA * point,
        "composite_1": vanilla + BETA * point,
        "ratio_doh": _ratio(found, drawn.points),
    }


def peaks_of(maps: Tensor) -> list[Detections]:
    """Return all peaks of maps (B, 1, H, W), best first."""
    return [find(Peaks(), each, pixel_size_nm=10.0) for each in maps[:, 0].double().numpy()]


def tuned_threshold(found: Sequence[Detections], points: Sequence[Points]) -> float:
    """Return the threshold of the highest F1."""
    images = [
        ScoredImage(found=each, annotated_yx=yx, tolerance_px=TOLERANCE_PX, min_distance_px=3.0)
        for each, yx in zip(found, points, strict=True)
    ]
    return best_threshold(images).threshold


def _compare(
    found: Sequence[Detections], points: Sequence[Points], threshold: float
) -> tuple[float, float]:
    """Return F1 and detections over annotations, of all crops together."""
    kept = [np.asarray(select(each, threshold=threshold, min_distance_px=3.0).yx) for each in found]
    right = sum(len(match(*pair, TOLERANCE_PX)) for pair in zip(kept, points, strict=True))
    n_found, n_true = (sum(len(yx) for yx in each) for each in (kept, points))
    return float(f1(right, n_found - right, n_true - right)), _ratio(kept, points)


def _ratio(found: Sequence[Points], points: Sequence[Points]) -> float:
    return pooled_count_ratio([len(yx) for yx in found], [len(yx) for yx in points])


def dice_loss(logits: Tensor, mask: Tensor) -> float:
    """Return 1 - dice, the mean over crops."""
    return float(build_loss(LOSSES["dice"]())(logits, Target(mask=mask)))
