"""Small fields of logits with dots, for the tests of losses."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

Point = tuple[float, float]


def dotted(
    points: Sequence[Point],
    shape: tuple[int, int] = (24, 26),
    *,
    low: float = -5.0,
    high: float = 5.0,
    sigma_px: float = 1.9,
    dtype: torch.dtype = torch.float64,
) -> Tensor:
    """Logits (1, 1, H, W): Gaussian dots that reach from `low` to `high`."""
    rows = torch.arange(shape[0], dtype=dtype)[:, None]
    columns = torch.arange(shape[1], dtype=dtype)[None]
    field = torch.zeros(shape, dtype=dtype)
    for y, x in points:
        square = (rows - y) ** 2 + (columns - x) ** 2
        field = torch.maximum(field, torch.exp(-square / (2 * sigma_px**2)))
    return (low + (high - low) * field)[None, None]


def black_and_white(
    points: Sequence[Point], shape: tuple[int, int] = (24, 26), radius_px: float = 1.9
) -> Tensor:
    """Logits (1, 1, H, W) of +-60: discs."""
    field = dotted(points, shape, low=0, high=1, sigma_px=1.0)
    inside = field >= torch.exp(torch.tensor(-(radius_px**2) / 2, dtype=field.dtype))
    return torch.where(inside, 60.0, -60.0).to(torch.float64)


def yx(*points: Point) -> list[Tensor]:
    """One image's points as losses take them."""
    return [torch.tensor(points, dtype=torch.float64).reshape(-1, 2)]
