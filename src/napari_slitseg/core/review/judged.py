"""Which detections people have judged already, by saying yes or no to a place near them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.matching import Matching, match
from napari_slitseg.core.points_table import PointTable


@dataclass(frozen=True, eq=False)
class Judged:
    """What each detection has to do with the annotation.

    Attributes
    ----------
    matching : Matching
        Of all detections with the certain slits, as it is scored.
    slit_row, rejected_row, proposed_row : (N,) int
        Row of the annotation that each detection belongs to, at most one of the three; else -1.
    set_aside : (N,) bool
        Detections near an uncertain slit that belong to no certain one.
    missed_row : (K,) int
        Rows of certain slits without a detection.
    """

    matching: Matching
    slit_row: NDArray[np.intp]
    rejected_row: NDArray[np.intp]
    proposed_row: NDArray[np.intp]
    set_aside: NDArray[np.bool_]
    missed_row: NDArray[np.intp]

    @property
    def is_open(self) -> NDArray[np.bool_]:
        """Which detections nobody said yes or no to: (N,) bool."""
        return (self.slit_row < 0) & (self.rejected_row < 0) & ~self.set_aside


def judge(
    detections: PointTable,
    annotation: PointTable,
    tolerance_px: float,
    *,
    ignore_radius_px: float = 0.0,
    matching: Matching | None = None,
) -> Judged:
    """Tell what each detection has to do with the annotation.

    Detections are matched with the slits as they are scored. Those left over are matched, one to
    one within the same tolerance, with the rejected points: a person said no there, whatever
    threshold or model found it then. What is left of these is matched with proposed rows.

    Parameters
    ----------
    detections, annotation : PointTable
        What the model found, and what people say, with tombstones.
    tolerance_px : float
        Largest distance of a match, inclusive, px.
    ignore_radius_px : float
        Detections without a match are set aside this near to an uncertain slit, px.
    matching : Matching, optional
        Of the detections with the certain slits, where it is known already.

    Raises
    ------
    ValueError
        If a length is negative or not finite, or the matching is of other points.
    """
    certain = np.flatnonzero(annotation.is_slit & ~annotation.uncertain)
    found = matching
    if found is None:
        found = match(
            detections.yx,
            annotation.yx[certain],
            tolerance_px,
            uncertain_yx=annotation.yx[annotation.is_slit & annotation.uncertain],
            ignore_radius_px=ignore_radius_px,
        )
    if (found.n_predicted, found.n_annotated) != (len(detections), len(certain)):
        raise ValueError("The matching is of other points than those shown; match them again.")
    slit_row = np.full(len(detections), -1, np.intp)
    slit_row[found.pairs[:, 0]] = certain[found.pairs[:, 1]]
    left = found.false_positive
    rejected_row = _matched(detections, left, annotation, "rejected", tolerance_px)
    left = left[rejected_row[left] < 0]
    return Judged(
        matching=found,
        slit_row=slit_row,
        rejected_row=rejected_row,
        proposed_row=_matched(detections, left, annotation, "proposed", tolerance_px),
        set_aside=np.isin(np.arange(len(detections)), found.set_aside),
        missed_row=certain[found.missed],
    )


def _matched(
    detections: PointTable,
    left: NDArray[np.int64],
    annotation: PointTable,
    status: str,
    tolerance_px: float,
) -> NDArray[np.intp]:
    """Row of that status each of the detections left belongs to, -1 for none."""
    rows = np.flatnonzero(annotation.status == status)
    pairs = match(detections.yx[left], annotation.yx[rows], tolerance_px).pairs
    row = np.full(len(detections), -1, np.intp)
    row[left[pairs[:, 0]]] = rows[pairs[:, 1]]
    return row
