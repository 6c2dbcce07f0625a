"""Excluded stretches of the current image as shapes that a person draws around them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Final
from weakref import ref

import numpy as np
from napari.layers import Layer
from psygnal import Signal

from napari_slitseg.widgets._keeper_measuring import Polygons
from napari_slitseg.widgets._measure_make import EXCLUDED
from napari_slitseg.widgets._stack import Stack
from napari_slitseg.widgets._style import GREY, ORANGE

_LASSO: Final = "add_polygon_lasso"
_REST: Final = "pan_zoom"
_FINAL: Final = ("added", "removed", "changed")
_FEWEST_CORNERS: Final = 3


class Lasso:
    """Draws the excluded stretches, and lets a person draw, change or delete them.

    Signals: `edited(polygons)` when a person did so; `changed()` when the mouse draws or stops.
    """

    edited = Signal(object)
    changed = Signal()

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._polygons: Polygons = ()
        self._watched: ref[Any] | None = None
        self._before: ref[Layer] | None = None
        self._quiet = False
        self._is_finished = False
        self._edge_px = 1.5
        self.chosen = -1

    @property
    def is_on(self) -> bool:
        """Whether the mouse draws."""
        return self._stack.has(EXCLUDED) and str(self._layer().mode) != _REST

    def start(self) -> None:
        """Let the mouse draw around a stretch."""
        layers = self._stack.viewer.layers
        active = layers.selection.active
        layer = self._layer()
        if active is not layer:
            self._before = None if active is None else ref(active)
        layer.visible = layer.editable = True
        layers.selection.active = layer
        self._is_finished = False
        layer.mode = _LASSO
        self.changed.emit()

    def stop(self) -> None:
        """Let the mouse move the view again, and select the layer that was selected before."""
        if not self.is_on:
            return
        self._layer().mode = _REST
        before = None if self._before is None else self._before()
        layers = self._stack.viewer.layers
        if before is not None and before in layers:
            layers.selection.active = before
        self.changed.emit()

    def show(self, polygons: Polygons) -> None:
        """Draw the excluded stretches of an image, once the mouse no longer draws."""
        self._polygons = polygons
        self.chosen = self.chosen if self.chosen < len(polygons) else -1
        if self._is_finished:
            self._is_finished = False
            self.stop()
        if self.is_on or (not polygons and not self._stack.has(EXCLUDED)):
            return
        layer = self._layer()
        with self._quietly():
            if not _same(layer.data, polygons):
                layer.data = []
                if polygons:
                    layer.add([each.copy() for each in polygons], shape_type="polygon")
                    layer.edge_width = self._edge_px
                layer.selected_data = set()
        self._mark()

    def choose(self, number: int) -> None:
        """Mark a stretch; -1 marks none."""
        if number != self.chosen:
            self.chosen = number
            self._mark()

    def _mark(self) -> None:
        if self._polygons and self._stack.has(EXCLUDED) and not self.is_on:
            numbers = range(len(self._polygons))
            with self._quietly():
                self._layer().edge_color = [ORANGE if n == self.chosen else GREY for n in numbers]

    def set_visible(self, *, visible: bool) -> None:
        """Show or hide the stretches."""
        if self._stack.has(EXCLUDED):
            self._layer().visible = visible

    def at(self, y: float, x: float) -> int:
        """Return the number of the stretch at a place of the image, -1 for none."""
        inside = (n for n, each in enumerate(self._polygons) if _is_inside(each, y, x))
        return next(inside, -1)

    def _layer(self) -> Any:
        layer = self._stack.layer(EXCLUDED)
        if self._watched is None or self._watched() is not layer:
            self._watched = ref(layer)
            layer.events.data.connect(self._on_data)
            layer.events.mode.connect(self._on_mode)
        return layer

    def _quietly(self) -> AbstractContextManager[None]:
        return _Quiet(self)

    def _on_mode(self) -> None:
        self.changed.emit()

    def _on_data(self, event: Any) -> None:
        if self._quiet or str(event.action) not in _FINAL:
            return
        polygons = [np.array(each, float)[:, -2:] for each in event.source.data]
        self._is_finished = True
        self.edited.emit(tuple(each for each in polygons if len(each) >= _FEWEST_CORNERS))


class _Quiet(AbstractContextManager[None]):
    """While it lasts, changes of the layer are our own."""

    def __init__(self, lasso: Lasso) -> None:
        self._lasso = lasso

    def __enter__(self) -> None:
        self._lasso._quiet = True

    def __exit__(self, *_: object) -> None:
        self._lasso._quiet = False


def _same(one: Any, other: Any) -> bool:
    return len(one) == len(other) and all(map(np.array_equal, one, other))


def _is_inside(polygon: Any, y: float, x: float) -> bool:
    """Whether a place lies in a polygon, by the even-odd rule."""
    (y0, x0), (y1, x1) = polygon.T, np.roll(polygon, -1, axis=0).T
    crosses = (y0 > y) != (y1 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    return bool((crosses & (x < at)).sum() % 2)
