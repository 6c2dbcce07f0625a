"""Which slits and which membrane of an image are measured: a person's, a model's, or both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from napari_slitseg.core.morphometry.edits import EditCounts
from napari_slitseg.core.points_table import TOMBSTONES, PointTable
from napari_slitseg.core.review.table_rows import joined

SlitsSource = Literal[
    "reviewed", "annotation", "decisions and unjudged proposals", "proposals", "none"
]
MembraneSource = Literal["drawn", "model", "none"]

SAME_SLIT_NM: Final = 50.0
"""Usual tolerance: within it, a proposal and a point that a person judged are the same slit."""

_NOT_JUDGED: Final = "proposed"


@dataclass(frozen=True, eq=False)
class SlitsChoice:
    """The slits to measure, where they come from, and who decided on them.

    Attributes
    ----------
    table : PointTable
        Slits only, without tombstones; ids are unique.
    source : str
        A `SlitsSource`.
    edits : EditCounts
        What people did to them, and how many points they took away.
    editors : tuple of str
        Who did, in alphabetical order, as far as it is known.
    """

    table: PointTable
    source: SlitsSource
    edits: EditCounts
    editors: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class MembraneChoice:
    """The membrane to measure, and where it comes from.

    Attributes
    ----------
    membrane : (H, W) bool or float, or None
        A stripe that a person drew, or a model's map in [0, 1].
    source : str
        A `MembraneSource`.
    """

    membrane: NDArray[Any] | None
    source: MembraneSource


def slits_to_measure(
    annotation: PointTable | None,
    proposals: PointTable | None,
    *,
    is_done: bool,
    tolerance_px: float,
    moved_from: ArrayLike = (),
) -> SlitsChoice:
    """Choose the slits of an image that are measured.

    * A review that is done: the slits of the annotation, and nothing else ("reviewed").
    * An annotation with slits that nobody decided one by one, as imported ones: its slits
      ("annotation").
    * An annotation of decisions only, in a review that goes on: its slits, and the proposals that
      lie farther than the tolerance from every judged point, those taken away included, and from
      where a moved one was ("decisions and unjudged proposals"). Without proposals "annotation".
    * No annotation: the proposals ("proposals"), or nothing ("none").

    Rows of an annotation that are still proposed were judged by nobody. Where no prediction is at
    hand they are the proposals.

    Parameters
    ----------
    annotation : PointTable or None
        What people say, with tombstones.
    proposals : PointTable or None
        What a model found; None where no model looked.
    is_done : bool
        Whether a person marked the review of the image as done.
    tolerance_px : float
        Within it, inclusive, a proposal was judged together with the point, px.
    moved_from : (K, 2) array_like
        Places (y, x) of points before a person moved them, px: a proposal there is the same slit.

    Raises
    ------
    ValueError
        If the tolerance is negative or not finite.
    """
    if not 0 <= tolerance_px < np.inf:
        raise ValueError(f"A tolerance must be a finite number of at least 0, not {tolerance_px}.")
    judged = PointTable.empty() if annotation is None else _rows(annotation, is_judged=True)
    open_rows = _open_rows(annotation, proposals)
    kept = judged.take(judged.is_slit)
    if annotation is not None and is_done:
        return _choice(kept, judged, "reviewed")
    if has_undated_slits(judged) or (len(judged) and open_rows is None):
        return _choice(kept, judged, "annotation")
    if open_rows is None:
        return _choice(kept, judged, "none" if annotation is None else "annotation")
    if not len(judged):
        return _choice(_slits_of_a_model(open_rows), judged, "proposals")
    places = np.concatenate([judged.yx, np.reshape(moved_from, (-1, 2))])
    far = _slits_of_a_model(open_rows.take(_is_far(open_rows, places, tolerance_px)))
    return _choice(appended(kept, far), judged, "decisions and unjudged proposals")


def needs_proposals(annotation: PointTable | None, *, is_done: bool) -> bool:
    """Whether `slits_to_measure` would make use of what a model finds."""
    if annotation is None:
        return True
    return not is_done and not has_undated_slits(_rows(annotation, is_judged=True))


def has_undated_slits(table: PointTable) -> bool:
    """Whether a table has slits that nobody decided one by one, as those of a file."""
    return bool((table.is_slit & (table.time == "")).any())


def membrane_to_measure(
    drawn: NDArray[np.bool_] | None, probability: NDArray[np.floating[Any]] | None
) -> MembraneChoice:
    """Choose the membrane that is measured: what a person drew, else a model's map.

    Parameters
    ----------
    drawn : (H, W) bool or None
        A person's stripe; one without a pixel says that there is no membrane.
    probability : (H, W) float or None
        A model's map, [0, 1].
    """
    if drawn is not None:
        return MembraneChoice(drawn, "drawn")
    if probability is not None:
        return MembraneChoice(probability, "model")
    return MembraneChoice(None, "none")


def appended(first: PointTable, second: PointTable) -> PointTable:
    """Put two tables together; the second one's ids go on after those of the first."""
    start = int(first.ids.max(initial=-1)) + 1
    return joined(first, replace(second, ids=np.arange(start, start + len(second))))


def _open_rows(annotation: PointTable | None, proposals: PointTable | None) -> PointTable | None:
    """Return what nobody judged: a prediction's slits, else rows that are still proposed."""
    if proposals is not None or annotation is None:
        return None if proposals is None else proposals.living
    rows = _rows(annotation, is_judged=False)
    return rows if len(rows) else None


def _rows(table: PointTable, *, is_judged: bool) -> PointTable:
    return table.take((table.status != _NOT_JUDGED) == is_judged)


def _is_far(
    points: PointTable, places_yx: NDArray[np.float64], tolerance_px: float
) -> NDArray[np.bool_]:
    apart, _ = cKDTree(places_yx).query(points.yx)
    return np.asarray(apart > tolerance_px)


def _slits_of_a_model(table: PointTable) -> PointTable:
    """Return proposals under one status, whatever the file that they were read from says."""
    return PointTable(
        ids=table.ids,
        yx=table.yx,
        score=table.score,
        status=np.full(len(table), _NOT_JUDGED),
        origin=table.origin,
        uncertain=table.uncertain,
    )


def _choice(kept: PointTable, judged: PointTable, source: SlitsSource) -> SlitsChoice:
    said_by = {str(each) for each in judged.editor} - {""}
    return SlitsChoice(kept, source, _counted(kept, judged), tuple(sorted(said_by)))


def _counted(kept: PointTable, judged: PointTable) -> EditCounts:
    status = kept.status
    return EditCounts(
        added=int((status == "added").sum()),
        moved=int((status == "moved").sum()),
        accepted=int((status == "accepted").sum()),
        taken_away=int(np.isin(judged.status, TOMBSTONES).sum()),
        unjudged=int((status == _NOT_JUDGED).sum()),
        uncertain=int(kept.uncertain.sum()),
    )
