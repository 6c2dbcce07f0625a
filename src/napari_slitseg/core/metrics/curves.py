"""Precision, recall and F1 as functions of the threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.metrics import counts
from napari_slitseg.core.metrics.ranking import RankedImage, ScoredImage, rank_image

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BestThreshold:
    """The threshold of the highest F1, well inside the range of those that are as good.

    Parameters
    ----------
    threshold : float
        Middle of the widest range of thresholds with this F1, in [0, 1].
    f1 : float
        Highest F1 of the curve.
    lowest, highest : float
        Ends of that range. Detections are the same for all thresholds above `lowest` and up to
        `highest`; at `lowest` itself, unless it is 0, there are more.
    """

    threshold: float
    f1: float
    lowest: float
    highest: float


@dataclass(frozen=True, eq=False)
class PrecisionRecall:
    """Counts of one or many images together at every threshold that changes them.

    Counts are summed over images before any fraction is taken ("pooled"); for the curve of one
    image give one image.

    Parameters
    ----------
    threshold : (K,) array of float
        The distinct scores, in descending order, so that recall rises. Empty without candidates.
    true_positive : (K,) array of int
        Matched pairs of the detections with at least that score.
    n_predicted : (K,) array of int
        Those detections, without any set aside near uncertain annotations.
    n_annotated : int
        Annotations without the uncertain ones.
    """

    threshold: Floats
    true_positive: NDArray[np.int64]
    n_predicted: NDArray[np.int64]
    n_annotated: int

    @property
    def precision(self) -> Floats:
        """Fraction of detections that are right, (K,); as `precision` where there are none."""
        empty = 1.0 if self.n_annotated == 0 else math.nan
        return _fractions(self.true_positive, self.n_predicted, empty)

    @property
    def recall(self) -> Floats:
        """Fraction of annotations that are found, (K,); as `recall` where there are none."""
        whole = np.full(len(self.threshold), self.n_annotated)
        return _fractions(self.true_positive, whole, np.where(self.n_predicted, math.nan, 1.0))

    @property
    def f1(self) -> Floats:
        """Harmonic mean of precision and recall, (K,), in [0, 1]."""
        return _fractions(2 * self.true_positive, self.n_predicted + self.n_annotated, 1.0)

    def counts_at(self, threshold: float) -> tuple[int, int, int]:
        """Return (true positives, false positives, missed) at any threshold in [0, 1]."""
        k = int(np.searchsorted(-self.threshold, -threshold, side="right"))
        if k == 0:
            return 0, 0, self.n_annotated
        pairs, predicted = int(self.true_positive[k - 1]), int(self.n_predicted[k - 1])
        return pairs, predicted - pairs, self.n_annotated - pairs

    def f1_at(self, threshold: float) -> float:
        """Return F1 at any threshold in [0, 1]."""
        return counts.f1(*self.counts_at(threshold))

    def average_precision(self, *, envelope: bool = False) -> float:
        """Return the area under precision as a step function of recall.

        The sum of precision times the rise in recall, over falling thresholds, starting from a
        recall of 0. No interpolation, as in scikit-learn; recall that no threshold reaches counts
        as precision 0.

        Parameters
        ----------
        envelope : bool
            Take the highest precision at this or any higher recall, as Pascal VOC 2010 and COCO
            do (which sample it at 101 recalls; this is exact). Never lower than without.

        Returns
        -------
        float
            In [0, 1]. Without annotations: 1 where there are no candidates either, else NaN.

        Notes
        -----
        Pairs are matched anew at each threshold; COCO gives an annotation to the best-scored
        detection in reach and never takes it back.
        """
        if self.n_annotated == 0:
            return math.nan if np.any(self.n_predicted) else 1.0
        precision = np.nan_to_num(self.precision)
        if envelope:
            precision = np.maximum.accumulate(precision[::-1])[::-1]
        return float(np.sum(precision * np.diff(self.recall, prepend=0.0)))

    def best(self) -> BestThreshold:
        """Return the threshold of the highest F1.

        Between two scores the detections are the same, so F1 is a step function of the threshold.
        Of its highest steps (neighbours as one) the widest is taken, of equally wide ones the
        higher, and of that the middle: never the score of a candidate itself, which another image
        would miss by a hair.

        Returns
        -------
        BestThreshold
            The range above the best score, where nothing is detected, and that below the lowest
            count too, down to 0. Without candidates: 0.5, of [0, 1].
        """
        ends = np.concatenate([[1.0], self.threshold, [0.0]])
        first = 1 if ends[0] == ends[1] and len(self.threshold) else 0
        f1 = np.concatenate([[counts.f1(0, 0, self.n_annotated)], self.f1])[first:]
        is_best = np.concatenate([[0], f1 == f1.max(), [0]])
        begin, end = (np.flatnonzero(np.diff(is_best) == step) + first for step in (1, -1))
        widest = int(np.argmax(ends[begin] - ends[end]))
        highest, lowest = float(ends[begin[widest]]), float(ends[end[widest]])
        middle = (highest + lowest) / 2
        inside = middle if lowest < middle else highest
        return BestThreshold(inside, float(f1.max()), lowest, highest)


def precision_recall(images: Sequence[ScoredImage | RankedImage]) -> PrecisionRecall:
    """Return precision and recall at every threshold, matched anew at each, all images pooled.

    Parameters
    ----------
    images : sequence of ScoredImage or RankedImage
        At least one. To draw many samples of the same images, rank each once with `rank_image`.

    Returns
    -------
    PrecisionRecall
        At every distinct score exactly the counts of `select`, then `match`.

    Raises
    ------
    ValueError
        If there is no image, or one makes no sense.
    """
    if not images:
        raise ValueError("A precision-recall curve needs at least one image.")
    ranked = [each if isinstance(each, RankedImage) else rank_image(each) for each in images]
    score = np.concatenate([each.score for each in ranked])
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.diff(score[order], append=-np.inf))
    paired, counted = (
        np.cumsum(np.concatenate([getattr(each, name) for each in ranked])[order])[last]
        for name in ("paired", "counted")
    )
    n_annotated = sum(each.n_annotated for each in ranked)
    return PrecisionRecall(score[order][last], paired, counted, n_annotated)


def average_precision(
    images: Sequence[ScoredImage | RankedImage], *, envelope: bool = False
) -> float:
    """Return the average precision of images, pooled: see `PrecisionRecall.average_precision`."""
    return precision_recall(images).average_precision(envelope=envelope)


def best_threshold(images: Sequence[ScoredImage | RankedImage]) -> BestThreshold:
    """Return the threshold of the highest pooled F1 of images: see `PrecisionRecall.best`.

    Choose it on images that are not scored with it afterwards.
    """
    return precision_recall(images).best()


def _fractions(part: NDArray[np.int64], whole: NDArray[np.int64], empty: float | Floats) -> Floats:
    return np.where(whole > 0, part / np.maximum(whole, 1), empty)
