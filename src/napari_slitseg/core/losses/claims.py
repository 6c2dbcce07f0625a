"""Claims: every place where a map may say "here is a slit", with its probability and position.

A claim is a peak of the map, or a *seed* at an annotation that no peak can move to. Both carry a
probability of existing and sub-pixel coordinates, differentiable by the logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from napari_slitseg.core.losses.peaks import SMOOTHING_SIGMA_PX, find_peaks, partners
from napari_slitseg.core.losses.target import pad_points

FLOOR, MOST_PEAKS = 0.03, 256
POSITION_PRIOR_PX, EXISTENCE_PRIOR_PX = 2.0, 1.0
DOT_AREA_PX = 11.34
NEVER = -1e4
MEAN_SHIFTS, SMOOTHING_REACH_PX = 4, 3
DIP, STEEPNESS, LEAST = 2.0, 4.0, 1e-6


class Reading(NamedTuple):
    """How claims are read off a map.

    Attributes
    ----------
    window_px : float
        Radius of a claim's window, px.
    reach_px : float
        How far a certain peak can move to an annotation, px; 0 for never.
    near_px : float
        The same for a doubtful peak, px; at most `reach_px`.
    """

    window_px: float = 3.5
    reach_px: float = 20.0
    near_px: float = 4.0


@dataclass(frozen=True, eq=False)
class Claims:
    """Claims of a batch, padded to one length, with the annotations they are about.

    Attributes
    ----------
    yx : (B, K, 2) tensor
        Positions, px; differentiable.
    log_exists, log_absent : (B, K) tensors
        Logarithms of the probabilities of existing and not; differentiable. Without a claim
        the first is very low and the second 0.
    real : (B, K) tensor of bool
        Where there is a claim.
    partner : (B, K) tensor of int
        Index of the annotation a peak can move to, or a seed stands for; -1 for none.
    points, annotated : (B, M, 2) and (B, M) tensors
        Padded annotations, and where there is one.
    unclaimed : (B,) tensor
        Probability mass outside all windows, in dots; differentiable.
    """

    yx: Tensor
    log_exists: Tensor
    log_absent: Tensor
    real: Tensor
    partner: Tensor
    points: Tensor
    annotated: Tensor
    unclaimed: Tensor

    @property
    def exists(self) -> Tensor:
        """Probabilities of existing, (B, K) in [0, 1]; 0 where there is no claim."""
        return self.log_exists.exp() * self.real

    @property
    def number(self) -> Tensor:
        """Numbers of annotations, (B,)."""
        return self.annotated.sum(1)


def read_claims(logits: Tensor, points: Sequence[Tensor], reading: Reading) -> Claims:
    """Read the claims off a batch of maps.

    Parameters
    ----------
    logits : (B, 1, H, W) tensor
        Float32 or float64.
    points : sequence of (N, 2) tensors
        Annotations as `checked_points` returns them.
    reading : Reading
        How.

    Notes
    -----
    The position is the centre of mass of the probabilities in the window, weighed by nearness to a
    centre that mean shifts find; existence is the sigmoid of a mean of the logits, weighed by
    their softmax and nearness to that position. Where windows overlap each pixel counts for the
    nearest claim only. A seed next to another claim exists only as far as the map dips half way
    between them: two slits in one blob are one claim.
    """
    padded, annotated = pad_points(points)
    probability = torch.sigmoid(logits)
    centre, real, partner, seed = _places(probability.detach(), padded, annotated, reading)
    window = _windows(centre, real, logits.shape[-2:], reading.window_px)
    values = logits.flatten(1).gather(1, window.flat.flatten(1)).view(window.flat.shape)
    yx = centre
    for _ in range(MEAN_SHIFTS):
        yx = _centre_of_mass(values, window, yx)
    height = _height(values, window, yx)
    merged = seed & (_neighbour(centre, real)[0] < 2 * reading.window_px)
    log_exists, log_absent = _chances(height, _dip(probability, centre, real), real, merged)
    unclaimed = _unclaimed(probability, window, padded, annotated, reading.window_px)
    return Claims(yx, log_exists, log_absent, real, partner, padded, annotated, unclaimed)


def _places(
    probability: Tensor, points: Tensor, annotated: Tensor, reading: Reading
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return centres of peaks and seeds, where they are real, their partners, which are seeds."""
    peaks = find_peaks(probability, floor=FLOOR, most=max(MOST_PEAKS, 2 * points.shape[1]))
    reach_px, near_px = reading.reach_px, min(reading.near_px, reading.reach_px)
    partner = partners(peaks, points, annotated, reach_px=reach_px, near_px=near_px)
    everyone = torch.arange(points.shape[1], device=points.device).expand(annotated.shape)
    served = (partner[:, :, None] == everyone[:, None]).any(dim=1)
    missed = annotated & ~served
    centre = torch.cat([peaks.yx, points], dim=1)
    real = torch.cat([peaks.real, missed], dim=1)
    partner = torch.cat([partner, everyone.where(missed, -1)], dim=1)
    return centre, real, partner, torch.cat([torch.zeros_like(peaks.real), missed], dim=1)


