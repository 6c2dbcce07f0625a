"""A short way through places that does not change when one of them goes or comes."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_BITS: Final = 16


def along_the_way(yx: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return how far along a way through all pixels places lie: (N,) int, less comes first.

    The way is Hilbert's curve: places next to each other on it are next to each other in the
    image. It depends on nothing but the place, so the next place after one that was judged is the
    same as before. Places outside [0, 65535] px count as on the border.

    Parameters
    ----------
    yx : (N, 2) float64
        Finite, px.

    References
    ----------
    D. Hilbert, "Ueber die stetige Abbildung einer Linie auf ein Flaechenstueck", 1891.
    """
    y, x = np.rint(yx).clip(0, (1 << _BITS) - 1).astype(np.int64).T
    way = np.zeros(len(yx), np.int64)
    for bit in reversed(range(_BITS)):
        down, right = (y >> bit) & 1, (x >> bit) & 1
        way = (way << 2) | ((3 * right) ^ down)
        turned, flipped = down == 0, (down == 0) & (right == 1)
        y, x = (np.where(flipped, ~each, each) for each in (y, x))
        y, x = np.where(turned, x, y), np.where(turned, y, x)
    return way
