"""The strongly bijective Chamfer distance that the 2021 study proposed; without gradient."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from napari_slitseg.core.losses.study_values import (
    DetectorName,
    Points,
    Truth,
    count_value,
    image_shape,
    mean_over_images,
)
from napari_slitseg.core.losses.target import Target, full_precision
from napari_slitseg.core.metrics import bijective_chamfer_distance, image_diagonal


@full_precision
def bijective_chamfer(  # noqa: PLR0913
    logits: Tensor,
    target: Target,
    *,
    detector: DetectorName = "peaks",
    threshold: float = 0.5,
    truth: Truth = "points",
    squared: bool = False,
    beta: float = 10.0,
    under_power: float = 3.0,
    over_power: float = 2.0,
    unequal: Literal["penalty", "above"] = "penalty",
) -> Tensor:
    """Return the smallest mean distance of a one-to-one mapping, without gradient.

    Where the numbers of points are equal: the mean distance of the pairs, each point in one pair,
    chosen so that it is smallest. Where they are not: a penalty on their difference alone.

    Parameters
    ----------
    logits, target, detector, threshold, truth, squared
        As in `study.vanilla_distance`.
    beta : float
        Weight of the point loss where the numbers differ, at least 0.
    under_power, over_power : float
        As in `study.point`.
    unequal : str
        "penalty" costs beta * point loss, which for one point too many is less than a mean
        distance above `beta` px; "above" adds the diagonal of the image (squared where squared),
        so that the right number always costs less.

    Returns
    -------
    () tensor
        At least 0; 0 for an image where both sides are empty. Requires no gradient, see
        `study.vanilla_distance`.

    Raises
    ------
    ValueError
        As `study.vanilla_distance`.

    Notes
    -----
    "Strongly bijective Chamfer distance", section 6 of "Distance Loss for Improved Slit
    Segmentation" (2021), which left it to the future.
    """
    power = 2 if squared else 1
    worst = image_diagonal(image_shape(logits)) ** power if unequal == "above" else 0.0
    count = count_value(under_power, over_power, scale=None)

    def value(found: Points, annotated: Points) -> float:
        if len(found) == len(annotated):
            return bijective_chamfer_distance(found, annotated, penalty_px=0, squared=squared)
        return worst + beta * count(found, annotated)

    return mean_over_images(logits, target, value, detector, threshold, truth)
