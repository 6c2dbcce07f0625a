"""Whether the outlines and the centre lines of two masks agree."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import binary_erosion, distance_transform_edt
from skimage import morphology

from napari_slitseg.core.metrics.masks import as_masks

Mask = NDArray[np.bool_]
_centre_line: Callable[[Mask], Mask] = morphology.skeletonize


@dataclass(frozen=True)
class LineCounts:
    """Pixels of the lines of two masks, and how many of each lie where the other has them.

    Add those of several images (`a + b`, or `sum(all, LineCounts())`) to pool them.

    Parameters
    ----------
    predicted_right, n_predicted : int
        Predicted line pixels near enough to the annotation, and all of them.
    annotated_found, n_annotated : int
        Annotated line pixels near enough to the prediction, and all of them.
    """

    predicted_right: int = 0
    n_predicted: int = 0
    annotated_found: int = 0
    n_annotated: int = 0

    def __add__(self, other: LineCounts) -> LineCounts:
        return LineCounts(
            self.predicted_right + other.predicted_right,
            self.n_predicted + other.n_predicted,
            self.annotated_found + other.annotated_found,
            self.n_annotated + other.n_annotated,
        )

    @property
    def precision(self) -> float:
        """Fraction of predicted line pixels that are right; 1 without any line, else NaN."""
        return _fraction(self.predicted_right, self.n_predicted, self.n_annotated)

    @property
    def recall(self) -> float:
        """Fraction of annotated line pixels that are found; 1 without any line, else NaN."""
        return _fraction(self.annotated_found, self.n_annotated, self.n_predicted)

    @property
    def f1(self) -> float:
        """Harmonic mean of the two, in [0, 1]; 1 without any line, 0 where one has none."""
        if not (self.n_predicted and self.n_annotated):
            return 1.0 if self.n_predicted == self.n_annotated else 0.0
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def compare_boundaries(
    predicted: ArrayLike, annotated: ArrayLike, *, tolerance_px: float
) -> LineCounts:
    """Count the boundary pixels of two masks that lie near the other's boundary.

    Parameters
    ----------
    predicted, annotated : (H, W) array_like of bool, or of 0 and 1
        Masks. Boundary pixels are those of the mask with one of their four neighbours outside of
        it; beyond the frame of the image is outside.
    tolerance_px : float
        Largest distance to the nearest boundary pixel of the other mask, inclusive, px.

    Raises
    ------
    ValueError
        If the shapes differ, a value is neither 0 nor 1, or the tolerance is negative.
    """
    if not tolerance_px >= 0:
        raise ValueError(f"tolerance_px must be at least 0, got {tolerance_px}.")
    p, g = (each & ~binary_erosion(each) for each in as_masks(predicted, annotated))
    return _line_counts(p, _within(g, tolerance_px), g, _within(p, tolerance_px))


def boundary_f1(predicted: ArrayLike, annotated: ArrayLike, *, tolerance_px: float) -> float:
    """Return the boundary F1 (BF) score of two masks: see `compare_boundaries`, `LineCounts.f1`.

    Both masks empty: 1; one empty: 0.

    Notes
    -----
    Csurka et al., BMVC 2013. They take 0.75 % of the image diagonal as tolerance. Pixels are not
    matched one to one.
    """
    return compare_boundaries(predicted, annotated, tolerance_px=tolerance_px).f1


def compare_centrelines(predicted: ArrayLike, annotated: ArrayLike) -> LineCounts:
    """Count the centre-line pixels of two masks that lie inside the other mask.

    Parameters
    ----------
    predicted, annotated : (H, W) array_like of bool, or of 0 and 1
        Masks of lines. Centre lines by `skimage.morphology.skeletonize`.

    Returns
    -------
    LineCounts
        Its precision is the "topology precision", its recall the "topology sensitivity".

    Raises
    ------
    ValueError
        If the shapes differ, or a value is neither 0 nor 1.
    """
    p, g = as_masks(predicted, annotated)
    return _line_counts(_centre_line(p), g, _centre_line(g), p)


def centreline_dice(predicted: ArrayLike, annotated: ArrayLike) -> float:
    """Return the centre-line Dice (clDice) of two masks: see `compare_centrelines`.

    Both masks empty: 1; one empty: 0. It judges whether lines are whole and connected, whatever
    their width; a gap costs its length.

    Notes
    -----
    Shit et al., CVPR 2021.
    """
    return compare_centrelines(predicted, annotated).f1


def _line_counts(p_line: Mask, p_allowed: Mask, g_line: Mask, g_allowed: Mask) -> LineCounts:
    pixels = (p_line & p_allowed, p_line, g_line & g_allowed, g_line)
    return LineCounts(*(int(np.count_nonzero(each)) for each in pixels))


def _within(line: Mask, tolerance_px: float) -> Mask:
    if not line.any():
        return np.zeros_like(line)
    near: Mask = distance_transform_edt(~line) <= tolerance_px
    return near


def _fraction(part: int, whole: int, other: int) -> float:
    if whole:
        return part / whole
    return math.nan if other else 1.0
