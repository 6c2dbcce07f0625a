"""The nearest place on lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_slitseg.core.matching import as_yx

_AT_ONCE: Final = 100_000


def nearest_on_lines(yx: NDArray[np.float64], lines: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """Return the nearest place on any of some lines, between their corners too.

    Parameters
    ----------
    yx : (N, 2) float64
        Places, px.
    lines : sequence of (K, 2) array_like
        Corners of each line, joined by straight pieces, px; a line of one corner is a dot.

    Returns
    -------
    (N, 2) float64
        Where pieces are equally near, a place on the first of them.

    Raises
    ------
    ValueError
        If there is no line, or a corner is none.
    """
    corners = [as_yx(line, "line") for line in lines]
    if not any(len(line) for line in corners):
        raise ValueError("There is no membrane line to move points onto. Draw the membrane first.")
    start = np.concatenate([line if len(line) == 1 else line[:-1] for line in corners])
    end = np.concatenate([line if len(line) == 1 else line[1:] for line in corners])
    step = max(1, _AT_ONCE // len(start))
    blocks = [_nearest(yx[at : at + step], start, end) for at in range(0, len(yx), step)]
    return np.concatenate([np.zeros((0, 2)), *blocks])


def _nearest(
    yx: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Nearest places of few enough points that all distances fit into memory."""
    down, right = (end - start).T
    square = down**2 + right**2
    y, x = (yx[:, None] - start).transpose(2, 0, 1)
    share = ((y * down + x * right) / np.where(square > 0, square, 1)).clip(0, 1)
    piece = ((y - share * down) ** 2 + (x - share * right) ** 2).argmin(axis=1)
    part = share[np.arange(len(yx)), piece][:, None]
    nearest: NDArray[np.float64] = start[piece] + part * (end - start)[piece]
    return np.where(part < 1, nearest, end[piece])
