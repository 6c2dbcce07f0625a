"""Losses that weigh pixels by their distance to what is annotated or predicted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from napari_slitseg.core.losses.draw import distance_to_points, draw_dots
from napari_slitseg.core.losses.target import checked_mask, checked_points, full_precision

Empty = Literal["zero", "diagonal"]

_SHIFTS_BETWEEN_LOOKS = 8


@full_precision
def distance_weighted(
    logits: Tensor, points: Sequence[Tensor], *, radius_px: float = 1.9, cap_px: float = 10.0
) -> Tensor:
    """Return missed and invented area, invented area weighed by its distance to the annotations.

    For each image ``[sum p (1 - g) min(D, cap) / cap + sum (1 - p) g] / sum g``, then the mean
    over images: p the probability, g the dots drawn around the points, D the distance in px to
    the nearest point. Without any point D is the cap everywhere and the divisor is the area of
    one dot, so that what is predicted there costs in full.

    Parameters
    ----------
    logits : (B, 1, H, W) tensor
    points : sequence of (N, 2) tensors
        Annotations of each image, (y, x) px; N may be 0.
    radius_px : float
        Radius of the dots; a pixel whose centre lies within it, inclusive, belongs to a dot.
        Points less than two radii and a pixel apart may share a dot and be found as one.
    cap_px : float
        Distance from which on weights no longer grow.

    Returns
    -------
    scalar tensor
        At least 0; 0 where p = g; 1 where nothing is predicted and something is annotated.

    Raises
    ------
    ValueError
        If points and logits do not fit, or radius or cap is not positive.

    Notes
    -----
    It compares with points and not with a mask because distances to points need no distance
    transform and stay on the device. Source: own, after the false positive and false negative
    terms of Tversky losses.
    """
    yx = checked_points(points, logits)
    size = (logits.shape[-2], logits.shape[-1])
    truth = draw_dots(yx, size, radius_px=radius_px).to(logits)
    weight = distance_to_points(yx, size, cap_px=cap_px).to(logits) / cap_px
    invented = (logits.sigmoid() * (1 - truth) * weight).sum(dim=(1, 2, 3))
    missed = ((-logits).sigmoid() * truth).sum(dim=(1, 2, 3))
    area = truth.sum(dim=(1, 2, 3))
    one_dot = math.pi * radius_px**2
    return ((invented + missed) / torch.where(area > 0, area, one_dot)).mean()


@full_precision
def boundary(logits: Tensor, mask: Tensor, *, empty: Empty = "zero") -> Tensor:
    """Return the probability integrated over signed distances to the boundary of the mask.

    ``mean(p phi)`` with ``phi = edt(~g) ~g - (edt(g) - 1) g`` in px: positive outside the mask,
    0 in its outermost pixels and negative further inside.

    Parameters
    ----------
    logits : (B, C, H, W) tensor
    mask : (B, C, H, W) tensor
        Values in [0, 1]; g is where they are above 0.5.
    empty : {"zero", "diagonal"}
        phi of a mask that is empty or full: 0 everywhere, as in the paper's code, which makes
        false positives free; or the missing class is one diagonal of the image away.

    Returns
    -------
    scalar tensor
        Lowest, below 0, where p is 1 inside and 0 outside the mask; px.

    Raises
    ------
    ValueError
        If mask and logits differ in shape.

    Notes
    -----
    An object at most 2 px wide has no inside: phi is 0 in it, and an empty prediction is as good
    as a right one. Alone it erases such dots as soon as neighbouring pixels depend on each other,
    as those of a network do; add it to an overlap loss. Source: Kervadec et al.,
    Boundary loss for highly unbalanced segmentation, MIDL 2019.
    """
    inside = checked_mask(mask, logits) > 0.5
    to_inside, some_inside = distance_to_mask(inside)
    to_outside, some_outside = distance_to_mask(~inside)
    diagonal = _diagonal(logits)
    if empty == "diagonal":
        to_inside = torch.where(some_inside, to_inside, diagonal)
        to_outside = torch.where(some_outside, to_outside, diagonal)
    signed = torch.where(inside, 1 - to_outside, to_inside)
    if empty == "zero":
        signed = signed * (some_inside & some_outside)
    return (logits.sigmoid() * signed.to(logits)).mean()


@full_precision
def hausdorff_dt(
    logits: Tensor, mask: Tensor, *, alpha: float = 2.0, empty: Empty = "zero", log: bool = False
) -> Tensor:
    """Return squared errors weighed by distances to both boundaries.

    ``mean((p - g)^2 (D_p^alpha + D_g^alpha))`` with ``D = edt(m) + edt(~m)``, the distance in px
    to the nearest pixel of the other class, for the mask g > 0.5 and for the prediction p > 0.5.
    D_p has no gradient.

    Parameters
    ----------
    logits : (B, C, H, W) tensor
    mask : (B, C, H, W) tensor
        Values in [0, 1].
    alpha : float
        Power of the distances.
    empty : {"zero", "diagonal"}
        D of a mask or prediction that is empty or full: 0 everywhere, as in MONAI, or the
        diagonal of the image.
    log : bool
        Whether to return log(1 + loss).

    Returns
    -------
    scalar tensor
        At least 0; 0 where p = g; px^alpha.

    Raises
    ------
    ValueError
        If mask and logits differ in shape.

    Notes
    -----
    Where nothing is annotated and no probability is above 0.5, ``empty="zero"`` gives 0.
    Source: Karimi & Salcudean, IEEE Trans. Med. Imaging 39, 2020; logarithm as in MONAI.
    """
    truth = checked_mask(mask, logits)
    probability = logits.sigmoid()
    fields = [_two_sided(each > 0.5, empty) for each in (probability.detach(), truth)]
    weight = fields[0].to(logits) ** alpha + fields[1].to(logits) ** alpha
    loss = ((probability - truth).square() * weight).mean()
    return loss.log1p() if log else loss


def distance_to_mask(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return the Euclidean distance of every pixel to the nearest True pixel.

    Parameters
    ----------
    mask : (..., H, W) tensor of bool

    Returns
    -------
    distance : (..., H, W) float32
        Exact distances, px; 0 everywhere for a mask without any True pixel.
    present : (..., 1, 1) tensor of bool
        Whether the mask has a True pixel.

    Notes
    -----
    Distances along columns in doubling steps, then the lower envelope of parabolas along rows,
    searched only as far as the largest distance that is left. Source of the separation:
    Felzenszwalb & Huttenlocher, Theory of Computing 8, 2012.
    """
    present = mask.any(dim=-1, keepdim=True).any(dim=-2, keepdim=True)
    beyond = torch.full((), float(sum(mask.shape[-2:])), device=mask.device)
    column = torch.where(mask | ~present, 0.0, beyond)
    upright = column.transpose(-1, -2)
    step = 1
    while step < mask.shape[-2]:
        _lower(upright, upright, step, step)
        step *= 2
    return _lower_envelope(column.square_()).sqrt_(), present


def _lower_envelope(square: Tensor) -> Tensor:
    """Return min over x' of square(x') + (x - x')^2 along the last axis."""
    best = square.clone()
    for step in range(1, square.shape[-1]):
        if step % _SHIFTS_BETWEEN_LOOKS == 1 and float(best.max()) <= step**2:
            break
        _lower(best, square, step, step**2)
    return best


def _lower(best: Tensor, source: Tensor, step: int, cost: float) -> None:
    """Lower `best` to `source` a number of steps to either side along the last axis, plus cost."""
    right, left = best[..., step:], best[..., :-step]
    torch.minimum(right, source[..., :-step] + cost, out=right)
    torch.minimum(left, source[..., step:] + cost, out=left)


def _two_sided(mask: Tensor, empty: Empty) -> Tensor:
    """Return the distance of every pixel to the nearest of the other class."""
    to_inside, some_inside = distance_to_mask(mask)
    to_outside, some_outside = distance_to_mask(~mask)
    both = some_inside & some_outside
    return torch.where(both, to_inside + to_outside, 0.0 if empty == "zero" else _diagonal(mask))


def _diagonal(image: Tensor) -> float:
    return math.hypot(*image.shape[-2:])
