"""Fill the layers over an image: only what changed, and each layer is drawn once."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from dataclasses import fields
from functools import cache
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Layer, Points, Vectors
from numpy.typing import NDArray

from napari_slitseg.widgets._overlay import Marks
from napari_slitseg.widgets._style import MARKS

_LINES_IN_THUMBNAIL: Final = 200
"""More lines take napari longer to draw into a thumbnail than into the view."""


class Painter:
    """Gives layers their points and lines, and knows what it gave them last."""

    def __init__(self) -> None:
        self._given: WeakKeyDictionary[Layer, tuple[Any, float]] = WeakKeyDictionary()

    def marks(self, layer: Points, marks: Marks, size_px: float) -> None:
        """Give a layer points, each drawn as its kind.

        Parameters
        ----------
        layer : Points
            Its data is replaced by a copy, unless the points are there already.
        marks : Marks
            What to draw.
        size_px : float
            Standard diameter, px of the image.
        """
        before, size_before = self._given.get(layer, (None, 0.0))
        has_points = np.array_equal(layer.data, marks.yx)
        if has_points and size_px == size_before and _same(before, marks):
            return
        with at_once(layer):
            if not has_points:
                layer.data = marks.yx.copy()
            layer.features = _features(marks)
            if len(marks.yx):
                _set_look(layer, marks, size_px)
        self._given[layer] = (marks, size_px)
        layer.refresh()
        layer.events.features()

    def lines(self, layer: Vectors, lines: NDArray[np.float64], width_px: float) -> None:
        """Give a layer lines: (K, 2, 2) start and direction, px."""
        if layer.edge_width == width_px and np.array_equal(layer.data, lines):
            return
        with at_once(layer):
            layer.data = lines.copy()
            layer.edge_width = width_px
        layer.refresh(thumbnail=len(lines) <= _LINES_IN_THUMBNAIL)


@contextmanager
def at_once(layer: Layer) -> Generator[None, None, None]:
    """Change several things about a layer without telling anybody or drawing it in between."""
    still = getattr(layer, "_block_refresh", nullcontext)
    with layer.events.blocker_all(), still():
        yield


def _same(one: Marks | None, other: Marks) -> bool:
    return one is not None and all(
        np.array_equal(
            getattr(one, each.name),
            getattr(other, each.name),
            equal_nan=each.name in ("score", "distance_px"),
        )
        for each in fields(Marks)
    )


def _features(marks: Marks) -> dict[str, NDArray[Any]]:
    return {
        "id": marks.ids,
        "kind": marks.kind.astype(object),
        "score": marks.score,
        "distance (px)": marks.distance_px,
    }


def _set_look(layer: Points, marks: Marks, size_px: float) -> None:
    """Write symbols, sizes and colours into the arrays that the layer holds of them."""
    samples, order = _samples()
    _, first, place = np.unique(marks.kind, return_index=True, return_inverse=True)
    style = np.array([order[kind] for kind in marks.kind[first].tolist()])[place]
    layer.symbol[:] = samples.symbol[style]
    layer.size[:] = size_px * samples.size[style]
    layer.border_color[:] = samples.border_color[style]
    layer.face_color[:] = samples.face_color[style]


@cache
def _samples() -> tuple[Points, dict[str, int]]:
    """Return a layer with one point of each kind, and the place of each kind in it."""
    styles = list(MARKS.values())
    layer = Points(
        np.zeros((len(styles), 2)),
        symbol=[style.symbol for style in styles],
        size=[style.size for style in styles],
        border_color=[style.colour for style in styles],
        face_color=[style.colour if style.filled else "#00000000" for style in styles],
    )
    return layer, {kind: place for place, kind in enumerate(MARKS)}