def _chances(height: Tensor, dip: Tensor, real: Tensor, merged: Tensor) -> tuple[Tensor, Tensor]:
    """Return the logarithms of the probabilities of existing and of not existing."""
    resolved = F.logsigmoid(STEEPNESS * dip - DIP).where(merged, 0.0)
    log_exists = (F.logsigmoid(height) + resolved).where(real, NEVER)
    rest = torch.log(-torch.expm1(log_exists.clamp(max=-LEAST)))
    return log_exists, F.logsigmoid(-height).where(~merged, rest).where(real, 0.0)


class _Windows(NamedTuple):
    yx: Tensor
    flat: Tensor
    owned: Tensor


def _windows(centre: Tensor, real: Tensor, shape: Sequence[int], radius_px: float) -> _Windows:
    """Return the pixels around each centre: where, their flat index, and whether they count."""
    yx, flat, inside = _pixels_around(centre, shape, int(radius_px))
    square = ((yx - centre[:, :, None]) ** 2).sum(-1)
    near = inside & real[:, :, None] & (square <= radius_px**2)
    square = torch.where(near, square, torch.full_like(square, 1e9))
    nearest = square.new_full((len(centre), shape[0] * shape[1]), 1e9)
    nearest.scatter_reduce_(1, flat.flatten(1), square.flatten(1), "amin")
    owned = near & (square <= nearest.gather(1, flat.flatten(1)).view(square.shape) + 1e-6)
    return _Windows(yx, flat, owned)


def _pixels_around(
    centre: Tensor, shape: Sequence[int], reach_px: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the pixels of the square around each centre, their flat index, and which exist."""
    height, width = shape
    step = torch.arange(-reach_px, reach_px + 1, device=centre.device)
    offset = torch.stack(torch.meshgrid(step, step, indexing="ij"), -1).view(-1, 2).to(centre)
    yx = centre.round()[:, :, None] + offset
    limit = yx.new_tensor([height - 1, width - 1])
    inside = ((yx >= 0) & (yx <= limit)).all(-1)
    flat = (yx[..., 0].clamp(0, height - 1) * width + yx[..., 1].clamp(0, width - 1)).long()
    return yx, flat, inside


def _centre_of_mass(values: Tensor, window: _Windows, centre: Tensor) -> Tensor:
    score = F.logsigmoid(values)
    weight = _weights(score, window, centre, POSITION_PRIOR_PX)
    return centre + (weight[..., None] * (window.yx - centre[:, :, None])).sum(-2)


def _height(values: Tensor, window: _Windows, centre: Tensor) -> Tensor:
    weight = _weights(values, window, centre, EXISTENCE_PRIOR_PX)
    return (weight * values).sum(-1)


def _weights(score: Tensor, window: _Windows, centre: Tensor, prior_px: float) -> Tensor:
    """Return (B, K, W) weights with sum 1, or all 0 for a window without a pixel of its own."""
    square = ((window.yx - centre[:, :, None]) ** 2).sum(-1)
    score = score - square / (2 * prior_px**2)
    score = torch.where(window.owned, score, torch.full_like(score, NEVER))
    return torch.softmax(score, -1) * window.owned


def _dip(probability: Tensor, centre: Tensor, real: Tensor) -> Tensor:
    """Return how far the smoothed map dips half way to the nearest neighbour, in logits."""
    _, other = _neighbour(centre, real)
    middle = (centre + centre.gather(1, other[..., None].expand(-1, -1, 2))) / 2
    return _smoothed_logit(probability, centre) - _smoothed_logit(probability, middle)


def _smoothed_logit(probability: Tensor, yx: Tensor) -> Tensor:
    """Return the logit of the Gaussian mean of the probabilities around each place."""
    pixels, flat, inside = _pixels_around(yx, probability.shape[-2:], SMOOTHING_REACH_PX)
    square = ((pixels - yx[:, :, None]) ** 2).sum(-1)
    weight = torch.exp(-square / (2 * SMOOTHING_SIGMA_PX**2)) * inside
    values = probability.flatten(1).gather(1, flat.flatten(1)).view(flat.shape)
    mean = (weight * values).sum(-1) / weight.sum(-1)
    return torch.logit(mean.clamp(LEAST, 1 - LEAST))


def _neighbour(centre: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
    """Return the distance of each claim's nearest other claim, and its index."""
    distance = torch.linalg.vector_norm(centre[:, :, None] - centre[:, None], dim=-1)
    distance = distance.masked_fill(~real[:, None, :], torch.inf)
    distance.diagonal(dim1=1, dim2=2).fill_(torch.inf)
    nearest = distance.min(dim=2)
    return nearest.values, nearest.indices


def _unclaimed(
    probability: Tensor, window: _Windows, points: Tensor, annotated: Tensor, radius_px: float
) -> Tensor:
    """Return the mass outside the windows of claims and annotations, in dots."""
    free = torch.ones_like(probability).flatten(1)
    around = _windows(points, annotated, probability.shape[-2:], radius_px)
    for each in (window, around):
        blocked = torch.where(each.owned, 0.0, 1.0).to(free).flatten(1)
        free.scatter_reduce_(1, each.flat.flatten(1), blocked, "amin")
    return (probability.flatten(1) * free).sum(1) / DOT_AREA_PX
