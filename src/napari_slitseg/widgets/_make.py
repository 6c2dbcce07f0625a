"""Make and fill the layers that lie over an image."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from napari.layers import Image, Layer, Points, Vectors
from napari.utils import Colormap
from numpy.typing import NDArray

from napari_slitseg.widgets import _calibrate_make, _measure_make, _membrane_make
from napari_slitseg.widgets._adopt import Frame, same_units
from napari_slitseg.widgets._paint import at_once
from napari_slitseg.widgets._style import (
    GREY,
    MATCH_LINE,
    MEMBRANE_COLOUR,
    SLIT_COLOUR,
    UNDER_REVIEW,
)

ORDER: Final = (
    "image",
    "membrane map",
    "slit map",
    _membrane_make.STRIPE,
    *_measure_make.NAMES,
    "points taken away",
    "annotated slits",
    "detected slits",
    "matched pairs",
    "under review",
    _membrane_make.LINE,
    _calibrate_make.BAR,
)
"""Our layers, lowest first."""

_ON_SCREEN: Final = {"annotated slits": (5, 26), "detected slits": (3, 13)}
"""Smallest and largest marks, px of the screen: zooming in shows where exactly they lie."""

_PLAIN: Final[dict[str, dict[str, Any]]] = {
    "points taken away": {
        "symbol": "x",
        "face_color": GREY,
        "border_color": GREY,
        "canvas_size_limits": (3, 16),
    },
    "under review": {
        "symbol": "disc",
        "face_color": "#00000000",
        "border_color": UNDER_REVIEW,
        "border_width": 0.09,
    },
}
"""Layers whose points all look the same."""

_MAP_COLOUR: Final = {"membrane map": MEMBRANE_COLOUR, "slit map": SLIT_COLOUR}


def make(name: str, frame: Frame) -> Layer:
    """Return one of the layers of `ORDER`, empty, in its place."""
    layer = _empty(name)
    place(layer, frame)
    return layer


def _empty(name: str) -> Layer:
    nothing = np.zeros((1, 1), np.float32)
    if name in (_membrane_make.STRIPE, _membrane_make.LINE):
        return _membrane_make.empty(name)
    if name in _measure_make.NAMES:
        return _measure_make.empty(name)
    if name == _calibrate_make.BAR:
        return _calibrate_make.empty()
    if name == "image":
        return Image(nothing, name=name, colormap="gray")
    if name in _MAP_COLOUR:
        colours = Colormap(["#000000", _MAP_COLOUR[name]], name=f"slitseg {name}")
        return Image(
            nothing,
            name=name,
            colormap=colours,
            contrast_limits=(0, 1),
            blending="additive",
            opacity=0.5,
        )
    if name in _PLAIN:
        return Points(np.zeros((0, 2)), ndim=2, name=name, **_PLAIN[name])
    if name == "matched pairs":
        return Vectors(
            np.zeros((0, 2, 2)), ndim=2, name=name, edge_color=MATCH_LINE, vector_style="line"
        )
    return Points(
        np.zeros((0, 2)),
        ndim=2,
        name=name,
        border_width=0.14,
        border_width_is_relative=True,
        canvas_size_limits=_ON_SCREEN[name],
    )


def place(layer: Layer, frame: Frame) -> None:
    """Put a layer where its image lies."""
    if tuple(layer.scale) != frame.scale:
        layer.scale = frame.scale
    if tuple(layer.translate) != frame.translate:
        layer.translate = frame.translate
    if hasattr(layer, "units") and not same_units(layer.units, frame.units):
        layer.units = frame.units


def draw_plain(layer: Points, yx: NDArray[np.float64], size_px: float) -> None:
    """Give a layer points that all look the same: (N, 2) px, diameter in px of the image."""
    if np.array_equal(layer.data, yx) and bool((layer.size == size_px).all()):
        return
    with at_once(layer):
        layer.selected_data = set()
        layer.data = yx.copy()
        layer.size = size_px
        layer.border_width = layer.current_border_width
        layer.editable = False
    layer.refresh()
