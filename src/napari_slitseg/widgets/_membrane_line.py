"""Draw the centre line of the membrane: a click a corner."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from psygnal import Signal

from napari_slitseg.core.membrane import Line, smooth_path
from napari_slitseg.widgets._membrane_make import LINE, segments_of
from napari_slitseg.widgets._stack import Stack

if TYPE_CHECKING:
    from napari import Viewer

_STILL_PX: Final = 4


class LineTool:
    """Collects the corners of a line from clicks on the canvas, and shows how it will be.

    A drag moves the view as ever. A double click or Enter finishes the line, Escape drops it,
    Backspace takes the last corner back.

    Signals: `finished(line)` with the line (K, 2) px, and `changed()`.

    Attributes
    ----------
    width_px : float
        How wide the line is shown.
    is_smooth : bool
        Whether a curve goes through the corners, or straight lines.
    """

    finished = Signal(object)
    changed = Signal()

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._corners: list[tuple[float, float]] = []
        self._zooming: list[Callable[..., Any]] = []
        self.is_on = False
        self.width_px = 1.0
        self.is_smooth = True

    @property
    def line(self) -> Line:
        """The line so far, (K, 2) px."""
        return self._path(self._corners)

    def start(self) -> None:
        """Take clicks on the canvas as corners."""
        self._show(self.line)
        self._stack.layer(LINE).visible = True
        self._stack.viewer.layers.selection.active = self._layer()
        if not self.is_on:
            viewer = self._stack.viewer
            viewer.mouse_drag_callbacks.append(self._on_press)
            viewer.mouse_move_callbacks.append(self._on_move)
            self._zooming = list(viewer.mouse_double_click_callbacks)
            viewer.mouse_double_click_callbacks[:] = [self._on_double_click]
            self.is_on = True
            self.changed.emit()

    def stop(self) -> None:
        """Finish the line and take no more clicks."""
        self.finish()
        if self.is_on:
            viewer = self._stack.viewer
            viewer.mouse_drag_callbacks.remove(self._on_press)
            viewer.mouse_move_callbacks.remove(self._on_move)
            viewer.mouse_double_click_callbacks[:] = self._zooming
            self._layer().visible = False
            self.is_on = False
            self.changed.emit()

    def finish(self, *_: Any) -> None:
        """Hand over the line; one of a single corner is dropped."""
        line = self.line
        self.cancel()
        if len(line) > 1:
            self.finished.emit(line)

    def cancel(self, *_: Any) -> None:
        """Drop the line so far."""
        self._corners.clear()
        self._redraw()

    def take_back(self, *_: Any) -> None:
        """Drop the last corner."""
        del self._corners[-1:]
        self._redraw()

    def redraw(self) -> None:
        """Show the line as it is set now."""
        if self.is_on:
            self._redraw()

    def _redraw(self) -> None:
        if self._stack.has(LINE):
            self._show(self.line)
        self.changed.emit()

    def _show(self, line: Line) -> None:
        layer = self._layer()
        with layer.events.blocker_all():
            layer.data = segments_of(line)
            layer.edge_width = self.width_px
        layer.refresh()

    def _layer(self) -> Any:
        """Our layer, listening to keys; they mean napari's own where another layer is active."""
        is_new = not self._stack.has(LINE)
        layer = self._stack.layer(LINE)
        if is_new:
            for key, slot in _KEYS.items():
                layer.bind_key(key, getattr(self, slot), overwrite=True)
        return layer

    def _path(self, corners: list[tuple[float, float]]) -> Line:
        yx = np.array(corners, np.float64).reshape(-1, 2)
        return smooth_path(yx) if self.is_smooth else yx

    def _on_press(self, _viewer: Viewer, event: Any) -> Generator[None, None, None]:
        if event.button != 1:
            return
        start = np.array(event.pos)
        yield
        still = True
        while event.type == "mouse_move":
            still = still and bool(np.abs(np.array(event.pos) - start).max() <= _STILL_PX)
            yield
        if still and self.is_on:
            self._corners.append(self._stack.frame.to_pixels(event.position))
            self._redraw()

    def _on_move(self, _viewer: Viewer, event: Any) -> None:
        if self._corners:
            here = self._stack.frame.to_pixels(event.position)
            self._show(self._path([*self._corners, here]))

    def _on_double_click(self, _viewer: Viewer, _event: Any) -> None:
        self.finish()


_KEYS: Final = {"Enter": "finish", "Escape": "cancel", "Backspace": "take_back"}
