"""What a network is worth on the test scenes: membrane as area, slits as points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from arch_data import PIXEL_NM, View
from numpy.typing import NDArray

from napari_slitseg.core.detection import Detections, Peaks, find, select
from napari_slitseg.core.matching import match
from napari_slitseg.core.metrics.counts import count_ratio, f1
from napari_slitseg.core.metrics.curves import best_threshold
from napari_slitseg.core.metrics.masks import iou
from napari_slitseg.core.metrics.ranking import ScoredImage
from napari_slitseg.core.models.base import SegmentationModel

Row = dict[str, str | float]
Maps = NDArray[np.float32]
THRESHOLD, TOLERANCE_PX, WIDE_PX, APART_PX = 0.5, 50 / PIXEL_NM, 100 / PIXEL_NM, 20 / PIXEL_NM


def scores(model: SegmentationModel, validation: list[View], test: list[View]) -> Row:
    """Return the figures of a network.

    Returns
    -------
    dict
        Pooled over test scenes. ``membrane_iou`` and ``slit_iou`` at p >= 0.5; ``f1_at_half`` of
        slits found at p >= 0.5 and within 50 nm; ``threshold`` with the highest F1 of the
        validation scenes; at it, ``f1`` within 50 nm, ``f1_100nm`` within 100 nm, ``count_ratio``
        and ``error_nm``, the median distance of pairs within 100 nm.
    """
    chosen = best_threshold(_ranked(model, validation)).threshold
    maps = [probabilities(model, view) for view in test]
    found = [find(Peaks(), each[1], pixel_size_nm=PIXEL_NM) for each in maps]
    tuned = Pooled(found, test, chosen)
    return {
        "membrane_iou": round(iou(_stack(maps, 0) >= THRESHOLD, _truth(test, 1)), 4),
        "slit_iou": round(iou(_stack(maps, 1) >= THRESHOLD, _truth(test, 2)), 4),
        "f1_at_half": round(Pooled(found, test, THRESHOLD).f1(TOLERANCE_PX), 4),
        "threshold": round(chosen, 4),
        "f1": round(tuned.f1(TOLERANCE_PX), 4),
        "f1_100nm": round(tuned.f1(WIDE_PX), 4),
        "count_ratio": round(tuned.ratio(), 4),
        "error_nm": round(tuned.error_nm(), 2),
    }


@torch.no_grad()
def probabilities(model: SegmentationModel, view: View) -> Maps:
    """Return membrane and slit probabilities, (2, H, W)."""
    logits = model(torch.from_numpy(view.pixels[None, :1]))
    maps: Maps = torch.cat(tuple(logits), dim=1).sigmoid()[0].numpy()
    return maps


def _ranked(model: SegmentationModel, seen: list[View]) -> list[ScoredImage]:
    return [
        ScoredImage(
            found=find(Peaks(), probabilities(model, view)[1], pixel_size_nm=PIXEL_NM),
            annotated_yx=view.slits,
            tolerance_px=TOLERANCE_PX,
            min_distance_px=APART_PX,
        )
        for view in seen
    ]


def _stack(maps: Sequence[Maps], head: int) -> Maps:
    return np.stack([each[head] for each in maps])


def _truth(seen: Sequence[View], channel: int) -> NDArray[np.bool_]:
    return np.stack([view.pixels[channel] > THRESHOLD for view in seen])


class Pooled:
    """Slits of all scenes at one threshold.

    Parameters
    ----------
    found : sequence of Detections
        Candidates of each scene.
    seen : sequence of View
        The scenes.
    threshold : float
        Lowest probability that counts.
    """

    def __init__(self, found: Sequence[Detections], seen: Sequence[View], threshold: float) -> None:
        self.pairs = [
            (select(each, threshold=threshold, min_distance_px=APART_PX).yx, view.slits)
            for each, view in zip(found, seen, strict=True)
        ]

    def f1(self, tolerance_px: float) -> float:
        """Return F1 of pooled counts."""
        all_of = [match(*pair, tolerance_px=tolerance_px) for pair in self.pairs]
        true = sum(len(each) for each in all_of)
        wrong = sum(len(each.false_positive) for each in all_of)
        return f1(true, wrong, sum(len(each.missed) for each in all_of))

    def ratio(self) -> float:
        """Return detections over annotations."""
        detected, annotated = zip(*self.pairs, strict=True)
        return count_ratio(sum(map(len, detected)), sum(map(len, annotated)))

    def error_nm(self) -> float:
        """Return the median distance of matched pairs, NaN where there is none."""
        far = [match(*pair, tolerance_px=WIDE_PX).distance_px for pair in self.pairs]
        every = np.concatenate(far)
        return float(np.median(every) * PIXEL_NM) if len(every) else float("nan")
