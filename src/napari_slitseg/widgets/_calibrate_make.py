"""The layer of a scale bar that a person draws or drags."""

from __future__ import annotations

from typing import Final

from napari.layers import Layer, Shapes

from napari_slitseg.widgets._style import ORANGE

BAR: Final = "scale bar"


def empty() -> Layer:
    """Return the layer, without data."""
    return Shapes(ndim=2, name=BAR, edge_color=ORANGE, face_color=ORANGE, edge_width=2, opacity=1)
