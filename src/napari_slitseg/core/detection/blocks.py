"""A probability map in blocks: only slices of it are ever read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]
"""First row, row after the last, first column, column after the last."""

_RANGE_SLACK = 1e-3  # blended or half precision maps may leave [0, 1] by this much


def checked_shape(probability: NDArray[np.generic]) -> tuple[int, int]:
    """Return (H, W).

    Raises
    ------
    ValueError
        If the map is not two-dimensional.
    """
    if len(probability.shape) != 2:
        raise ValueError(
            f"A probability map is two-dimensional (H, W), got shape {tuple(probability.shape)}."
        )
    return int(probability.shape[0]), int(probability.shape[1])


def check_not_negative(**values: float) -> None:
    """Raise ValueError, with its name, for what is not a finite number of at least 0."""
    for name, value in values.items():
        if not (np.isfinite(value) and value >= 0):
            raise ValueError(f"{name} must be a finite number of at least 0, got {value}.")


def boxes(shape: tuple[int, int], block_px: int, halo_px: int = 0) -> Iterator[Box]:
    """Cut a map into blocks, row by row, no narrower than their halo.

    Raises
    ------
    ValueError
        If the side of a block is below 1.
    """
    if block_px < 1:
        raise ValueError(f"block_px must be at least 1, got {block_px}.")
    height, width = shape
    block_px = max(block_px, halo_px)
    for y0 in range(0, height, block_px):
        for x0 in range(0, width, block_px):
            yield y0, min(y0 + block_px, height), x0, min(x0 + block_px, width)


def grow(box: Box, by: int, shape: tuple[int, int]) -> Box:
    """Return the box with a margin, as far as the map goes."""
    y0, y1, x0, x1 = box
    return max(y0 - by, 0), min(y1 + by, shape[0]), max(x0 - by, 0), min(x1 + by, shape[1])


def read(probability: NDArray[np.generic], box: Box) -> NDArray[np.float32]:
    """Return a part of the map as float32 without NaN, which counts as 0.

    Raises
    ------
    ValueError
        If a value leaves [0, 1].
    """
    y0, y1, x0, x1 = box
    window = np.array(probability[y0:y1, x0:x1], dtype=np.float32)
    low, high = window.min(initial=0), window.max(initial=0)
    if np.isnan(low):
        window[np.isnan(window)] = 0
        low, high = window.min(initial=0), window.max(initial=0)
    if low < -_RANGE_SLACK or high > 1 + _RANGE_SLACK:
        raise ValueError(
            f"Probabilities must lie in [0, 1], but rows {y0}:{y1}, columns {x0}:{x1} reach from "
            f"{low:.4g} to {high:.4g}. Apply a sigmoid to logits, or divide 8-bit maps by 255."
        )
    return window
