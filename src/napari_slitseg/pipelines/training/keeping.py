"""Which model is the best, when to stop, and when to raise an alarm: plain rules."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from napari_slitseg.events import Alarm, Figures
from napari_slitseg.jobs.finetune import KeepBy
from napari_slitseg.pipelines.training.course import Course

ERASING_BELOW: Final = 0.5
_FIGURES: Final[Mapping[KeepBy, str]] = {
    "vanilla": "vanilla_nm",
    "chamfer": "chamfer_nm",
    "point_loss": "point_loss",
}


def merit(scores: Figures, loss: float, keep_by: KeepBy) -> float:
    """Return a number that is higher for better models; the lowest where nothing is known."""
    if keep_by == "f1":
        value = scores["f1"]
    else:
        cost = loss if keep_by == "loss" else scores[_FIGURES[keep_by]]
        value = None if cost is None else -cost
    return -math.inf if value is None or math.isnan(value) else value


def is_best(course: Course, found: float) -> bool:
    """Whether a merit is above all earlier ones; of equally good models the earlier stays."""
    return course.best_epoch < 0 or found > course.best_merit


def erasure_alarm(course: Course, scores: Figures, epoch: int) -> Alarm | None:
    """Return an alarm where detections vanish, once for each fall.

    The count ratio (detections over annotations) is looked at twice: at the best threshold, and at
    the threshold the model came with. The latter tells earlier: while a loss fades the map, the
    best threshold follows it down. While no epoch has found half of the slits yet, as in images of
    another kind, the most that was found stands for all.
    """
    fixed, best = _known(scores["fixed_count_ratio"]), _known(scores["count_ratio"])
    before, course.highest_ratio = course.highest_ratio, max(course.highest_ratio, fixed)
    if epoch == 0:
        return None
    limit = ERASING_BELOW * (1.0 if before >= ERASING_BELOW else before)
    was_erasing = course.is_erasing
    course.is_erasing = fixed < limit or best < limit
    if was_erasing or not course.is_erasing:
        return None
    return Alarm(
        name="erasure",
        text=f"The model erases: it marks {min(fixed, best):.2f} slits for each annotated one "
        f"(up to {before:.2f} before).",
        cure="Lower the learning rate, take a loss that does not erase (each loss says whether it "
        "does), or give dice more weight in the sum.",
        epoch=epoch,
    )


def _known(value: float | None) -> float:
    return math.nan if value is None else value
