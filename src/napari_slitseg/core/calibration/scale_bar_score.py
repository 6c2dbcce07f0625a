"""How much a box looks like a scale bar, and where exactly it ends."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.calibration.scale_bar_runs import Box

_BORDER_PX: Final = 4
_TICK_PX: Final = 12
_CORNER: Final = 0.25
_THIN: Final = 0.6


def ends_px(pixels: NDArray[Any], box: Box) -> tuple[float, float]:
    """Return the columns where a bar's grey is half way to what lies beside it.

    Columns are those of pixel centres: a bar of the whole pixels 10 to 19 ends at 9.5 and 19.5.
    """
    inset = 1 if box.height > 3 else 0
    rows = pixels[box.top + inset : box.bottom - inset]
    line = rows.astype(np.float64).mean(axis=0)
    inside = float(np.median(line[box.left : box.right]))
    left = _crossing(line[: box.left + 2][::-1], inside)
    right = _crossing(line[box.right - 2 :], inside)
    return box.left + 1 - left, box.right - 2 + right


def _crossing(line: NDArray[np.float64], inside: float) -> float:
    """How far from the start of a line, which lies inside, it is half way to the outside."""
    beside = line[2 : 2 + _BORDER_PX]
    if not beside.size:
        return 1.5
    outside = beside[np.abs(beside - inside).argmax()]
    share = (line - inside) / (outside - inside) if outside != inside else np.zeros(line.size)
    beyond = np.flatnonzero(share >= 0.5)
    if not beyond.size or beyond[0] == 0:
        return 1.5
    after = int(beyond[0])
    before, there = share[after - 1], share[after]
    return float(after - 1 + (0.5 - before) / (there - before))


def score(pixels: NDArray[Any], box: Box) -> float:
    """Return how much a box looks like a scale bar, [0, 1].

    The product of: one grey inside, other grey above and below along its whole length (ticks at the
    ends may stand out), straight ends, and, with little weight, a place near a corner or the lower
    border.
    """
    inside = pixels[box.top : box.bottom, box.left : box.right].astype(np.float64)
    sides = [side for step in (-1, 1) if (side := _beside(pixels, box, step)).size]
    contrast = max(abs(float(np.median(side)) - float(np.median(inside))) for side in sides)
    if contrast <= 0:
        return 0.0
    evenness = math.exp(-4 * float(inside.std()) / contrast)
    alone = min(_other_share(side, inside, contrast) for side in sides)
    place = 1 - _CORNER * _distance_from_border(pixels.shape, box)
    thickness = 1.0 if box.height > 1 else _THIN
    return evenness * alone**2 * (0.5 + 0.5 * box.straightness) * place * thickness


def _beside(pixels: NDArray[Any], box: Box, step: int) -> NDArray[np.float64]:
    """Rows just above (-1) or below (1) a box, between its ticks; none at the border."""
    first = box.top - 1 if step < 0 else box.bottom
    rows = [first + step * number for number in range(_BORDER_PX)]
    seen = [row for row in rows if 0 <= row < pixels.shape[0]]
    tick = min(_TICK_PX, box.width // 8)
    columns = slice(box.left + tick, box.right - tick)
    return np.asarray(pixels[seen, columns], np.float64)


def _other_share(
    beside: NDArray[np.float64], inside: NDArray[np.float64], contrast: float
) -> float:
    """Share of the columns beside a box in which some row has another grey."""
    other = np.abs(beside - np.median(inside)) > contrast / 3
    return float(other[1:].all(axis=0).mean() if len(other) > 1 else other.mean())


def _distance_from_border(shape: tuple[int, ...], box: Box) -> float:
    """0 at the upper or lower border of an image, 1 in the middle."""
    middle = (box.top + box.bottom) / 2
    return 2 * min(middle, shape[0] - middle) / shape[0]
