"""The layers of the Measure dock: widths, the chosen one, and excluded stretches."""

from __future__ import annotations

from typing import Final

import numpy as np
from napari.layers import Layer, Shapes, Vectors

from napari_slitseg.widgets._style import GREY

WIDTHS: Final = "foot process widths"
CHOSEN: Final = "chosen width"
EXCLUDED: Final = "excluded stretches"

NAMES: Final = (EXCLUDED, CHOSEN, WIDTHS)
"""Lowest first."""

CYAN: Final = "#00FFFF"
_VEIL: Final = "#808080a0"


def empty(name: str) -> Layer:
    """Return one of the layers, without data."""
    if name == EXCLUDED:
        return Shapes(
            ndim=2, name=name, face_color=_VEIL, edge_color=GREY, edge_width=2, opacity=0.8
        )
    colour = CYAN if name == CHOSEN else GREY
    nothing = np.zeros((0, 2, 2))
    return Vectors(nothing, ndim=2, name=name, edge_color=colour, vector_style="line", opacity=1)
