"""Hausdorff distances of two sets of points: the worst, nearly the worst, and averaged."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from napari_slitseg.core.metrics.choice import check_choice
from napari_slitseg.core.metrics.neighbours import both_nearest, empty_value


def hausdorff_distance(
    predicted_yx: ArrayLike,
    annotated_yx: ArrayLike,
    *,
    empty_px: float,
    percentile: float = 100.0,
) -> float:
    """Return the Hausdorff distance of two sets of points, or a percentile of it.

    The percentile of the distances from each prediction to its nearest annotation, and of those
    from each annotation to its nearest prediction; the larger of the two.

    Parameters
    ----------
    predicted_yx, annotated_yx : (N, 2) and (M, 2) array_like
        Positions (y, x) in px.
    empty_px : float
        The value where exactly one set is empty, px (NaN is allowed). Where both are: 0.
    percentile : float
        In [0, 100], linear between two distances: 100 is the classical distance, ruled by a single
        outlier; 95 is what segmentation challenges report.

    Returns
    -------
    float
        Distance in px, at least 0.

    Raises
    ------
    ValueError
        If positions are not finite (N, 2) numbers, `empty_px` is negative or the percentile is
        outside [0, 100].

    Notes
    -----
    As MONAI's `compute_hausdorff_distance` and, for 100, scipy's `directed_hausdorff` both ways.
    Medpy's `hd95` takes the percentile of the distances of both directions together instead.
    Huttenlocher et al., IEEE TPAMI 1993.
    """
    if not 0 <= percentile <= 100:
        raise ValueError(f"percentile must lie in [0, 100], got {percentile}.")
    there, back = both_nearest(predicted_yx, annotated_yx)
    instead = empty_value(there, back, empty_px)
    if not (len(there) and len(back)):
        return instead
    return max(float(np.percentile(way, percentile)) for way in (there, back))


def averaged_hausdorff_distance(
    predicted_yx: ArrayLike,
    annotated_yx: ArrayLike,
    *,
    empty_px: float,
    combined: Literal["maximum", "sum"] = "maximum",
) -> float:
    """Return the averaged Hausdorff distance of two sets of points.

    From the mean distance from a prediction to its nearest annotation, and the mean distance from
    an annotation to its nearest prediction.

    Parameters
    ----------
    predicted_yx, annotated_yx : (N, 2) and (M, 2) array_like
        Positions (y, x) in px.
    empty_px : float
        The value where exactly one set is empty, px (NaN is allowed). Where both are: 0.
    combined : str
        "maximum": the larger of the two means (Schutze et al. 2012, with p = 1); "sum": their sum
        (Ribera et al. 2019, the weighted Hausdorff loss), twice the `chamfer_distance`.

    Returns
    -------
    float
        Distance in px, at least 0.

    Raises
    ------
    ValueError
        If positions are not finite (N, 2) numbers, `empty_px` is negative, or `combined` unknown.

    Notes
    -----
    O. Schutze et al., IEEE Transactions on Evolutionary Computation 2012; J. Ribera et al., CVPR
    2019.
    """
    check_choice(combined, ("maximum", "sum"), "combined")
    there, back = both_nearest(predicted_yx, annotated_yx)
    instead = empty_value(there, back, empty_px)
    if not (len(there) and len(back)):
        return instead
    means = float(there.mean()), float(back.mean())
    return max(means) if combined == "maximum" else sum(means)
