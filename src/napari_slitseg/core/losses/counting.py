"""Point loss on a differentiable count."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from napari_slitseg.core.losses.target import checked_points, full_precision


@full_precision
def soft_point(
    logits: Tensor,
    points: Sequence[Tensor],
    *,
    area_px: float = 11.34,
    under_power: float = 3.0,
    over_power: float = 2.0,
    proportional: bool = True,
    scale: float = 10.0,
) -> Tensor:
    """Return the point loss of the probability mass: how many dots it would make.

    |d| ** power with d = mass - n, or, proportionally, scale * (mass - n) / max(mass, n, 1),
    averaged over images; mass = sum of probabilities / area_px, and the power is `over_power`
    where d > 0 and `under_power` where d < 0.

    Parameters
    ----------
    logits : (B, 1, H, W) tensor
        Raw output of the slit head.
    points : sequence of (N, 2) tensors
        Annotations, one tensor an image; only their number N counts, which may be 0.
    area_px : float
        Area of the dot that stands for one slit in the mask, square px.
    under_power, over_power : float
        Exponents, above 0; the 2021 study's k_l = 3 and k_s = 2.
    proportional : bool
        Whether d is relative to the larger number.
    scale : float
        Above 1: from a relative difference of 1 / scale on, too few cost more than too many.

    Returns
    -------
    () tensor
        At least 0. Says nothing about where the mass lies.

    Raises
    ------
    ValueError
        If a point lies outside the image, or there is not one list of points an image.
    """
    number = logits.new_tensor([len(yx) for yx in checked_points(points, logits)])
    mass = torch.sigmoid(logits).flatten(1).sum(1) / area_px
    ratio = scale if proportional else None
    return point_penalty(mass, number, under_power, over_power, ratio).mean()


def point_penalty(
    number: Tensor, annotated: Tensor, under_power: float, over_power: float, scale: float | None
) -> Tensor:
    """Return the point loss of each number of points, whole or not.

    Parameters
    ----------
    number, annotated : tensors
        Numbers of predicted and annotated points, at least 0; shapes that broadcast.
    under_power, over_power : float
        Exponents where there are too few and too many, above 0.
    scale : float or None
        Multiplies the difference relative to the larger number, or to 1; None for the plain
        difference.
    """
    difference = number - annotated
    if scale is not None:
        difference = scale * difference / torch.maximum(number, annotated).clamp(min=1)
    wrong = difference != 0
    size = difference.abs().where(wrong, 1.0)
    penalty = torch.where(difference > 0, size**over_power, size**under_power)
    return penalty.where(wrong, 0.0)
