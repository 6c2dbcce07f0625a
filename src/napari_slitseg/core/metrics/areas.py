"""The Dice coefficient of masks and of probabilities, in every convention."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_slitseg.core.metrics.choice import check_choice
from napari_slitseg.core.metrics.masks import check_same_shape

AreaReduction = Literal["image", "batch", "flat"]
Classes = Literal["foreground", "all", "channels"]
SmoothIn = Literal["both", "denominator"]

_SUMMED_OVER = {"image": (2, 3), "batch": (0, 2, 3), "flat": (0, 1, 2, 3)}


def dice(
    predicted: ArrayLike,
    annotated: ArrayLike,
    *,
    squared: bool = False,
    smooth: float = 0.0,
    smooth_in: SmoothIn = "both",
    reduction: AreaReduction = "image",
    classes: Classes = "foreground",
) -> float:
    r"""Return the Dice coefficient :math:`(2 \sum pg + s) / (\sum p + \sum g + s)`.

    Masks give the usual coefficient, probabilities the "soft" one. The settings are those of the
    loss `napari_slitseg.core.losses.overlap.dice`, which is one minus this.

    Parameters
    ----------
    predicted, annotated : (H, W) or (B, C, H, W) array_like
        Masks or values in [0, 1]. Channel 0 of several is the background.
    squared : bool
        Sum :math:`p^2` and :math:`g^2` in the denominator (V-Net). No difference for masks.
    smooth : float
        s in pixels, 0 or more.
    smooth_in : str
        Add s to "both" numerator and denominator, or only to the "denominator".
    reduction : str
        "image": mean over images and classes; "batch": sums over images first, then the mean over
        classes; "flat": one coefficient of sums over everything.
    classes : str
        "foreground": without the background; "all": with it, made of 1 - p and 1 - g where there
        is one channel; "channels": as they are.

    Returns
    -------
    float
        In [0, 1]. Both empty: 1, but 0 with s > 0 in the denominator alone. One empty: 0, but
        s / (area + s) with s in both.

    Raises
    ------
    ValueError
        If shapes differ or are others, values leave [0, 1], smooth is negative or a choice unknown.
    """
    if not 0 <= smooth < math.inf:
        raise ValueError(f"smooth must be a finite number of at least 0, got {smooth}.")
    check_choice(smooth_in, ("both", "denominator"), "smooth_in")
    check_choice(reduction, tuple(_SUMMED_OVER), "reduction")
    check_choice(classes, ("foreground", "all", "channels"), "classes")
    maps = _as_maps(predicted), _as_maps(annotated)
    check_same_shape(maps[0].shape, maps[1].shape)
    p, g = (_classes(each, classes) for each in maps)
    power, over = 2 if squared else 1, _SUMMED_OVER[reduction]
    hit = (p * g).sum(axis=over)
    area = (p**power).sum(axis=over) + (g**power).sum(axis=over)
    top = 2 * hit + (smooth if smooth_in == "both" else 0.0)
    whole = np.asarray(area + smooth)
    index = np.divide(top, whole, out=np.ones_like(whole), where=whole > 0)
    return float(index.mean())


def fpw_dice(predicted: ArrayLike, annotated: ArrayLike) -> float:
    """Return the soft Dice by which fpw-dl-v1's ForkNet was scored, for one image.

    Parameters
    ----------
    predicted, annotated : (H, W) array_like
        Values in [0, 1], not thresholded, or 8-bit grey values (uint8), which are divided by 255.

    Returns
    -------
    float
        (2 sum pg + 1) / (sum p + sum g + 1), in (0, 1]; 1 where both are empty. Over images it is
        the mean, as their README's table.

    Raises
    ------
    ValueError
        If shapes differ or are others, values leave [0, 1], or a uint8 map holds nothing above 1
        but is not black: a mask of 0 and 1 must come as bool, or it would be divided by 255.

    Notes
    -----
    `eval.py` of najafian-lab/fpw-dl-v1, the code of Smerkous et al., Kidney International 2024.
    There both maps are first resized to 640 x 640 px with nearest neighbours.
    """
    return dice(_unit_range(predicted), _unit_range(annotated), smooth=1.0)


def _unit_range(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values)
    if array.dtype != np.uint8:
        return array.astype(np.float64)
    if array.max(initial=0) == 1:
        raise ValueError(
            "An 8-bit map holds only 0 and 1. If it is a mask, give it as bool; grey values reach "
            "up to 255, so divide them by 255 yourself if it really is that dark."
        )
    return array / 255.0


def _as_maps(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim not in (2, 4) or 0 in array.shape[:-2]:
        raise ValueError(f"Expected maps of shape (H, W) or (B, C, H, W), got {array.shape}.")
    if not ((array >= 0) & (array <= 1)).all():
        raise ValueError(
            "Maps must lie in [0, 1]. Divide 8-bit grey values by 255; apply a sigmoid to logits."
        )
    return array if array.ndim == 4 else array[None, None]


def _classes(maps: NDArray[np.float64], classes: Classes) -> NDArray[np.float64]:
    n = maps.shape[1]
    if classes == "all" and n == 1:
        return np.concatenate([1 - maps, maps], axis=1)
    return maps[:, 1:] if classes == "foreground" and n > 1 else maps
