"""Dice at several scales, so that dots beside their annotations still overlap.

Outside the image there is nothing, and what a blur carries there counts: no mass is lost,
reflected or wrapped at the borders.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from napari_slitseg.core.losses.classes import Classes, compared_classes
from napari_slitseg.core.losses.overlap import AreaReduction, dice
from napari_slitseg.core.losses.target import checked_mask, full_precision

_CUT_SIGMA = 4.0


@full_precision
def multi_scale_dice(
    logits: Tensor,
    mask: Tensor,
    *,
    sigmas_px: tuple[float, ...] = (0.0, 2.0, 4.0, 8.0),
    squared: bool = True,
    smooth: float = 0.03,
    reduction: AreaReduction = "image",
    classes: Classes = "foreground",
) -> Tensor:
    r"""Return the mean over scales of the Dice loss of blurred probability and blurred mask.

    .. math:: \operatorname{mean}_\sigma \left[ 1 - \frac{2 \sum (G_\sigma p)(G_\sigma g) + s}
        {\sum (G_\sigma p)^2 + \sum (G_\sigma g)^2 + s} \right]

    Dots that do not touch their annotations overlap with them once both are blurred, and are
    pulled towards them; the scale of 0 keeps the outline.

    Parameters
    ----------
    logits : (B, C, H, W) tensor
        Channel 0 of several is the background.
    mask : (B, C, H, W) tensor
        g in [0, 1].
    sigmas_px : tuple of float
        Standard deviations of the Gaussians, px, 0 or more; each is cut off at 4 sigma. 0 is no
        blur: `dice` itself. Large ones reach far, small ones are exact.
    squared : bool
        Sum squares in the denominator (True, the default): lowest at p = g at every scale. The
        linear form (False) is lowest where p is larger or smaller than g.
    smooth : float
        s in pixels, .03 by default, 0 or more. A blur spreads squares thin: the squared area of
        one dot of 13 px is .2 px at 8 px, so that 1, the default of `dice`, would hide it.
    reduction : str
        ``"image"``: one index for each image and class (default); ``"batch"``: for each class;
        ``"flat"``: for all together.
    classes : str
        ``"foreground"``: without the background (default); ``"all"``: with the background, made of
        1 - p and 1 - g where there is one channel; ``"channels"``: the channels as they are.

    Returns
    -------
    scalar tensor
        In [0, 1]. Without annotations 0 where nothing is predicted, and the cost of what is
        predicted elsewhere; for ``smooth=0`` always 1.

    Raises
    ------
    ValueError
        If shapes differ, there is no scale, or a scale is negative.

    Notes
    -----
    Each blur is two matrix products, exact to rounding for a Gaussian of any width.

    References
    ----------
    This project: the Dice loss of F. Milletari et al., V-Net, 3DV 2016, after blurs.
    """
    _check_scales(sigmas_px)
    p, g = compared_classes(logits, checked_mask(mask, logits), classes, "auto")
    losses = [
        dice(
            _blurred(p, sigma),
            _blurred(g, sigma),
            squared=squared,
            smooth=smooth,
            reduction=reduction,
            classes="channels",
            activation="none",
        )
        for sigma in sigmas_px
    ]
    return torch.stack(losses).mean()


def _check_scales(sigmas_px: tuple[float, ...]) -> None:
    if not sigmas_px:
        raise ValueError("sigmas_px is empty; give at least one")
    if not all(0 <= sigma < math.inf for sigma in sigmas_px):
        raise ValueError(f"sigmas_px must be finite and at least 0, got {sigmas_px}")


def _blurred(maps: Tensor, sigma_px: float) -> Tensor:
    """Return maps (B, C, H, W) blurred on a larger image that holds all of their mass."""
    if sigma_px == 0:
        return maps
    rows, columns = (_blur(size, sigma_px, maps) for size in maps.shape[-2:])
    return rows.T @ maps @ columns


def _blur(size: int, sigma_px: float, like: Tensor) -> Tensor:
    """Return the matrix (size, size + 2 m) of a Gaussian cut off at m px; each row sums to 1."""
    margin = math.ceil(_CUT_SIGMA * sigma_px)
    old, new = torch.arange(size).to(like), torch.arange(-margin, size + margin).to(like)
    apart = new - old[:, None]
    weight = torch.exp((apart / sigma_px).square() / -2) * (apart.abs() <= margin)
    return weight / weight.sum(1, keepdim=True)
