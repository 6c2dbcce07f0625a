"""Precision, recall and F1 as functions of the tolerance, and their integrals."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from napari_slitseg.core.detection import select
from napari_slitseg.core.matching import as_yx, match
from napari_slitseg.core.matching_edges import TOLERANCE_SLACK, group_edges, pairs_within
from napari_slitseg.core.metrics.ranking import ScoredImage

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ToleranceCurve:
    """Counts of one or many images together at every tolerance that changes them.

    Tolerances are fractions of each image's own largest tolerance, so that images of different
    pixel sizes can be pooled: where the largest is the same in nm for all, so is every fraction.

    Parameters
    ----------
    fraction : (K,) array of float
        Tolerances / largest tolerance at which a count changes, ascending from 0, in [0, 1].
    true_positive : (K,) array of int
        Matched pairs at that tolerance and up to the next.
    n_predicted : (K,) array of int
        Predictions that count. All the same where there are no uncertain annotations.
    n_annotated : int
        Annotations without the uncertain ones.
    """

    fraction: Floats
    true_positive: Ints
    n_predicted: Ints
    n_annotated: int

    @property
    def f1(self) -> Floats:
        """F1 at each of the tolerances, (K,), in [0, 1]; 1 where there are no points at all."""
        points = self.n_predicted + self.n_annotated
        return np.where(points > 0, 2 * self.true_positive / np.maximum(points, 1), 1.0)

    @property
    def precision(self) -> Floats:
        """Fraction of predictions that are right, (K,); where there are none 1 or NaN."""
        empty = np.nan if self.n_annotated else 1.0
        right = self.true_positive / np.maximum(self.n_predicted, 1)
        return np.where(self.n_predicted > 0, right, empty)

    @property
    def recall(self) -> Floats:
        """Fraction of annotations that are found, (K,); without any 1 or NaN."""
        if self.n_annotated:
            return np.asarray(self.true_positive / self.n_annotated)
        return np.where(self.n_predicted > 0, np.nan, 1.0)

    def f1_at(self, fraction: ArrayLike) -> Floats:
        """Return F1 at the given fractions of the largest tolerance, an array of their shape.

        Raises
        ------
        ValueError
            If a fraction is outside [0, 1].
        """
        wanted = np.asarray(fraction, dtype=np.float64)
        if not ((wanted >= 0) & (wanted <= 1)).all():
            raise ValueError(f"Fractions of the largest tolerance lie in [0, 1], got {wanted}.")
        return self.f1[np.searchsorted(self.fraction, wanted, side="right") - 1]

    @property
    def integrated_f1(self) -> float:
        """Mean of F1 over all tolerances from 0 to the largest, in [0, 1]: see `integrated_f1`."""
        return self._mean(self.f1)

    @property
    def integrated_precision(self) -> float:
        """Mean of precision over all tolerances from 0 to the largest; NaN where it ever is."""
        return self._mean(self.precision)

    @property
    def integrated_recall(self) -> float:
        """Mean of recall over all tolerances from 0 to the largest; NaN without annotations.

        1 where nothing is predicted either.
        """
        return self._mean(self.recall)

    def _mean(self, values: Floats) -> float:
        width = np.diff(self.fraction, append=1.0)
        return float(np.sum(values[width > 0] * width[width > 0]))


def tolerance_curve(images: Sequence[ScoredImage], *, threshold: float) -> ToleranceCurve:
    """Return the counts of detections at every tolerance, all images pooled.

    Parameters
    ----------
    images : sequence of ScoredImage
        At least one. `tolerance_px` is the largest tolerance, above 0.
    threshold : float
        Which candidates are detections, in [0, 1].

    Returns
    -------
    ToleranceCurve
        At every tolerance exactly the counts of `match`.

    Raises
    ------
    ValueError
        If there is no image, or one makes no sense.

    Notes
    -----
    A matching changes only where the tolerance passes the distance of two points, so the curve is
    exact with finitely many steps. With uncertain annotations the image is matched anew at each
    such distance: slow for thousands of points.
    """
    if not images:
        raise ValueError("A curve over tolerances needs at least one image.")
    parts = [_steps(image, threshold) for image in images]
    fraction, pairs, counted = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.argsort(fraction, kind="stable")
    last = np.flatnonzero(np.diff(fraction[order], append=np.inf))
    return ToleranceCurve(
        fraction[order][last],
        np.cumsum(pairs[order])[last],
        np.cumsum(counted[order])[last],
        sum(len(as_yx(image.annotated_yx)) for image in images),
    )


def integrated_f1(images: Sequence[ScoredImage], *, threshold: float) -> float:
    """Return the mean of F1 over all tolerances from 0 to the largest, all images pooled.

    Parameters
    ----------
    images, threshold
        As in `tolerance_curve`.

    Returns
    -------
    float
        In [0, 1]. It rewards small distances: a pair at a tenth of the largest tolerance counts
        from there on. Without any point: 1.

    Notes
    -----
    deepBlink (Eichenberger et al., Nucleic Acids Research 2021) with a largest tolerance of 3 px.
    They take the trapezoid rule over 50 tolerances, which is off by up to half a step (0.01) for
    one pair; this is the integral itself. Theirs is 0, not 1, for an image without any point.
    """
    return tolerance_curve(images, threshold=threshold).integrated_f1


def pair_onsets(i: Ints, j: Ints, distance: Floats, shape: tuple[int, int]) -> Floats:
    """Return the distances at which the largest number of pairs grows by one.

    Parameters
    ----------
    i, j : (P,) arrays of int
        Indices of the ends of each possible pair.
    distance : (P,) array of float
        Its length, px.
    shape : tuple of int
        Numbers of points of the two kinds.

    Returns
    -------
    (K,) array of float
        Ascending, px. At a tolerance t the largest matching has as many pairs as there are onsets
        of at most t.
    """
    onsets = [distance[[]]]
    for edges in group_edges(i, j, shape):
        edges = edges[np.argsort(distance[edges], kind="stable")]
        onsets.append(distance[edges[_growing_edges(i[edges], j[edges])]])
    return np.sort(np.concatenate(onsets))


def _growing_edges(i: Ints, j: Ints) -> list[int]:
    """Return which edges, taken one after the other, make the largest matching larger."""

    def size(n: int) -> int:
        graph = csr_matrix((np.ones(n, np.int8), (i[:n], j[:n])), shape=(i.max() + 1, j.max() + 1))
        return int(np.count_nonzero(maximum_bipartite_matching(graph) >= 0))

    if len(i) == 1:
        return [0]
    i, j = (np.unique(ends, return_inverse=True)[1] for ends in (i, j))
    numbers = range(len(i) + 1)
    return [bisect_left(numbers, wanted, key=size) - 1 for wanted in range(1, size(len(i)) + 1)]


def _steps(image: ScoredImage, threshold: float) -> tuple[Floats, Ints, Ints]:
    """Return fractions of the tolerance, and by how much pairs and predictions rise there."""
    largest = image.tolerance_px
    if not 0 < largest < np.inf:
        raise ValueError(f"The largest tolerance must be above 0 px and finite, got {largest}.")
    kept = select(image.found, threshold=threshold, min_distance_px=image.min_distance_px).yx
    annotated = as_yx(image.annotated_yx, "annotated points")
    uncertain = as_yx(image.uncertain_yx, "uncertain points")
    i, j, distance = pairs_within(kept, annotated, largest)
    if len(uncertain):
        _, _, doubtful = pairs_within(kept, uncertain, largest)
        at = np.unique(np.concatenate([[0.0], distance, doubtful]))
        pairs, counted = _counts_by_matching(image, kept, at)
    else:
        at = np.concatenate([[0.0], pair_onsets(i, j, distance, (len(kept), len(annotated)))])
        pairs, counted = np.arange(len(at)), np.full(len(at), len(kept))
    fraction = np.clip(at - TOLERANCE_SLACK, 0, largest) / largest
    return fraction, np.diff(pairs, prepend=0), np.diff(counted, prepend=0)


def _counts_by_matching(image: ScoredImage, kept: Floats, at: Floats) -> tuple[Ints, Ints]:
    found = [
        match(
            kept,
            image.annotated_yx,
            tolerance,
            uncertain_yx=image.uncertain_yx,
            ignore_radius_px=image.ignore_radius_px,
        )
        for tolerance in at
    ]
    aside = np.array([len(each.set_aside) for each in found])
    return np.array([len(each) for each in found]), len(kept) - aside
