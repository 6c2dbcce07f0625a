r"""Losses that compare areas: Dice, Jaccard, Tversky and focal Tversky.

All four are one index of three sums, the annotated probability (hit), the rest of the predicted
and the rest of the annotated area:

.. math:: T = \frac{hit + s}{hit + a \, (predicted - hit) + b \, (annotated - hit) + s}

Dice has a = b = 1/2, Jaccard a = b = 1.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from napari_slitseg.core.losses.classes import Activation, Classes, compared_classes
from napari_slitseg.core.losses.target import checked_mask, full_precision

AreaReduction = Literal["image", "batch", "flat"]
Sign = Literal["one_minus", "negative"]
SmoothIn = Literal["both", "denominator"]

_SUMMED_OVER = {"image": (2, 3), "batch": (0, 2, 3), "flat": (0, 1, 2, 3)}
_SMALLEST_AREA_PX = 1e-12
_NEARLY_PERFECT = 1e-7


@full_precision
def dice(  # noqa: PLR0913
    logits: Tensor,
    mask: Tensor,
    *,
    squared: bool = False,
    smooth: float = 1.0,
    smooth_in: SmoothIn = "both",
    reduction: AreaReduction = "image",
    classes: Classes = "foreground",
    sign: Sign = "one_minus",
    activation: Activation = "auto",
) -> Tensor:
    r"""Return the Dice loss :math:`1 - (2 \sum pg + s) / (\sum p + \sum g + s)`.

    Parameters
    ----------
    logits : (B, C, H, W) tensor
        Channel 0 of several is the background.
    mask : (B, C, H, W) tensor
        g in [0, 1]; any finite numbers for the activation ``"none"``. With a soft mask only the
        squared form is lowest at p = g.
    squared : bool
        Sum p^2 and g^2 in the denominator (Milletari) instead of p and g (False, the default).
    smooth : float
        s in pixels, 1 by default, 0 or more. The gradient of an image without foreground is
        s / (sum p + s)^2, so that a tiny s does not teach from empty images.
    smooth_in : str
        Add s to ``"both"`` numerator and denominator (default; empty and right is a loss of 0), or
        only to the ``"denominator"`` (empty and right is a loss of 1).
    reduction : str
        ``"image"``: one index for each image and class, then their mean (default); ``"batch"``:
        sums over the batch, one index a class, then their mean; ``"flat"``: one index of sums over
        everything.
    classes : str
        ``"foreground"``: without the background (default); ``"all"``: with the background, made of
        1 - p and 1 - g where there is one channel; ``"channels"``: the channels as they are.
    sign : str
        ``"one_minus"``: 1 - index (default); ``"negative"``: minus the index, 1 less.
    activation : str
        ``"auto"``: sigmoid for one channel, softmax for more (default); ``"sigmoid"``;
        ``"softmax"``; ``"none"``: the values themselves are compared.

    Returns
    -------
    scalar tensor
        In [0, 1]; in [-1, 0] for ``sign="negative"``.

    Raises
    ------
    ValueError
        If shapes differ, or for a softmax over one channel.

    References
    ----------
    F. Milletari et al., V-Net, 3DV 2016. The 2021 study used the negative form.
    """
    p, g = compared_classes(logits, checked_mask(mask, logits), classes, activation)
    index = _index(_areas(p, g, reduction, squared=squared), (0.5, 0.5), smooth / 2, smooth_in)
    return _signed(1 - index, sign)


@full_precision
def jaccard(  # noqa: PLR0913
    logits: Tensor,
    mask: Tensor,
    *,
    squared: bool = False,
    smooth: float = 1.0,
    smooth_in: SmoothIn = "both",
    reduction: AreaReduction = "image",
    classes: Classes = "foreground",
    sign: Sign = "one_minus",
    activation: Activation = "auto",
) -> Tensor:
    r"""Return the Jaccard (IoU) loss :math:`1 - (\sum pg + s) / (\sum p + \sum g - \sum pg + s)`.

    Dice = 2 J / (1 + J), so Jaccard is the stricter of the two. Settings, range, empty cases and
    errors are those of `dice`; smooth = 1 here has the effect of smooth = 2 there.

    Parameters
    ----------
    logits, mask : (B, C, H, W) tensors
    squared, smooth, smooth_in, reduction, classes, sign, activation
        See `dice`; the same defaults.

    Returns
    -------
    scalar tensor
        In [0, 1]; in [-1, 0] for ``sign="negative"``.
    """
    p, g = compared_classes(logits, checked_mask(mask, logits), classes, activation)
    index = _index(_areas(p, g, reduction, squared=squared), (1.0, 1.0), smooth, smooth_in)
    return _signed(1 - index, sign)


@full_precision
def tversky(  # noqa: PLR0913
    logits: Tensor,
    mask: Tensor,
    *,
    fp_weight: float = 0.3,
    fn_weight: float = 0.7,
    smooth: float = 1.0,
    smooth_in: SmoothIn = "both",
    reduction: AreaReduction = "image",
    classes: Classes = "foreground",
    sign: Sign = "one_minus",
    activation: Activation = "auto",
) -> Tensor:
    r"""Return the Tversky loss :math:`1 - (tp + s) / (tp + a \, fp + b \, fn + s)`.

    tp = sum p g, fp = sum p (1 - g), fn = sum (1 - p) g.

    Parameters
    ----------
    logits, mask : (B, C, H, W) tensors
    fp_weight : float
        a, weight of false positives, .3 by default, 0 or more. Publications call it alpha or beta.
    fn_weight : float
        b, weight of false negatives, .7 by default, 0 or more.
    smooth, smooth_in, reduction, classes, sign, activation
        See `dice`; the same defaults. Weights of .5 are Dice with smooth = 2 s, weights of 1 are
        Jaccard. There is no squared form: its false positives could be negative.

    Returns
    -------
    scalar tensor
        In [0, 1]; in [-1, 0] for ``sign="negative"``.

    References
    ----------
    S. Salehi et al., Tversky loss function for image segmentation, MLMI 2017.
    """
    p, g = compared_classes(logits, checked_mask(mask, logits), classes, activation)
    areas = _areas(p, g, reduction, squared=False)
    return _signed(1 - _index(areas, (fp_weight, fn_weight), smooth, smooth_in), sign)


@full_precision
def focal_tversky(  # noqa: PLR0913
    logits: Tensor,
    mask: Tensor,
    *,
    fp_weight: float = 0.3,
    fn_weight: float = 0.7,
    exponent: float = 0.75,
    smooth: float = 1.0,
    smooth_in: SmoothIn = "both",
    reduction: AreaReduction = "image",
    classes: Classes = "foreground",
    sign: Sign = "one_minus",
    activation: Activation = "auto",
) -> Tensor:
    """Return the focal Tversky loss (1 - T)^exponent, T the index of `tversky`.

    Parameters
    ----------
    logits, mask : (B, C, H, W) tensors
    fp_weight, fn_weight : float
        Weights of false positives and negatives, .3 and .7 by default.
    exponent : float
        .75 by default, above 0. Below 1 a nearly perfect image keeps its gradient; above 1 it
        loses it. Publications write 1/gamma (gamma = 4/3) or gamma.
    smooth, smooth_in, reduction, classes, sign, activation
        See `dice`; the same defaults. The power is taken of each index, before any mean.

    Returns
    -------
    scalar tensor
        In [0, 1]; in [-1, 0] for ``sign="negative"``.

    References
    ----------
    N. Abraham, N. Khan, A novel focal Tversky loss function, ISBI 2019.
    """
    p, g = compared_classes(logits, checked_mask(mask, logits), classes, activation)
    areas = _areas(p, g, reduction, squared=False)
    index = _index(areas, (fp_weight, fn_weight), smooth, smooth_in)
    return _signed(_power(1 - index, exponent), sign)


def _areas(
    p: Tensor, g: Tensor, reduction: AreaReduction, *, squared: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the hit, the predicted and the annotated area of each index, in pixels."""
    over = _SUMMED_OVER[reduction]
    predicted, annotated = (p.square(), g.square()) if squared else (p, g)
    return (p * g).sum(over), predicted.sum(over), annotated.sum(over)


def _index(
    areas: tuple[Tensor, Tensor, Tensor],
    weights: tuple[float, float],
    smooth: float,
    smooth_in: SmoothIn,
) -> Tensor:
    hit, predicted, annotated = areas
    fp, fn = weights[0] * (predicted - hit), weights[1] * (annotated - hit)
    below = hit + fp + fn + smooth
    below = below.masked_fill(below.abs() < _SMALLEST_AREA_PX, _SMALLEST_AREA_PX)
    return (hit + smooth if smooth_in == "both" else hit) / below


def _power(loss: Tensor, exponent: float) -> Tensor:
    """Return loss^exponent with a finite slope at 0: straight below the smallest loss."""
    far = loss.clamp_min(_NEARLY_PERFECT) ** exponent
    return far.where(loss > _NEARLY_PERFECT, loss * _NEARLY_PERFECT ** (exponent - 1))


def _signed(loss: Tensor, sign: Sign) -> Tensor:
    return loss.mean() if sign == "one_minus" else loss.mean() - 1
