"""From a network to figures: every threshold is tuned on pictures that are not scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from distance_batches import far_from, stacked
from distance_scenes import SIDE_PX, Scene
from numpy.typing import NDArray

from napari_slitseg.core.detection import Detections, select
from napari_slitseg.core.detection.peaks import candidates
from napari_slitseg.core.losses.draw import draw_dots
from napari_slitseg.core.matching import match
from napari_slitseg.core.metrics import areas
from napari_slitseg.core.metrics.curves import best_threshold
from napari_slitseg.core.metrics.distances import chamfer_distance
from napari_slitseg.core.metrics.ranking import ScoredImage
from napari_slitseg.core.models.base import SegmentationModel

TOLERANCE_PX, STRICT_PX, MIN_DISTANCE_PX, EMPTY_PX = 3.0, 2.0, 2.0, 25.0
LEAST: Final = 0.02
"""Peaks below this are never looked at; no tuned threshold is near it."""
_AT_ONCE: Final = 8

Row = dict[str, float]
Pair = tuple[NDArray[np.float64], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Found:
    """What a network says of pictures: (N, H, W) probabilities, and all their peaks."""

    scenes: list[Scene]
    maps: NDArray[np.float64]
    peaks: list[Detections]

    def tuned(self) -> float:
        """Return the threshold of the highest F1 at 3 px on these very pictures."""
        return best_threshold(
            [
                ScoredImage(
                    found=peaks,
                    annotated_yx=scene.true_yx,
                    tolerance_px=TOLERANCE_PX,
                    min_distance_px=MIN_DISTANCE_PX,
                )
                for scene, peaks in zip(self.scenes, self.peaks, strict=True)
            ]
        ).threshold

    def points(self, threshold: float) -> list[NDArray[np.float64]]:
        """Return the slits of each picture."""
        return [
            select(peaks, threshold=threshold, min_distance_px=MIN_DISTANCE_PX).yx
            for peaks in self.peaks
        ]

    def pairs(self, points: list[NDArray[np.float64]]) -> list[Pair]:
        """Return slits found and slits there, picture by picture."""
        true = [scene.true_yx for scene in self.scenes]
        return list(zip(points, true, strict=True))

    def count_ratio(self, threshold: float) -> float:
        """Return the slits found over those that are there, all pictures together."""
        n_true = sum(len(scene.true_yx) for scene in self.scenes)
        return sum(map(len, self.points(threshold))) / n_true


@torch.no_grad()
def look_at(model: SegmentationModel, scenes: list[Scene], *, windows: bool = False) -> Found:
    """Run a network in eval mode; with windows, slits far from its own membrane do not count."""
    parts = [model(part) for part in torch.split(stacked(scenes), _AT_ONCE)]
    slit, membrane = (
        torch.cat([getattr(part, head) for part in parts]).sigmoid().double().numpy()[:, 0]
        for head in ("slit", "membrane")
    )
    if windows:
        slit = np.where(np.stack([far_from(each > 0.5) for each in membrane]), 0.0, slit)
    return Found(scenes, slit, [_peaks(each) for each in slit])


def scored(found: Found, threshold: float, first_threshold: float, radius_px: float) -> Row:
    """Return every figure of the tested pictures.

    Parameters
    ----------
    found : Found
        Of the pictures to test with.
    threshold, first_threshold : float
        Tuned on other pictures, for this network and for the one it began as.
    radius_px : float
        Of the dots that soft dice compares with, px.
    """
    pairs, shape = found.pairs(found.points(threshold)), (SIDE_PX, SIDE_PX)
    dots = draw_dots([torch.from_numpy(t) for _, t in pairs], shape, radius_px=radius_px)
    return {
        "f1": f1_of(pairs, TOLERANCE_PX),
        "f1_2px": f1_of(pairs, STRICT_PX),
        "chamfer_px": _mean([chamfer_distance(p, t, empty_px=EMPTY_PX) for p, t in pairs]),
        "count_error": _mean([abs(len(p) - len(t)) for p, t in pairs]),
        "count_ratio": found.count_ratio(threshold),
        "count_ratio_first": found.count_ratio(first_threshold),
        "soft_dice": areas.dice(found.maps[:, None], dots.numpy(), smooth=1.0),
        "threshold": threshold,
    }


def f1_of(pairs: list[Pair], tolerance_px: float) -> float:
    """Return F1 of all pictures together, matched side by side, too far apart to meet."""
    apart = [np.array([0.0, 10.0 * SIDE_PX * i]) for i in range(len(pairs))]
    predicted, true = (
        np.concatenate(
            [np.asarray(pair[side]) + away for pair, away in zip(pairs, apart, strict=True)]
        )
        for side in (0, 1)
    )
    hits = len(match(predicted, true, tolerance_px))
    return 2 * hits / max(1, len(predicted) + len(true))


def _peaks(probability: NDArray[np.float64]) -> Detections:
    return select(candidates(probability), threshold=LEAST, min_distance_px=0.0)


def _mean(values: list[float]) -> float:
    return float(np.mean(values))
