"""Accept and reject what the model found: what was decided enters the annotation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.points_table import TOMBSTONES, PointTable
from napari_slitseg.core.review.edit import Edit
from napari_slitseg.core.review.judged import judge
from napari_slitseg.core.review.signature import Signature
from napari_slitseg.core.review.table_rows import changed, joined, points_of, rows_at

_ALL: Final = "accept all above"


def accept_detections(
    table: PointTable | None, detections: PointTable, by: Signature, *, uncertain: bool = False
) -> Edit:
    """Say that detections are slits: each becomes a point of the annotation.

    A detection at exactly the place of a point that is there, or was taken away, accepts that
    point instead; two detections at one place are one.

    Parameters
    ----------
    table : PointTable or None
        The annotation.
    detections : PointTable
        Which.
    by : Signature
        Who, and when.
    uncertain : bool
        Whether the person is not sure that they are slits.
    """
    status = np.full(len(detections), "accepted")
    doubtful = detections.uncertain | uncertain
    return _decided("accept", table, replace(detections, status=status, uncertain=doubtful), by)


def reject_detections(table: PointTable | None, detections: PointTable, by: Signature) -> Edit:
    """Say that detections are no slits: each becomes a tombstone of the annotation.

    A detection at exactly the place of a point of the annotation rejects that point instead.
    """
    status = np.full(len(detections), "rejected")
    return _decided("reject", table, replace(detections, status=status), by)


def accept_above(
    table: PointTable | None,
    detections: PointTable,
    score: float,
    tolerance_px: float,
    by: Signature,
    *,
    ignore_radius_px: float = 0.0,
) -> Edit:
    """Accept everything of at least a score that nobody judged yet.

    Detections that belong to a slit of the annotation or to a rejected point, one to one within
    the tolerance (`judge`), are left out; those that belong to a proposed row accept that row.

    Parameters
    ----------
    table : PointTable or None
        The annotation.
    detections : PointTable
        All of the image.
    score : float
        Lowest that is accepted, inclusive; points without a score are not.
    tolerance_px : float
        Inclusive, px.
    by : Signature
        Who, and when.
    ignore_radius_px : float
        Detections this near to an uncertain slit are left out too, px.

    Raises
    ------
    ValueError
        If a length is negative or not finite.
    """
    points = points_of(table)
    found = judge(detections, points, tolerance_px, ignore_radius_px=ignore_radius_px)
    above = detections.score >= score
    stands_for = found.proposed_row >= 0
    new = accept_detections(points, detections.take(found.is_open & above & ~stands_for), by)
    proposed = (points.status == "proposed") & (points.score >= score)
    proposed[found.proposed_row[stands_for & above]] = True
    proposed &= ~np.isin(points.ids, new.before.ids)
    old = changed(_ALL, points, proposed, by, status="accepted")
    return replace(old, before=joined(old.before, new.before), after=joined(old.after, new.after))


def _decided(kind: str, table: PointTable | None, decided: PointTable, by: Signature) -> Edit:
    """Give detections the status they carry, as points that are there or as new ones."""
    points = points_of(table)
    _, first = np.unique(decided.yx, axis=0, return_index=True)
    decided = decided.take(np.sort(first))
    rows = rows_at(points, decided.yx)
    old, there = decided.take(rows >= 0), points.take(rows[rows >= 0])
    values = _values(old, there)
    news = (values["status"] != there.status) | (values["uncertain"] != there.uncertain)
    news |= there.time == ""
    return changed(
        kind,
        points,
        rows[rows >= 0][news],
        by,
        new=decided.take(rows < 0),
        **{name: column[news] for name, column in values.items()},
    )


def _values(decided: PointTable, there: PointTable) -> dict[str, NDArray[Any]]:
    """Return what points that are there become; those taken away become the detection."""
    gone = np.isin(there.status, TOMBSTONES)
    stands = there.is_slit & (there.time != "") & (decided.status == "accepted")
    return {
        "status": np.where(stands, there.status, decided.status),
        "score": np.where(gone, decided.score, there.score),
        "origin": np.where(gone, decided.origin, there.origin),
        "uncertain": decided.uncertain | (there.uncertain & ~gone),
    }
