"""Peaks of a batch of probability maps on any device, and which annotation each may move to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn import functional as F

NEIGHBOURHOOD_PX = 5
SMOOTHING_SIGMA_PX = 1.0


class Peaks(NamedTuple):
    """Local maxima of a batch, padded to one length.

    Attributes
    ----------
    yx : (B, K, 2) tensor
        Pixels, highest first.
    height : (B, K) tensor
        Highest probability in the 3 x 3 pixels around, in [0, 1].
    real : (B, K) tensor of bool
        Where there is a peak.
    """

    yx: Tensor
    height: Tensor
    real: Tensor


@torch.no_grad()
def find_peaks(probability: Tensor, *, floor: float, most: int) -> Peaks:
    """Find local maxima of the smoothed map in 5 x 5 pixels.

    Parameters
    ----------
    probability : (B, 1, H, W) tensor
        In [0, 1].
    floor : float
        Lowest height of a peak.
    most : int
        Number of peaks kept an image.

    Returns
    -------
    Peaks
        K is the largest number found in an image, at least 1. A map without relief has none; of
        equal neighbours the last in reading order is the peak.
    """
    smooth = _smoothed(probability)
    height = F.max_pool2d(probability, 3, stride=1, padding=1)
    top = _highest_around(smooth)
    relief = top > -_highest_around(-smooth)
    peak = (smooth == top) & relief & (height >= floor)
    peak = peak & _is_last_of_equals(peak)
    rank = torch.where(peak, smooth, smooth.new_tensor(-1.0)).flatten(1)
    width = probability.shape[-1]
    found = int(peak.flatten(1).sum(dim=1).max())
    value, index = rank.topk(min(max(found, 1), most), dim=1)
    yx = torch.stack([index // width, index % width], dim=-1).to(probability)
    return Peaks(yx, height.flatten(1).gather(1, index), value >= 0)


def _smoothed(probability: Tensor) -> Tensor:
    """Return (B, 1, H, W) maps convolved with a Gaussian of sigma 1 px, edges repeated."""
    offset = torch.arange(-3, 4, device=probability.device).to(probability)
    kernel = torch.exp(-(offset**2) / (2 * SMOOTHING_SIGMA_PX**2))
    kernel = kernel / kernel.sum()
    padded = F.pad(probability, (3, 3, 3, 3), mode="replicate")
    return F.conv2d(F.conv2d(padded, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))


def _highest_around(values: Tensor) -> Tensor:
    return F.max_pool2d(values, NEIGHBOURHOOD_PX, stride=1, padding=NEIGHBOURHOOD_PX // 2)


def _is_last_of_equals(peak: Tensor) -> Tensor:
    order = torch.arange(1, peak[0].numel() + 1, device=peak.device).view(peak.shape[1:])
    place = torch.where(peak, order.to(torch.float32), 0.0)
    return place == _highest_around(place)


def partners(
    peaks: Peaks, points: Tensor, real: Tensor, *, reach_px: float, near_px: float
) -> Tensor:
    """Return which annotation each peak can move to.

    One to one: as many pairs as possible, then the smallest sum of distances. A peak reaches over
    `reach_px` times its height, and at least over `near_px`.

    Parameters
    ----------
    peaks : Peaks
        Of B images.
    points, real : (B, M, 2) and (B, M) tensors
        Padded annotations, (y, x) px.
    reach_px, near_px : float
        Largest distance of a certain and of a doubtful peak, px.

    Returns
    -------
    (B, K) tensor of int
        Index of the annotation, -1 for none.
    """
    distance = torch.linalg.vector_norm(peaks.yx[:, :, None] - points[:, None], dim=-1)
    reach = (reach_px * peaks.height).clamp(min=near_px)[:, :, None]
    allowed = (distance <= reach) & peaks.real[:, :, None] & real[:, None]
    forbidden = 2.0 * max(reach_px, near_px) * min(distance.shape[1:])
    cost = torch.where(allowed, distance, distance.new_tensor(forbidden)).cpu().double().numpy()
    partner = np.full(peaks.real.shape, -1)
    for image, (table, may) in enumerate(zip(cost, allowed.cpu().numpy(), strict=True)):
        rows, columns = linear_sum_assignment(table)
        partner[image, rows] = np.where(may[rows, columns], columns, -1)
    return torch.from_numpy(partner).to(real.device)
