"""Chamfer distance of the soft coordinates of peaks, with a soft count."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from napari_slitseg.core.losses.claims import Claims, Reading, read_claims
from napari_slitseg.core.losses.expected import distances
from napari_slitseg.core.losses.target import checked_points, full_precision


@full_precision
def peak_chamfer(
    logits: Tensor,
    points: Sequence[Tensor],
    *,
    count_weight: float = 10.0,
    temperature_px: float = 1.0,
    cap_px: float = 25.0,
    unclaimed_weight: float = 1.0,
) -> Tensor:
    """Return a Chamfer distance between weighted peaks and annotations, plus a soft count.

    Half of (mean over claims, weighed by existence m, of the distance to the nearest annotation +
    mean over annotations of the soft minimum of m * distance + (1 - m) * cap) + count_weight *
    log((1 + sum of m) / (1 + n)) ** 2 + unclaimed_weight * unclaimed mass, averaged over images.

    Parameters
    ----------
    logits : (B, 1, H, W) tensor
        Raw output of the slit head.
    points : sequence of (N, 2) tensors
        Annotations (y, x) in px, one tensor an image; N may be 0: then only count and unclaimed
        mass remain.
    count_weight : float
        Weight of the squared logarithm of the ratio of the numbers, px.
    temperature_px : float
        Softness of the minimum: claims whose costs differ by less than this share an annotation,
        px.
    cap_px : float
        Distances count at most this much, px.
    unclaimed_weight : float
        Weight of the probability mass that belongs to no claim, in dots an annotation.

    Returns
    -------
    () tensor
        The soft minimum may lie below the least cost by temperature_px * log(number of claims).

    Raises
    ------
    ValueError
        If a point lies outside the image, or there is not one list of points an image.
    """
    claims = read_claims(logits, checked_points(points, logits), Reading(reach_px=cap_px))
    n = claims.number.clamp(min=1)
    count = torch.log((1 + claims.exists.sum(1)) / (1 + claims.number)) ** 2
    distance = distances(claims, cap_px)
    both = (_there(claims, distance) + _back(claims, distance, cap_px, temperature_px)) / 2
    loss = both.where(claims.number > 0, 0.0) + count_weight * count
    return (loss + unclaimed_weight * claims.unclaimed / n).mean()


def _there(claims: Claims, distance: Tensor) -> Tensor:
    weighed = (claims.exists * distance.amin(dim=2)).sum(1)
    return weighed / claims.exists.sum(1).clamp(min=1e-6)


def _back(claims: Claims, distance: Tensor, cap_px: float, temperature_px: float) -> Tensor:
    exists = claims.exists[..., None]
    cost = (exists * distance + (1 - exists) * cap_px) / temperature_px
    least = -temperature_px * torch.logsumexp(-cost, dim=1)
    return least.where(claims.annotated, 0.0).sum(1) / claims.number.clamp(min=1)
