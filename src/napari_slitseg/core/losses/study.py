"""The 2021 study's losses with their exact values; detecting points has no gradient.

All of them detect points in the map, compare them with the annotations and return a tensor that
requires no gradient. ``backward()`` on one alone raises torch's own error; added to another loss
they change its value and leave its gradient as it is. A slit head with no other loss therefore
keeps its weights, while its output drifts with the layers it shares with the membrane head: as in
the study, where points vanished for no reason that the loss could see.
"""

from __future__ import annotations

from torch import Tensor

from napari_slitseg.core.losses.study_values import (
    DetectorName,
    Empty,
    Truth,
    count_value,
    distance_value,
    mean_over_images,
    weighted,
)
from napari_slitseg.core.losses.target import Target, full_precision


@full_precision
def vanilla_distance(  # noqa: PLR0913
    logits: Tensor,
    target: Target,
    *,
    detector: DetectorName = "peaks",
    threshold: float = 0.5,
    truth: Truth = "points",
    two_way: bool = True,
    squared: bool = False,
    empty: Empty = "diagonal",
    cap_px: float = 20.0,
) -> Tensor:
    """Return the Chamfer distance of detected and annotated points, without gradient.

    Half of (mean distance from a detection to its nearest annotation + mean distance from an
    annotation to its nearest detection), averaged over images.

    Parameters
    ----------
    logits : (B, 1, H, W) tensor
        Raw output of the slit head.
    target : Target
        Points, or the mask where `truth` is "map".
    detector : str
        "peaks", "log", "dog" or "doh" of `napari_slitseg.core.detection.DETECTORS`, with its
        defaults at 10 nm a pixel and at least 3 px between detections.
    threshold : float
        Lowest probability of a detection, in [0, 1].
    truth : str
        "points" compares with the annotations; "map" runs the detector on the drawn mask too, as
        the study did, and takes its errors for truth: dots that touch become one.
    two_way : bool
        False keeps the mean over detections alone.
    squared : bool
        Square each distance, px^2.
    empty : str
        What an image costs where exactly one side has no point: the "diagonal" of the image, or
        `cap_px` ("cap"). With "cap" no single distance counts more than that either, so that a far
        point never costs more than none.
    cap_px : float
        See `empty`, px, above 0.

    Returns
    -------
    () tensor
        At least 0, px (px^2 where squared); 0 for an image where both sides are empty. Requires
        no gradient: ``backward()`` raises, and a sum with another loss has that one's gradient.

    Raises
    ------
    ValueError
        If the target lacks what `truth` asks for, or a point lies outside the image.

    Notes
    -----
    Algorithm 1 of "Distance Loss for Improved Slit Segmentation" (2021). It returned the maximum
    distance for the whole batch as soon as one image was empty; here it is that image's share.
    """
    value = distance_value(logits, two_way=two_way, squared=squared, empty=empty, cap_px=cap_px)
    return mean_over_images(logits, target, value, detector, threshold, truth)


@full_precision
def point(
    logits: Tensor,
    target: Target,
    *,
    detector: DetectorName = "peaks",
    threshold: float = 0.5,
    truth: Truth = "points",
    under_power: float = 3.0,
    over_power: float = 2.0,
) -> Tensor:
    """Return the penalty on the difference of the numbers of points, without gradient.

    With d = detected - annotated: d ** over_power where d > 0, |d| ** under_power where d < 0;
    averaged over images.

    Parameters
    ----------
    logits, target, detector, threshold, truth
        As in `vanilla_distance`.
    under_power, over_power : float
        Exponents, above 0. A difference of one costs 1 either way.

    Returns
    -------
    () tensor
        At least 0; requires no gradient, see `vanilla_distance`.

    Raises
    ------
    ValueError
        As `vanilla_distance`.

    Notes
    -----
    Algorithm 2 of "Distance Loss for Improved Slit Segmentation" (2021), k_l = 3 and k_s = 2.
    """
    value = count_value(under_power, over_power, scale=None)
    return mean_over_images(logits, target, value, detector, threshold, truth)


@full_precision
def proportional_point(  # noqa: PLR0913
    logits: Tensor,
    target: Target,
    *,
    detector: DetectorName = "peaks",
    threshold: float = 0.5,
    truth: Truth = "points",
    under_power: float = 3.0,
    over_power: float = 2.0,
    scale: float = 10.0,
) -> Tensor:
    """Return the penalty on the relative difference of the numbers, without gradient.

    As `point` with d = scale * (detected - annotated) / max(detected, annotated), and 0 where both
    numbers are 0.

    Parameters
    ----------
    logits, target, detector, threshold, truth, under_power, over_power
        As in `point`.
    scale : float
        Above 1. Too few points cost more than too many from a relative difference of 1 / scale on;
        at 1, as the study wrote it, inventing would cost more than erasing.

    Returns
    -------
    () tensor
        In [0, scale ** max(under_power, over_power)]; requires no gradient.

    Raises
    ------
    ValueError
        As `vanilla_distance`, and for a scale of 1 or less.

    Notes
    -----
    Section 2.2 of "Distance Loss for Improved Slit Segmentation" (2021).
    """
    value = count_value(under_power, over_power, scale)
    return mean_over_images(logits, target, value, detector, threshold, truth)


@full_precision
def composite(  # noqa: PLR0913
    logits: Tensor,
    target: Target,
    *,
    alpha: float = 1.0,
    beta: float = 10.0,
    detector: DetectorName = "peaks",
    threshold: float = 0.5,
    truth: Truth = "points",
    two_way: bool = True,
    squared: bool = False,
    empty: Empty = "diagonal",
    cap_px: float = 20.0,
    under_power: float = 3.0,
    over_power: float = 2.0,
    proportional: bool = False,
    scale: float = 10.0,
) -> Tensor:
    """Return alpha * vanilla distance + beta * point loss, without gradient.

    Parameters
    ----------
    alpha, beta : float
        Weights of distance (px) and point loss, at least 0. With the study's alpha = 0 no
        distance is left. At 1 and 10 the point loss still outweighs the distance: five missed
        points cost 1250, their distances some 10.
    proportional : bool
        Take `proportional_point` for `point`.
    logits, target, detector, threshold, truth, two_way, squared, empty, cap_px
        As in `vanilla_distance`.
    under_power, over_power, scale
        As in `proportional_point`; the scale counts where proportional.

    Returns
    -------
    () tensor
        At least 0; requires no gradient, see `vanilla_distance`.

    Raises
    ------
    ValueError
        As `vanilla_distance`.

    Notes
    -----
    Algorithm 3 of "Distance Loss for Improved Slit Segmentation" (2021).
    """
    distance = distance_value(logits, two_way=two_way, squared=squared, empty=empty, cap_px=cap_px)
    count = count_value(under_power, over_power, scale if proportional else None)
    value = weighted(alpha, distance, beta, count)
    return mean_over_images(logits, target, value, detector, threshold, truth)
