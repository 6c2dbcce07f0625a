"""One-to-one matching of predicted and annotated points within a tolerance."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_slitseg.core.matching_again import Pairs, pairs_again
from napari_slitseg.core.matching_edges import TOLERANCE_SLACK, best_pairs, pairs_within

__all__ = ["TOLERANCE_SLACK", "Before", "Matching", "as_yx", "checked_distance", "match"]


@dataclass(frozen=True, eq=False)
class Matching:
    """Which prediction belongs to which annotation.

    Parameters
    ----------
    pairs : (K, 2) array of int
        Rows (index of the prediction, index of the annotation), by ascending prediction.
    distance_px : (K,) array of float
        Distance of each pair, px.
    n_predicted, n_annotated : int
        Numbers of points that went in.
    tolerance_px : float
        Largest distance of a pair, inclusive, px.
    set_aside : (S,) array of int
        Indices of the predictions near an uncertain annotation, neither right nor wrong.
    """

    pairs: NDArray[np.int64]
    distance_px: NDArray[np.float64]
    n_predicted: int
    n_annotated: int
    tolerance_px: float
    set_aside: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.pairs)

    @property
    def true_positive(self) -> NDArray[np.int64]:
        """Indices of the matched predictions, ascending."""
        return self.pairs[:, 0]

    @property
    def false_positive(self) -> NDArray[np.int64]:
        """Indices of the predictions without an annotation and not set aside, ascending."""
        return _others(self.n_predicted, self.pairs[:, 0], self.set_aside)

    @property
    def missed(self) -> NDArray[np.int64]:
        """Indices of the annotations without a prediction, ascending."""
        return _others(self.n_annotated, self.pairs[:, 1])


@dataclass(frozen=True, eq=False)
class Before:
    """A matching of the same predictions with annotations of which some changed since.

    Parameters
    ----------
    matching : Matching
        What it was.
    annotated_yx : (M, 2) array
        Annotations then, px.
    row_before : array of int
        Row that each annotation of now had then, ascending; -1 for new ones.
    """

    matching: Matching
    annotated_yx: NDArray[np.float64]
    row_before: NDArray[np.intp]


def as_yx(points: ArrayLike, name: str = "points") -> NDArray[np.float64]:
    """Return the points as an (N, 2) float array.

    Parameters
    ----------
    points : (N, 2) array_like
        Positions (y, x); an empty list is no points.
    name : str
        What the points are, for the message.

    Raises
    ------
    ValueError
        If the shape is another, or a coordinate is NaN or infinite.
    """
    yx = np.asarray(points, dtype=np.float64)
    if yx.size == 0 and yx.ndim <= 2:
        return np.zeros((0, 2))
    if yx.ndim != 2 or yx.shape[1] != 2:
        raise ValueError(f"{name}: expected (N, 2) positions (y, x), got shape {yx.shape}.")
    bad = np.flatnonzero(~np.isfinite(yx).all(axis=1))
    if len(bad):
        raise ValueError(
            f"{name}: {len(bad)} of {len(yx)} positions are NaN or infinite, the first in row "
            f"{bad[0]}. Remove or correct them."
        )
    return yx


def match(
    predicted_yx: ArrayLike,
    annotated_yx: ArrayLike,
    tolerance_px: float,
    *,
    uncertain_yx: ArrayLike = (),
    ignore_radius_px: float = 0.0,
    before: Before | None = None,
) -> Matching:
    """Match predictions with annotations one to one.

    Of all matchings whose pairs lie within the tolerance, take one with the largest number of
    pairs and, among those, the smallest sum of distances (Euclidean, px).

    Parameters
    ----------
    predicted_yx, annotated_yx : (N, 2) and (M, 2) array_like
        Positions (y, x) in px.
    tolerance_px : float
        Largest distance of a pair, inclusive (up to `TOLERANCE_SLACK` of rounding), px.
    uncertain_yx : (U, 2) array_like
        Annotations that may or may not be slits. Predictions that found no partner among the
        annotations are matched with these in the same way; those that find one, and all others
        within `ignore_radius_px` of one, are set aside. So uncertain annotations never change a
        pair, and can only take false positives away.
    ignore_radius_px : float
        Inclusive, px.
    before : Before or None
        A matching of the same predictions that little changed since: it makes this quicker.

    Returns
    -------
    Matching
        The same for the same input; where several matchings are equally good it is one of them.

    Raises
    ------
    ValueError
        If positions are not finite (N, 2) numbers or the tolerance is negative or not finite.
    """
    predicted = as_yx(predicted_yx, "predicted points")
    annotated = as_yx(annotated_yx, "annotated points")
    uncertain = as_yx(uncertain_yx, "uncertain points")
    tolerance_px = checked_distance(tolerance_px, "tolerance_px")
    radius_px = checked_distance(ignore_radius_px, "ignore_radius_px")
    rows = None if before is None else _again(before, predicted, annotated, tolerance_px)
    pairs, distance = best_pairs(predicted, annotated, tolerance_px) if rows is None else rows
    left = _others(len(predicted), pairs[:, 0])
    excused, _ = best_pairs(predicted[left], uncertain, tolerance_px)
    near, _, _ = pairs_within(predicted[left], uncertain, radius_px)
    return Matching(
        pairs=pairs,
        distance_px=distance,
        n_predicted=len(predicted),
        n_annotated=len(annotated),
        tolerance_px=tolerance_px,
        set_aside=left[np.union1d(excused[:, 0], near)],
    )


def checked_distance(value: float, name: str) -> float:
    """Return a tolerance or radius, px.

    Raises
    ------
    ValueError
        If it is negative, NaN or infinite.
    """
    if not (np.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be a finite number of at least 0, got {value}.")
    return float(value)


def _again(
    before: Before, predicted: NDArray[np.float64], annotated: NDArray[np.float64], within_px: float
) -> Pairs | None:
    was = before.matching
    if was.tolerance_px != within_px or was.n_predicted != len(predicted):
        return None
    both = (before.annotated_yx, annotated)
    return pairs_again(was.pairs, was.distance_px, predicted, both, before.row_before, within_px)


def _others(n: int, *taken: NDArray[np.int64]) -> NDArray[np.int64]:
    free = np.ones(n, dtype=bool)
    for some in taken:
        free[some] = False
    return np.flatnonzero(free)
