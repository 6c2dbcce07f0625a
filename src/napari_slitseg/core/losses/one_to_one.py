"""One-to-one matching of predicted and annotated points, with a gradient."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from napari_slitseg.core.losses.claims import Claims, Reading, read_claims
from napari_slitseg.core.losses.target import checked_points, full_precision


@full_precision
def one_to_one(
    logits: Tensor,
    points: Sequence[Tensor],
    *,
    position_weight: float = 1.0,
    rounding_px: float = 1.0,
    surplus_weight: float = 1.0,
    unclaimed_weight: float = 1.0,
    reach_px: float = 25.0,
) -> Tensor:
    """Return the cost of the best one-to-one matching of claims and annotations.

    (sum over pairs of [-log m + position_weight * distance] + surplus_weight * sum over claims
    without partner of [-log(1 - m)] + unclaimed_weight * unclaimed mass) / number of annotations,
    averaged over images; m is a claim's probability of existing.

    Parameters
    ----------
    logits : (B, 1, H, W) tensor
        Raw output of the slit head.
    points : sequence of (N, 2) tensors
        Annotations (y, x) in px, one tensor an image; N may be 0, and then the sums are not
        divided.
    position_weight : float
        Cost of one pixel of distance; 0 leaves positions alone.
    rounding_px : float
        Below this the distance is squared (smooth L1), px, so that exact positions come to rest.
    surplus_weight : float
        Weight of claims that no annotation wants.
    unclaimed_weight : float
        Weight of the probability mass that belongs to no claim, in dots.
    reach_px : float
        How far a certain peak can move to an annotation, px. An annotation that none can reach
        gets a new claim instead.

    Returns
    -------
    () tensor
        At least 0.

    Raises
    ------
    ValueError
        If a point lies outside the image, or there is not one list of points an image.

    Notes
    -----
    The "strongly bijective" distance that the 2021 study proposed for the future, in the form of
    the point-set losses of object detectors (Carion et al. 2020; Song et al. 2021).
    """
    claims = read_claims(logits, checked_points(points, logits), Reading(reach_px=reach_px))
    matched = claims.partner >= 0
    present = -claims.log_exists.where(matched, 0.0).sum(1)
    surplus = -claims.log_absent.where(claims.real & ~matched, 0.0).sum(1)
    position = _smooth(_offset(claims), rounding_px).where(matched, 0.0).sum(1)
    loss = present + position_weight * position + surplus_weight * surplus
    loss = loss + unclaimed_weight * claims.unclaimed
    return (loss / claims.number.clamp(min=1)).mean()


def _offset(claims: Claims) -> Tensor:
    index = claims.partner.clamp(min=0)[..., None].expand(-1, -1, 2)
    away = claims.yx - claims.points.gather(1, index)
    return torch.sqrt((away**2).sum(-1) + 1e-12)


def _smooth(distance: Tensor, rounding_px: float) -> Tensor:
    near = distance**2 / (2 * rounding_px)
    return torch.where(distance < rounding_px, near, distance - rounding_px / 2)
