"""How many pixels of two masks agree."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class PixelCounts:
    """Pixels of one or more masks by what was predicted and annotated.

    Add those of several images (`a + b`, or `sum(all, PixelCounts())`) to pool them: a fraction of
    the sum weighs each pixel the same, a mean of fractions each image.

    Parameters
    ----------
    true_positive, false_positive, missed, true_negative : int
        Numbers of pixels: in both masks, only predicted, only annotated, in neither.
    """

    true_positive: int = 0
    false_positive: int = 0
    missed: int = 0
    true_negative: int = 0

    def __add__(self, other: PixelCounts) -> PixelCounts:
        return PixelCounts(
            self.true_positive + other.true_positive,
            self.false_positive + other.false_positive,
            self.missed + other.missed,
            self.true_negative + other.true_negative,
        )

    @property
    def dice(self) -> float:
        """Dice: 2 tp / (2 tp + fp + missed), in [0, 1]; 1 where both masks are empty."""
        return _fraction(2 * self.true_positive, self.false_positive + self.missed)

    @property
    def iou(self) -> float:
        """IoU: tp / (tp + fp + missed), in [0, 1]; 1 where both masks are empty."""
        return _fraction(self.true_positive, self.false_positive + self.missed)

    @property
    def accuracy(self) -> float:
        """(tp + tn) / pixels, in [0, 1]; NaN without a pixel. High for any mostly empty mask."""
        right = self.true_positive + self.true_negative
        whole = right + self.false_positive + self.missed
        return right / whole if whole else math.nan

    @property
    def balanced_accuracy(self) -> float:
        """Mean of the fractions of foreground and of background that are right, in [0, 1].

        That of the other alone where one is not annotated (as scikit-learn); NaN without a pixel.
        """
        right = (self.true_positive, self.true_negative)
        wrong = (self.missed, self.false_positive)
        parts = [r / (r + w) for r, w in zip(right, wrong, strict=True) if r + w]
        return math.fsum(parts) / len(parts) if parts else math.nan


def count_pixels(predicted: ArrayLike, annotated: ArrayLike) -> PixelCounts:
    """Count pixels of two masks of the same shape, of any number of dimensions.

    Parameters
    ----------
    predicted, annotated : array_like of bool, or of 0 and 1
        Masks. Apply a threshold to a probability map first.

    Raises
    ------
    ValueError
        If the shapes differ, or a value is neither 0 nor 1.
    """
    p, g = as_masks(predicted, annotated)
    both, n_predicted, n_annotated = (int(np.count_nonzero(each)) for each in (p & g, p, g))
    missed, false_positive = n_annotated - both, n_predicted - both
    return PixelCounts(both, false_positive, missed, p.size - both - missed - false_positive)


def iou(predicted: ArrayLike, annotated: ArrayLike) -> float:
    """Return the intersection over union of two masks: see `PixelCounts.iou`, `count_pixels`."""
    return count_pixels(predicted, annotated).iou


def pixel_accuracy(predicted: ArrayLike, annotated: ArrayLike) -> float:
    """Return the fraction of equal pixels: see `PixelCounts.accuracy`, `count_pixels`."""
    return count_pixels(predicted, annotated).accuracy


def balanced_accuracy(predicted: ArrayLike, annotated: ArrayLike) -> float:
    """Return the mean accuracy of both classes: see `PixelCounts.balanced_accuracy`."""
    return count_pixels(predicted, annotated).balanced_accuracy


def mean_precision_over_ious(predicted: ArrayLike, annotated: ArrayLike) -> float:
    """Return the fraction of the IoU thresholds .50, .55, ... .95 that two masks exceed.

    Parameters
    ----------
    predicted, annotated : array_like of bool, or of 0 and 1
        One mask each, taken as one object.

    Returns
    -------
    float
        A multiple of 0.1 in [0, 1]; 1 where both masks are empty, 0 where one is. Over n images
        take the mean, a multiple of 1 / (10 n). It is not an IoU.

    Raises
    ------
    ValueError
        If the shapes differ, or a value is neither 0 nor 1.

    Notes
    -----
    The score of Kaggle's TGS Salt challenge (2018), where an IoU counts above, not at, a threshold.
    Computed in whole numbers, so no rounding moves an IoU across one.
    """
    n = count_pixels(predicted, annotated)
    union = n.true_positive + n.false_positive + n.missed
    if not union:
        return 1.0
    return sum(20 * n.true_positive > step * union for step in range(10, 20)) / 10


def as_masks(
    predicted: ArrayLike, annotated: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return two masks as arrays of bool.

    Raises
    ------
    ValueError
        If the shapes differ, or a value is neither 0 nor 1.
    """
    p, g = _as_mask(predicted, "predicted"), _as_mask(annotated, "annotated")
    check_same_shape(p.shape, g.shape)
    return p, g


def check_same_shape(predicted: tuple[int, ...], annotated: tuple[int, ...]) -> None:
    """Refuse to compare masks or maps of different sizes.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if predicted != annotated:
        raise ValueError(
            f"The predicted mask has shape {predicted}, the annotated one {annotated}. Bring both "
            "to the same size."
        )


def _fraction(part: int, rest: int) -> float:
    return part / (part + rest) if part + rest else 1.0


def _as_mask(values: ArrayLike, name: str) -> NDArray[np.bool_]:
    array = np.asarray(values)
    if array.dtype != np.bool_ and not np.isin(array, (0, 1)).all():
        raise ValueError(f"The {name} mask has values other than 0 and 1. Apply a threshold first.")
    return array.astype(bool)
