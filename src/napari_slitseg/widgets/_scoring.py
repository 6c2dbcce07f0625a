"""Compare what is known about an image: lengths in nm become pixels here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from napari_slitseg.core.points import PointTable
from napari_slitseg.jobs import EvaluateJob
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._job_fields import default_of
from napari_slitseg.widgets._overlay import Overlay, certain_and_uncertain, compare

if TYPE_CHECKING:
    from napari_slitseg.core.matching import Matching
    from napari_slitseg.core.metrics.ranking import ScoredImage
    from napari_slitseg.core.metrics.scores import ImageScores

_ASSUMED_NM: Final = 10.0


def compare_entry(
    entry: ImageEntry, tolerance_nm: float, before: ImageEntry | None = None
) -> tuple[Overlay, ImageScores | None]:
    """Return what to draw over an image, and its scores where there is enough to compare.

    Without a pixel size that of the prediction counts, the model's own; no figure is in nm then.
    What is known of the image `before` makes it quicker.
    """
    prediction = entry.prediction
    size_nm = entry.pixel_size_nm or assumed_nm(entry)
    living = None if entry.annotation is None else entry.annotation.living
    known = None if before is None else _known(before, entry)
    if (
        known is not None
        and before is not None
        and living is not None
        and _is_same(known[0], living)
    ):
        is_same_scale = known[1].tolerance_px == tolerance_nm / size_nm
        if is_same_scale and before.scores is not None:
            return before.overlay, before.scores
    return compare(
        None if prediction is None else prediction.table,
        living,
        before=known,
        shape=entry.shape,
        tolerance_px=tolerance_nm / size_nm,
        ignore_radius_px=default_of(EvaluateJob, "ignore_radius_nm") / size_nm,
        pixel_size_nm=entry.pixel_size_nm,
    )


def _known(before: ImageEntry, entry: ImageEntry) -> tuple[PointTable, Matching] | None:
    """Annotations and matching of an image that still has the same detections and pixels."""
    matching, annotation = before.overlay.matching, before.annotation
    is_same = before.prediction is entry.prediction and before.pixel_size_nm == entry.pixel_size_nm
    if matching is None or annotation is None or not is_same or before.shape != entry.shape:
        return None
    return annotation.living, matching


def _is_same(one: PointTable, other: PointTable) -> bool:
    """Whether two tables are drawn and scored alike."""
    names = ("ids", "yx", "uncertain", "is_slit")
    return one is other or (
        all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)
        and np.array_equal(one.score, other.score, equal_nan=True)
    )


def scored_image(entry: ImageEntry, tolerance_nm: float) -> ScoredImage:
    """Return candidates and annotations of an image, compared as `compare_entry` does.

    Raises
    ------
    ValueError
        If the image lacks one of them.
    """
    from napari_slitseg.core.metrics.ranking import ScoredImage

    if entry.prediction is None or entry.annotation is None:
        raise ValueError(f"{entry.name} has no prediction or no annotation.")
    size_nm = entry.pixel_size_nm or assumed_nm(entry)
    certain, uncertain = certain_and_uncertain(entry.annotation)
    return ScoredImage(
        found=entry.prediction.candidates,
        annotated_yx=certain.yx,
        tolerance_px=tolerance_nm / size_nm,
        min_distance_px=entry.prediction.min_distance_px,
        uncertain_yx=uncertain.yx,
        ignore_radius_px=default_of(EvaluateJob, "ignore_radius_nm") / size_nm,
    )


def assumed_nm(entry: ImageEntry) -> float:
    """Side of a pixel that is taken for an image whose own is not known, nm."""
    return _ASSUMED_NM if entry.prediction is None else entry.prediction.pixel_size_nm


def assumption(entry: ImageEntry) -> str:
    """Say what was assumed to score an image, "" where its pixel size is known."""
    if entry.pixel_size_nm is not None or entry.scores is None:
        return ""
    return (
        f"Pixel size unknown: {assumed_nm(entry):g} nm/px was assumed, so that slits match within "
        f"{entry.scores.tolerance_px:g} px. Type the pixel size in Load images."
    )
