"""Sets of points with an empty token, and the map that shows them."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

DOT_SIGMA_PX = 0.8
DOT_RADIUS_PX = 4
"""A dot ends this many pixels from its brightest one."""

_LOWEST = -10.0
_HIGHEST = math.log1p(-1e-6)


class PointSet(NamedTuple):
    """Proposed points of a batch of images.

    Attributes
    ----------
    yx : (B, N, 2) tensor
        Positions (y, x) in px, pixel centres at integers.
    logits : (B, N, 2) tensor
        Raw outputs for "slit" and "empty"; their softmax is a probability.
    """

    yx: Tensor
    logits: Tensor

    @property
    def log_exists(self) -> Tensor:
        """Logarithm of the probability that a point is a slit, (B, N)."""
        slit, empty = self.logits.unbind(-1)
        return functional.logsigmoid(slit - empty)


def draw_points(points: PointSet, height: int, width: int) -> Tensor:
    """Return the slit logits of a map that shows each point as a dot.

    Parameters
    ----------
    points : PointSet
        A position outside the map is moved to its border.
    height, width : int
        Of the map, px.

    Returns
    -------
    (B, 1, height, width) tensor
        float32, or float64 if given. A dot is a Gaussian around its position whose brightest pixel
        has the point's probability, so that peaks of the map have the position of the point, to a
        fraction of a pixel, and its probability. Where dots overlap the brighter counts. Where
        there is none, and in dots below that, the logit is -10.

    Notes
    -----
    A pixel has a gradient to the point it belongs to.
    """
    yx, exists = (_exact(each) for each in (points.yx, points.log_exists))
    yx = torch.stack([yx[..., 0].clamp(0, height - 1), yx[..., 1].clamp(0, width - 1)], dim=-1)
    middle = yx.detach().round()
    log_map = exists.new_full((len(yx), height * width), _LOWEST)
    for dy in range(-DOT_RADIUS_PX, DOT_RADIUS_PX + 1):
        pixel, value = _row_of_dots(yx, middle, exists, dy)
        y, x = pixel.unbind(-1)
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        index = (y * width + x).where(inside, 0).long().flatten(1)
        value = value.where(inside, _LOWEST).flatten(1)
        log_map = log_map.scatter_reduce(1, index, value, "amax")
    return _logit(log_map).view(len(yx), 1, height, width)


def _row_of_dots(yx: Tensor, middle: Tensor, exists: Tensor, dy: int) -> tuple[Tensor, Tensor]:
    """Pixels (B, N, P, 2) of one row of each dot, and their log probabilities (B, N, P)."""
    dx = torch.arange(-DOT_RADIUS_PX, DOT_RADIUS_PX + 1, device=yx.device, dtype=yx.dtype)
    pixel = middle[:, :, None] + torch.stack([torch.full_like(dx, dy), dx], dim=-1)
    square = ((pixel - yx[:, :, None]) ** 2).sum(-1)
    least = ((middle - yx) ** 2).sum(-1, keepdim=True)
    return pixel, exists[:, :, None] - (square - least) / (2 * DOT_SIGMA_PX**2)


def _exact(values: Tensor) -> Tensor:
    return values if values.dtype == torch.float64 else values.float()


def _logit(log_probability: Tensor) -> Tensor:
    lower = log_probability.clamp(max=_HIGHEST)
    return lower - torch.log(-torch.expm1(lower))
