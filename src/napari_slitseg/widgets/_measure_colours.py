"""Colours of foot process widths: the same width has the same colour in every image."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
from napari.utils.colormaps import ensure_colormap
from numpy.typing import NDArray

from napari_slitseg.widgets._style import GREY, WHITE

Colours = NDArray[np.float64]

_MAP: Final = "plasma"
_DARKEST: Final = 0.2
"""Where the scale begins: below, it cannot be seen on a dark micrograph."""

EFFACED: Final = WHITE
UNKNOWN: Final = GREY


def colours_of(width: Any, limit: float) -> Colours:
    """Return colours (N, 4) of widths (N,), in [0, 1]; NaN is grey, from the limit on effaced."""
    width = np.asarray(width, np.float64)
    share = np.clip(np.nan_to_num(width) / limit, 0, 1)
    colours = np.asarray(_scale().map(_DARKEST + (1 - _DARKEST) * share), np.float64)
    colours = colours.reshape(-1, 4)
    colours[width >= limit] = _rgba(EFFACED)
    colours[np.isnan(width)] = _rgba(UNKNOWN)
    return colours


@cache
def _scale() -> Any:
    return ensure_colormap(_MAP)


def _rgba(name: str) -> list[float]:
    return [*(int(name[at : at + 2], 16) / 255 for at in (1, 3, 5)), 1.0]
