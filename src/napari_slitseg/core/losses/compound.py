"""Losses that add a comparison of pixels to one of areas."""

from __future__ import annotations

from torch import Tensor

from napari_slitseg.core.losses.classes import Activation, Classes
from napari_slitseg.core.losses.distribution import categorical_cross_entropy, mean_squared_error
from napari_slitseg.core.losses.overlap import AreaReduction, SmoothIn, dice
from napari_slitseg.core.losses.target import full_precision


@full_precision
def dice_bce(
    logits: Tensor,
    mask: Tensor,
    *,
    bce_weight: float = 1.0,
    dice_weight: float = 1.0,
    squared: bool = False,
    smooth: float = 1.0,
    reduction: AreaReduction = "image",
) -> Tensor:
    r"""Return the weighted sum of cross-entropy and Dice loss.

    Parameters
    ----------
    logits : (B, C, H, W) tensor
        Sigmoid for one channel; softmax for more, channel 0 the background.
    mask : (B, C, H, W) tensor
        In [0, 1].
    bce_weight : float
        Weight of the cross-entropy, its mean over pixels; 1 by default, 0 or more.
    dice_weight : float
        Weight of the Dice loss; 1 by default, 0 or more.
    squared, smooth, reduction
        Of the Dice loss (see `overlap.dice`): False, 1 px and ``"image"`` by default.

    Returns
    -------
    scalar tensor
        0 or more.

    Raises
    ------
    ValueError
        If shapes differ.
    """
    entropy = categorical_cross_entropy(logits, mask)
    area = dice(logits, mask, squared=squared, smooth=smooth, reduction=reduction)
    return bce_weight * entropy + dice_weight * area


@full_precision
def mse_dice(  # noqa: PLR0913
    logits: Tensor,
    mask: Tensor,
    *,
    mse_weight: float = 1.0,
    scale: float = 20.0,
    squared: bool = False,
    smooth: float = 1.0,
    smooth_in: SmoothIn = "both",
    reduction: AreaReduction = "image",
    classes: Classes = "foreground",
    activation: Activation = "auto",
) -> Tensor:
    """Return the weighted mean squared error plus scale times the Dice loss.

    Parameters
    ----------
    logits : (B, C, H, W) tensor
    mask : (B, C, H, W) tensor
        In [0, 1]; any finite numbers for the activation ``"none"``.
    mse_weight : float
        Weight of the mean squared error; 1 by default, 0 or more.
    scale : float
        Weight of the Dice loss; 20 by default, 0 or more. Compare both terms' sizes first: with
        raw masks of 50 to 250 the squared error is in the hundreds.
    squared, smooth, smooth_in, reduction, classes
        Of the Dice loss (see `overlap.dice`), with the same defaults.
    activation : str
        Of both terms: ``"auto"`` by default.

    Returns
    -------
    scalar tensor
        0 or more.

    Raises
    ------
    ValueError
        If shapes differ, or for a softmax over one channel.
    """
    area = dice(
        logits,
        mask,
        squared=squared,
        smooth=smooth,
        smooth_in=smooth_in,
        reduction=reduction,
        classes=classes,
        activation=activation,
    )
    return mse_weight * mean_squared_error(logits, mask, activation=activation) + scale * area
