"""Decide what is drawn over an image: a pure function of what is known about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review.edit import rows_of

if TYPE_CHECKING:
    from napari_slitseg.core.matching import Before, Matching
    from napari_slitseg.core.metrics.scores import ImageScores


@dataclass(frozen=True, eq=False)
class Marks:
    """Points with the kind each is drawn as.

    Attributes
    ----------
    yx : (N, 2) float64
        Row and column, px.
    kind : (N,) str
        Names in `napari_slitseg.widgets._style.MARKS`.
    score : (N,) float64
        Probability, NaN for annotations.
    ids : (N,) int64
        Ids of the points in their table.
    distance_px : (N,) float64
        Distance to the matched point, NaN without one.
    """

    yx: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))
    kind: NDArray[np.str_] = field(default_factory=lambda: np.zeros(0, np.str_))
    score: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    ids: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    distance_px: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, eq=False)
class Overlay:
    """Detections, annotations and the lines (K, 2, 2) of start and direction between them.

    `matching` is that of detections and certain annotations, None where they were not compared.
    """

    detections: Marks = field(default_factory=Marks)
    annotations: Marks = field(default_factory=Marks)
    lines: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2, 2)))
    matching: Matching | None = None

    def counts(self) -> Counter[str]:
        """How many points there are of each kind."""
        return Counter([*self.detections.kind.tolist(), *self.annotations.kind.tolist()])


def compare(
    predicted: PointTable | None,
    annotated: PointTable | None,
    *,
    shape: tuple[int, int],
    tolerance_px: float,
    ignore_radius_px: float,
    pixel_size_nm: float | None,
    before: tuple[PointTable, Matching] | None = None,
) -> tuple[Overlay, ImageScores | None]:
    """Return what to draw, and the scores where there are both points to compare.

    Parameters
    ----------
    predicted, annotated : PointTable or None
        The model's and the human's slits; None where there are none yet.
    shape : (int, int)
        Rows and columns of the image.
    tolerance_px : float
        Largest distance of a matched pair.
    ignore_radius_px : float
        Detections that match nothing are set aside this near to an uncertain annotation.
    pixel_size_nm : float or None
        For the scores in nm.
    before : (PointTable, Matching) or None
        Annotations and their matching with the same detections, before something changed.
    """
    if predicted is None or annotated is None:
        return _unjudged(predicted, annotated), None
    from napari_slitseg.core.matching import match
    from napari_slitseg.core.metrics.scores import score_matching

    certain, uncertain = certain_and_uncertain(annotated)
    found = match(
        predicted.yx,
        certain.yx,
        tolerance_px,
        uncertain_yx=uncertain.yx,
        ignore_radius_px=ignore_radius_px,
        before=None if before is None else _before(*before, certain),
    )
    scores = score_matching(
        found,
        predicted.yx,
        certain.yx,
        shape=shape,
        n_uncertain=len(uncertain),
        pixel_size_nm=pixel_size_nm,
    )
    return _judged(predicted, annotated, found), scores


def _before(annotated: PointTable, matching: Matching, certain: PointTable) -> Before:
    from napari_slitseg.core.matching import Before

    was, _ = certain_and_uncertain(annotated)
    rows, _ = rows_of(was.ids, certain.ids)
    return Before(matching, was.yx, rows)


def _unjudged(predicted: PointTable | None, annotated: PointTable | None) -> Overlay:
    return Overlay(
        detections=Marks() if predicted is None else _marks(predicted, "detected"),
        annotations=Marks() if annotated is None else _annotations(annotated),
    )


def _judged(predicted: PointTable, annotated: PointTable, found: Matching) -> Overlay:
    detections = _marks(predicted, "false positive")
    detections.kind[found.true_positive] = "true positive"
    detections.kind[found.set_aside] = "set aside"
    annotations = _annotations(annotated)
    rows = np.flatnonzero(annotated.is_slit & ~annotated.uncertain)
    partner = rows[found.pairs[:, 1]]
    annotations.kind[rows[found.missed]] = "missed"
    annotations.kind[partner] = "matched"
    detections.distance_px[found.pairs[:, 0]] = found.distance_px
    annotations.distance_px[partner] = found.distance_px
    start = predicted.yx[found.pairs[:, 0]]
    lines = np.stack([start, annotated.yx[partner] - start], axis=1)
    return Overlay(detections, annotations, lines, found)


def _annotations(table: PointTable) -> Marks:
    marks = _marks(table, "annotated")
    marks.kind[table.uncertain] = "uncertain"
    marks.kind[~table.is_slit] = "left out"
    return marks


def certain_and_uncertain(annotated: PointTable) -> tuple[PointTable, PointTable]:
    """Return the points that are to be found, and those that may or may not be slits."""
    counts = annotated.is_slit
    return annotated.take(counts & ~annotated.uncertain), annotated.take(
        counts & annotated.uncertain
    )


def _marks(table: PointTable, kind: str) -> Marks:
    return Marks(
        yx=table.yx,
        kind=np.full(len(table), kind, dtype="<U16"),
        score=table.score,
        ids=table.ids,
        distance_px=np.full(len(table), np.nan),
    )
