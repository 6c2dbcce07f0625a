"""What deserves a look in an image: errors, proposals and points somebody was not sure of."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import repeat
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.matching import Matching
from napari_slitseg.core.points_table import PointTable
from napari_slitseg.core.review.judged import Judged, judge
from napari_slitseg.core.review.table_rows import points_of
from napari_slitseg.core.review.way import along_the_way

Kind = Literal["false positive", "missed", "far match", "proposal", "uncertain"]

KINDS: Final[tuple[Kind, ...]] = ("false positive", "missed", "far match", "proposal", "uncertain")
"""What an item can be."""


class Item(NamedTuple):
    """A place that deserves a look.

    Attributes
    ----------
    kind : str
        One of `KINDS`; "" for a mere place.
    yx : (float, float)
        Where to look, px: the annotation where there is no detection, else the detection.
    detection_row : int or None
        Row of the detections.
    annotation_id : int or None
        Id of the point of the annotation: missed, uncertain, proposed, or the partner.
    score : float
        Of the detection, else of the point; NaN where there is none.
    distance_px : float
        Between detection and point; NaN where there is only one of them.
    judged : bool
        Whether a person looked at it and decided.
    severity : float
        How bad it is: a missed slit 1, a false positive or proposal its score, a far match its
        share of the tolerance; others 0.
    way : int
        How far along a short way through the image it lies.
    """

    kind: Kind | Literal[""]
    yx: tuple[float, float]
    detection_row: int | None = None
    annotation_id: int | None = None
    score: float = math.nan
    distance_px: float = math.nan
    judged: bool = False
    severity: float = 0.0
    way: int = 0

    @classmethod
    def at(cls, yx: tuple[float, float]) -> Item:
        """Return a mere place, to begin a walk from."""
        y, x = map(float, yx)
        return cls("", (y, x), way=int(along_the_way(np.array([[y, x]]))[0]))


def find_items(
    detections: PointTable | None,
    annotation: PointTable | None,
    tolerance_px: float,
    *,
    far_px: float = math.inf,
    ignore_radius_px: float = 0.0,
    has_reference: bool | None = None,
    matching: Matching | None = None,
) -> tuple[Item, ...]:
    """Return everything that deserves a look, judged or not.

    With a reference there are false positives, missed slits and matches that are far apart.
    Without one every detection that is not set aside is a proposal, judged once a person accepted
    or rejected it. A false positive that belongs to a rejected point, one to one within the
    tolerance, is judged; a point of the annotation is judged when it carries a time. Proposed rows
    of the annotation are proposals, together with the detection that belongs to them. Uncertain
    slits are items too.

    Parameters
    ----------
    detections : PointTable or None
        What the model found; None before it looked.
    annotation : PointTable or None
        What people say, with tombstones.
    tolerance_px : float
        Largest distance of a match, inclusive, px.
    far_px : float
        A match farther apart than this is an item, px.
    ignore_radius_px : float
        Detections without a match are set aside this near to an uncertain slit, px.
    has_reference : bool or None
        Whether the annotation is there to compare with, and not only what was made of the
        detections so far; None says yes where there is an annotation.
    matching : Matching, optional
        Of the detections with the certain slits, where it is known already.

    Returns
    -------
    tuple of Item
        Kind by kind. Nothing was missed before the model looked.

    Raises
    ------
    ValueError
        If a length is negative, NaN or, but for `far_px`, infinite.
    """
    if not far_px >= 0:
        raise ValueError(f"far_px must be at least 0, got {far_px}.")
    points, found = points_of(annotation), points_of(detections)
    judged = judge(
        found, points, tolerance_px, ignore_radius_px=ignore_radius_px, matching=matching
    )
    compares = annotation is not None if has_reference is None else has_reference
    missed = judged.missed_row[: None if detections is not None else 0]
    parts = [
        _unmatched(found, points, judged, "false positive" if compares else "proposal"),
        _of_points("missed", points, missed),
        _far(found, points, judged, far_px) if compares else _accepted(found, points, judged),
        _proposed(found, points, judged),
        _of_points("uncertain", points, np.flatnonzero(points.is_slit & points.uncertain)),
    ]
    return tuple(item for part in parts for item in part)


def _unmatched(found: PointTable, points: PointTable, judged: Judged, kind: Kind) -> list[Item]:
    """Items of detections that belong to no slit; judged where they belong to a rejected point."""
    is_free = (judged.slit_row < 0) & ~judged.set_aside & (judged.proposed_row < 0)
    no, open_ = judged.rejected_row >= 0, is_free & (judged.rejected_row < 0)
    return [
        *_of_detections(kind, found, np.flatnonzero(open_)),
        *_of_pairs(kind, found, points, np.flatnonzero(no), judged.rejected_row[no]),
    ]


def _far(found: PointTable, points: PointTable, judged: Judged, far_px: float) -> list[Item]:
    pairs, distance = judged.matching.pairs, judged.matching.distance_px
    is_far = distance > far_px
    rows, tolerance_px = pairs[is_far, 0], max(judged.matching.tolerance_px, 1e-9)
    severity = (distance[is_far] / tolerance_px).clip(max=1).tolist()
    partners = judged.slit_row[rows]
    return _of_pairs("far match", found, points, rows, partners, severity=severity)


def _accepted(found: PointTable, points: PointTable, judged: Judged) -> list[Item]:
    rows = judged.matching.pairs[:, 0]
    return _of_pairs("proposal", found, points, rows, judged.slit_row[rows])


def _proposed(found: PointTable, points: PointTable, judged: Judged) -> list[Item]:
    """Proposed rows of the annotation, with the detections that belong to them."""
    rows = np.flatnonzero(judged.proposed_row >= 0)
    partners = judged.proposed_row[rows]
    alone = points.status == "proposed"
    alone[partners] = False
    no = repeat(object=False)
    return [
        *_of_pairs("proposal", found, points, rows, partners, judged=no),
        *_of_points("proposal", points, np.flatnonzero(alone), judged=no),
    ]


def _of_detections(kind: Kind, found: PointTable, rows: NDArray[np.intp]) -> list[Item]:
    yx, score = found.yx[rows], found.score[rows]
    return _listed(
        kind,
        yx,
        detection_row=rows.tolist(),
        score=_numbers(score),
        severity=_severity(kind, score),
    )


def _of_points(
    kind: Kind, points: PointTable, rows: NDArray[np.intp], **more: Iterable[Any]
) -> list[Item]:
    score = points.score[rows]
    columns: dict[str, Iterable[Any]] = {
        "annotation_id": points.ids[rows].tolist(),
        "score": _numbers(score),
        "judged": _is_judged(points, rows).tolist(),
        "severity": _severity(kind, score),
    }
    return _listed(kind, points.yx[rows], **columns | more)


def _of_pairs(
    kind: Kind,
    found: PointTable,
    points: PointTable,
    rows: NDArray[np.intp],
    partners: NDArray[np.intp],
    **more: Iterable[Any],
) -> list[Item]:
    yx, score = found.yx[rows], found.score[rows]
    columns: dict[str, Iterable[Any]] = {
        "detection_row": rows.tolist(),
        "annotation_id": points.ids[partners].tolist(),
        "score": _numbers(score),
        "distance_px": np.hypot(*(yx - points.yx[partners]).T).tolist(),
        "judged": _is_judged(points, partners).tolist(),
        "severity": _severity(kind, score),
    }
    return _listed(kind, yx, **columns | more)


def _numbers(values: NDArray[np.float64]) -> list[float]:
    """Values as a list in which every NaN is `math.nan`, so that equal items are equal."""
    return [math.nan if math.isnan(value) else value for value in values.tolist()]


def _severity(kind: Kind, score: NDArray[np.float64]) -> Iterable[float]:
    if kind == "missed":
        return repeat(1.0)
    return repeat(0.0) if kind == "uncertain" else np.nan_to_num(score).tolist()


def _is_judged(points: PointTable, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Rejected ones are, even where nobody is known to have done it; others once signed."""
    is_signed: NDArray[np.bool_] = points.time[rows] != ""
    is_rejected: NDArray[np.bool_] = points.status[rows] == "rejected"
    return is_signed | is_rejected


def _listed(kind: Kind, yx: NDArray[np.float64], **columns: Iterable[Any]) -> list[Item]:
    """Items of one kind, from their columns; those not given keep the defaults."""
    if not len(yx):
        return []
    defaults: dict[str, Iterable[Any]] = {
        name: repeat(value) for name, value in Item._field_defaults.items()
    }
    values = {**defaults, **columns, "way": along_the_way(yx).tolist()}
    places = map(tuple, yx.tolist())
    return list(map(Item, repeat(kind), places, *values.values()))
