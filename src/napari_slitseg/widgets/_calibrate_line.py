"""A scale bar over the image, as a line whose ends can be dragged."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final
from weakref import ref

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_slitseg.widgets._calibrate_make import BAR
from napari_slitseg.widgets._stack import Stack

_DRAW: Final = "add_line"
_DRAG: Final = "direct"
_SHARE: Final = 0.004


class BarLine:
    """One line over the current image: drawn, dragged, measured.

    Signals: `changed()` when it is another line, or none; `drawn()` when a person drew one.
    """

    changed = Signal()
    drawn = Signal()

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._watched: ref[Any] | None = None
        self._quiet = False
        self._last: NDArray[np.float64] | None = None

    @property
    def ends(self) -> NDArray[np.float64] | None:
        """Both ends (2, 2), (y, x) px; None where there is no line."""
        lines = self._lines()
        return lines[-1] if lines else None

    def draw(self, width_px: float) -> None:
        """Let the mouse draw a line, in place of the one that is there."""
        layer = self._active(width_px)
        layer.mode = _DRAW

    def show(self, ends: NDArray[np.float64], width_px: float) -> None:
        """Show a line (2, 2) px whose ends can be dragged."""
        layer = self._active(width_px)
        with self._quietly():
            layer.data = []
            layer.add(np.asarray(ends, np.float64), shape_type="line", edge_width=width_px)
        _let_drag(layer)
        self._last = self.ends
        self.changed.emit()

    def remove(self) -> None:
        """Take the line and its layer off the image."""
        if self._stack.has(BAR):
            with self._stack.changing(), self._quietly():
                layers = self._stack.viewer.layers
                layer = self._stack.layer(BAR)
                if layer in layers:
                    layers.remove(layer)
            self.changed.emit()

    def _active(self, width_px: float) -> Any:
        layer = self._stack.layer(BAR)
        if self._watched is None or self._watched() is not layer:
            self._watched = ref(layer)
            layer.events.data.connect(self._on_data)
            layer.events.set_data.connect(self._on_drag)
        layer.visible = layer.editable = True
        layer.current_edge_width = width_px
        self._stack.viewer.layers.selection.active = layer
        return layer

    def _lines(self) -> list[NDArray[np.float64]]:
        if not self._stack.has(BAR):
            return []
        data = self._stack.layer(BAR).data
        return [np.array(each, np.float64)[:, -2:] for each in data if len(each) == 2]

    def _on_data(self, event: Any) -> None:
        """Keep the line that was drawn last, and let its ends be dragged."""
        if self._quiet or str(event.action) not in ("added", "removed", "changed"):
            return
        layer = event.source
        if str(event.action) == "added":
            with self._quietly():
                layer.selected_data = set(range(len(layer.data) - 1))
                layer.remove_selected()
            _let_drag(layer)
        self.changed.emit()
        if str(event.action) == "added":
            self.drawn.emit()

    def _on_drag(self) -> None:
        """Follow the mouse; the layer tells of changes of its place in the same way."""
        ends = self.ends
        is_as_before = ends is self._last or (
            ends is not None and self._last is not None and np.array_equal(ends, self._last)
        )
        if not self._quiet and not is_as_before:
            self._last = ends
            self.changed.emit()

    @contextmanager
    def _quietly(self) -> Generator[None]:
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before


def _let_drag(layer: Any) -> None:
    """Show the ends of the only line, to be dragged."""
    layer.mode = _DRAG
    layer.selected_data = {len(layer.data) - 1}


def line_width_px(shape: tuple[int, int]) -> float:
    """Return how wide the line is drawn over an image, px."""
    return max(1.0, _SHARE * max(shape))
