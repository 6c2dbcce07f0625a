"""The 2021 study's losses in expectation: they have a gradient, and they cannot erase."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from napari_slitseg.core.losses.claims import Claims, Reading, read_claims
from napari_slitseg.core.losses.counting import point_penalty
from napari_slitseg.core.losses.expectation import (
    count_distribution,
    mean_over_existing,
    nearest_existing,
)
from napari_slitseg.core.losses.target import checked_points, full_precision

CAP_PX = 25.0


@full_precision
def expected_composite(  # noqa: PLR0913
    logits: Tensor,
    points: Sequence[Tensor],
    *,
    alpha: float = 1.0,
    beta: float = 0.025,
    under_power: float = 3.0,
    over_power: float = 2.0,
    proportional: bool = True,
    scale: float = 10.0,
    cap_px: float = CAP_PX,
    unclaimed_weight: float = 1.0,
) -> Tensor:
    """Return the composite loss expected over maps that keep each claim with its probability.

    alpha * E[Chamfer] + beta * E[point loss] + unclaimed_weight * mass outside all claims,
    averaged over images.

    Parameters
    ----------
    logits : (B, 1, H, W) tensor
        Raw output of the slit head.
    points : sequence of (N, 2) tensors
        Annotations (y, x) in px, one tensor an image; N may be 0.
    alpha, beta : float
        Weights of distance (px) and point loss. With the defaults both terms reach 25, as the
        study wanted ("approximately the same range").
    under_power, over_power, proportional, scale
        As in `expected_point`.
    cap_px : float
        As in `expected_chamfer`.
    unclaimed_weight : float
        Weight of the probability mass that belongs to no claim, in dots an annotation.

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
    The composite of the 2021 study (algorithm 3), where a map has one set of detected points. Here
    every claim exists independently with its probability; on black and white maps of separate dots
    the value is the study's own, up to the unclaimed mass, and to some hundredths of a pixel where
    dots lie between pixels. A bright bar over annotations at least 7 px apart counts as a claim for
    each; what of it lies between their windows is unclaimed mass. Two things keep the loss from
    erasing: no claims at all cost `cap_px`, and too few cost more than too many. Where there is no
    annotation, which the study left open, every claim costs `cap_px`.
    """
    claims = _read(logits, points, cap_px)
    count = _count(claims, under_power, over_power, scale if proportional else None)
    loss = alpha * _chamfer(claims, cap_px) + beta * count
    return (loss + unclaimed_weight * _unclaimed(claims)).mean()


@full_precision
def expected_chamfer(
    logits: Tensor,
    points: Sequence[Tensor],
    *,
    two_way: bool = True,
    cap_px: float = CAP_PX,
    unclaimed_weight: float = 1.0,
) -> Tensor:
    """Return the Chamfer distance expected over maps that keep each claim with its probability.

    Half of (mean over existing claims of the distance to the nearest annotation + mean over
    annotations of the distance to the nearest existing claim), px, averaged over images; both
    expectations are exact.

    Parameters
    ----------
    logits : (B, 1, H, W) tensor
        Raw output of the slit head.
    points : sequence of (N, 2) tensors
        Annotations (y, x) in px, one tensor an image; N may be 0.
    two_way : bool
        False keeps the first direction alone and lets no claims cost nothing: that is the loss
        that erases, kept to show it.
    cap_px : float
        Distances count at most this much, px; also the distance where there is no claim, the
        cost of every claim where there is no annotation, and how far a certain peak can move.
    unclaimed_weight : float
        Weight of the probability mass that belongs to no claim, in dots an annotation.

    Returns
    -------
    () tensor
        At least 0; 0 for an image where both sides are empty.

    Raises
    ------
    ValueError
        If a point lies outside the image, or there is not one list of points an image.
    """
    claims = _read(logits, points, cap_px)
    distance = _chamfer(claims, cap_px) if two_way else _one_way(claims, cap_px)
    return (distance + unclaimed_weight * _unclaimed(claims)).mean()


@full_precision
def expected_point(
    logits: Tensor,
    points: Sequence[Tensor],
    *,
    under_power: float = 3.0,
    over_power: float = 2.0,
    proportional: bool = True,
    scale: float = 10.0,
) -> Tensor:
    """Return the point loss expected over maps that keep each claim with its probability.

    Sum over n of P(n claims) * |d| ** power with d = n - n_annotated, or, proportionally,
    d = scale * (n - n_annotated) / max(n, n_annotated); the power is `over_power` where d > 0 and
    `under_power` where d < 0. Averaged over images.

    Parameters
    ----------
    logits : (B, 1, H, W) tensor
        Raw output of the slit head.
    points : sequence of (N, 2) tensors
        Annotations (y, x) in px, one tensor an image; N may be 0.
    under_power, over_power : float
        Exponents, above 0; the 2021 study's k_l = 3 and k_s = 2.
    proportional : bool
        Whether d is relative to the larger number.
    scale : float
        Above 1: from a relative difference of 1 / scale on, too few cost more than too many.

    Returns
    -------
    () tensor
        At least 0.

    Raises
    ------
    ValueError
        If a point lies outside the image, or there is not one list of points an image.
    """
    claims = _read(logits, points, CAP_PX)
    return _count(claims, under_power, over_power, scale if proportional else None).mean()


def _read(logits: Tensor, points: Sequence[Tensor], cap_px: float) -> Claims:
    return read_claims(logits, checked_points(points, logits), Reading(reach_px=cap_px))


def distances(claims: Claims, cap_px: float) -> Tensor:
    """Return the (B, K, M) distances of claims and annotations, capped, px.

    Where there is no annotation the distance is the cap.
    """
    away = claims.yx[:, :, None] - claims.points[:, None]
    distance = torch.sqrt((away**2).sum(-1) + 1e-12).clamp(max=cap_px)
    return torch.where(claims.annotated[:, None], distance, distance.new_tensor(cap_px))


def _chamfer(claims: Claims, cap_px: float) -> Tensor:
    distance = distances(claims, cap_px)
    n = claims.number
    nobody = claims.log_absent.sum(1).exp()
    there = mean_over_existing(claims.exists, distance.amin(dim=2)) + cap_px * nobody
    back = nearest_existing(claims.exists, claims.log_absent, distance, cap_px) * claims.annotated
    both = (there + back.sum(1) / n.clamp(min=1)) / 2
    return torch.where(n > 0, both, cap_px * claims.exists.sum(1))


def _one_way(claims: Claims, cap_px: float) -> Tensor:
    near = distances(claims, cap_px).amin(dim=2)
    return (claims.exists * near).sum(1) / claims.number.clamp(min=1)


def _count(claims: Claims, under: float, over: float, scale: float | None) -> Tensor:
    chance = count_distribution(claims.exists)
    number = torch.arange(chance.shape[1], device=chance.device).to(chance)
    annotated = claims.number[:, None].to(chance)
    return (chance * point_penalty(number, annotated, under, over, scale)).sum(1)


def _unclaimed(claims: Claims) -> Tensor:
    return claims.unclaimed / claims.number.clamp(min=1)
