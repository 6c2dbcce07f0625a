"""The gradient of any value of a map, estimated from perturbed maps (evolution strategies)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def perturbation_gradient(
    logits: Tensor,
    values: Callable[[Tensor], Tensor],
    *,
    pairs: int,
    noise_logit: float,
    grid_px: int,
) -> Tensor:
    """Estimate the gradient of E[value(logits + noise)] in the space of piecewise constant maps.

    Parameters
    ----------
    logits : (H, W) tensor
        One image.
    values : callable
        (N, H, W) maps to (N,) values.
    pairs : int
        Pairs of opposite maps, at least 1.
    noise_logit : float
        Standard deviation of each cell's noise, above 0.
    grid_px : int
        Side of the cells, px.

    Returns
    -------
    (H, W) tensor
        Its mean is, in each cell, the mean of the gradient in that cell.
    """
    height, width = logits.shape
    cells = (-(-height // grid_px), -(-width // grid_px))
    noise = torch.randn((pairs, *cells), dtype=logits.dtype, device=logits.device)
    spread = noise.repeat_interleave(grid_px, 1).repeat_interleave(grid_px, 2)
    spread = spread[:, :height, :width]
    z = logits.detach()
    step = noise_logit * spread
    slope = (values(z + step) - values(z - step)).to(z) / (2 * noise_logit)
    size = _cell_sides(height, grid_px, z)[:, None] * _cell_sides(width, grid_px, z)
    return torch.einsum("s,shw->hw", slope, spread) / (pairs * size)


def _cell_sides(length: int, grid_px: int, like: Tensor) -> Tensor:
    """Return for every pixel the side of its cell, px; the last cell may be cut."""
    start = torch.arange(length, device=like.device) // grid_px * grid_px
    return (length - start).clamp(max=grid_px).to(like)
