"""Weighted Hausdorff distance, written from the formula of the paper."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from napari_slitseg.core.losses.target import checked_points, full_precision

_LEAST_PX = 1e-3
_POINTS_AT_ONCE = 8


@full_precision
def weighted_hausdorff(
    logits: Tensor,
    points: Sequence[Tensor],
    *,
    power: float = -9.0,
    support_px: float | None = None,
    count_weight: float = 1.0,
    area_px: float = 11.34,
) -> Tensor:
    r"""Return the weighted Hausdorff distance of probabilities and points, plus a count term.

    .. math:: \frac{\sum_x p_x \min_g d(x, g)}{\sum_x p_x + 10^{-6}}
        + \operatorname{mean}_g M_a[(1 - p_x) d_{max} + p_x d(x, g)]
        + w \, L(\sum_x p_x / A - n)

    M_a is the generalised mean over pixels with exponent a, :math:`d_{max}` the diagonal of the
    image, L the smooth absolute value. The mean over N pixels is larger than their least value
    by up to the factor :math:`N^{1 / |a|}`, which flattens it; a window around the point takes
    that bias away, at the price of no pull from outside the window.

    Parameters
    ----------
    logits : (B, 1, H, W) tensor
    points : sequence of (N, 2) tensors
        (y, x) px, one tensor an image; N may be 0.
    power : float
        Exponent a, below 0; the lower, the closer to the least value.
    support_px : float or None
        Half side of the square of pixels around g that the mean covers, px; None for all pixels,
        as in the paper.
    count_weight : float
        Weight w of the error of the count, px. The paper counts by a separate head; here mass
        counts. Relative to n, or to 1 where n is 0.
    area_px : float
        Area A of one full dot, px².

    Returns
    -------
    scalar tensor
        Mean over images, px, at least 0. An image without points costs
        :math:`d_{max} \log(1 + \sum p / A)` in place of the two distances.

    Raises
    ------
    ValueError
        If a point is outside the image or the shapes do not fit.

    References
    ----------
    Ribera, Guera, Chen and Delp, Locating Objects Without Bounding Boxes, CVPR 2019.
    """
    half = None if support_px is None else math.ceil(support_px)
    total = logits.new_zeros(())
    for p, yx in zip(torch.sigmoid(logits[:, 0]), checked_points(points, logits), strict=True):
        count, n = p.sum() / area_px, len(yx)
        error = functional.smooth_l1_loss(count, count.new_tensor(float(n)))
        distance = _both_ways(p, yx, power, half) if n else _diagonal(p) * torch.log1p(count)
        total = total + distance + count_weight * error / max(n, 1)
    return total / len(logits)


def _diagonal(p: Tensor) -> float:
    return math.hypot(*p.shape)


def _both_ways(p: Tensor, yx: Tensor, power: float, half: int | None) -> Tensor:
    """Return the two distances of one image; their gradient is summed up on the way."""
    height, width = p.shape
    with torch.no_grad():
        nearest = torch.full_like(p, torch.inf)
        slope, value = torch.zeros_like(p), p.new_zeros(())
        for distance, inside in _distance_maps(yx, height, width, half):
            torch.minimum(nearest, distance.amin(dim=0), out=nearest)
            far = _diagonal(p)
            cost = (far + p * (distance - far)).clamp(min=_LEAST_PX)
            least, weight = _generalised_mean(cost, power, inside)
            value += least.sum() / len(yx)
            slope += (weight * (distance - far)).sum(dim=0) / len(yx)
    to_points = (p * nearest).sum() / (p.sum() + 1e-6)
    return to_points + value + (slope * (p - p.detach())).sum()


def _distance_maps(
    yx: Tensor, height: int, width: int, half: int | None
) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Yield distances of all pixels to a few points, (P, H, W), and which pixels count."""
    y, x = torch.arange(height).to(yx)[:, None], torch.arange(width).to(yx)
    for some in torch.split(yx, _POINTS_AT_ONCE):
        dy, dx = y - some[:, :1, None], x - some[:, 1:, None]
        near = None
        if half is not None:
            centre = some.round()
            near = ((y - centre[:, :1, None]).abs() <= half) & (
                (x - centre[:, 1:, None]).abs() <= half
            )
        yield torch.hypot(dy, dx), near


def _generalised_mean(cost: Tensor, power: float, inside: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the mean (P,) over pixels and its derivative by each cost (P, H, W)."""
    exponent = power * torch.log(cost)
    number = float(cost[0].numel()) if inside is None else inside.sum((1, 2)).to(cost)
    if inside is not None:
        exponent = torch.where(inside, exponent, -torch.inf)
    share = torch.softmax(exponent.flatten(1), dim=1).view_as(cost)
    log_sum = torch.logsumexp(exponent.flatten(1), dim=1)
    mean = torch.exp((log_sum - torch.as_tensor(number).log()) / power)
    return mean, share * mean[:, None, None] / cost
