"""Figures of the membranes of many images together, from summed numbers of pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PIXEL_COUNTS: Final = (
    "membrane_right_pixels",
    "membrane_wrong_pixels",
    "membrane_missed_pixels",
    "membrane_background_pixels",
)
"""What an image adds: pixels in both masks, only predicted, only annotated, in neither."""


def pixel_rows(images: Sequence[Mapping[str, float]]) -> Floats:
    """Return the numbers of pixels of each image, (N, 4); NaN where an image has no membrane.

    Parameters
    ----------
    images : sequence of mapping
        `membrane_figures` of each image, or other figures.
    """
    rows = [[image.get(name, math.nan) for name in PIXEL_COUNTS] for image in images]
    return np.array(rows, np.float64).reshape(-1, len(PIXEL_COUNTS))


def _dice(sums: Floats) -> Floats:
    right, wrong, missed, _ = sums.T
    return _part(2 * right, 2 * right + wrong + missed, empty=1.0)


def _iou(sums: Floats) -> Floats:
    right, wrong, missed, _ = sums.T
    return _part(right, right + wrong + missed, empty=1.0)


def _accuracy(sums: Floats) -> Floats:
    return _part(sums[:, 0] + sums[:, 3], sums.sum(axis=1), empty=math.nan)


def _part(part: Floats, whole: Floats, *, empty: float) -> Floats:
    return np.divide(part, whole, out=np.full_like(part, empty), where=whole > 0)


MEMBRANE_FIGURES: Final[Mapping[str, tuple[str, Callable[[Floats], Floats]]]] = MappingProxyType(
    {
        "pooled_membrane_dice": ("Membrane Dice", _dice),
        "pooled_membrane_iou": ("Membrane IoU", _iou),
        "pooled_membrane_accuracy": ("Membrane pixel accuracy", _accuracy),
    }
)
"""Title, and (B, 4) sums of `PIXEL_COUNTS` to (B,) values, by name. Every pixel weighs the same."""
