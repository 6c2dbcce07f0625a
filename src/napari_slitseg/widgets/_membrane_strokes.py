"""When a person has changed the stripe's layer with one of napari's tools, and where."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from napari.layers import Labels

from napari_slitseg.core.membrane import Box
from napari_slitseg.widgets._membrane_make import box_of


class Strokes:
    """Tells of every stroke when it ends.

    Parameters
    ----------
    take : callable
        Called with the box of a stroke; whether it found anything changed there.
    redraw : callable
        Called where the layer must be drawn again: the end of a stroke that was cut short.
    """

    def __init__(self, take: Callable[[Box], bool], redraw: Callable[[], None]) -> None:
        self._take = take
        self._redraw = redraw
        self._announced: Box | None = None
        self._is_quiet = self._is_pressed = self._is_cut_short = False

    def watch(self, layer: Labels) -> None:
        """Watch a layer for as long as it lives."""
        layer.events.paint.connect(self._on_paint)
        layer.events.labels_update.connect(self._on_update)
        layer.mouse_drag_callbacks.append(self._on_press)

    @contextmanager
    def quietly(self) -> Generator[None, None, None]:
        """Mark changes in this block as our own."""
        before, self._is_quiet = self._is_quiet, True
        try:
            yield
        finally:
            self._is_quiet = before

    def forget(self) -> None:
        """Expect nothing of what was announced: the layer has other data now."""
        self._announced = None

    def cut_short(self) -> None:
        """Drop the rest of a stroke that is being painted now, if any."""
        self._is_cut_short = self._is_pressed

    def _on_press(self, _layer: Labels, event: Any) -> Generator[None, None, None]:
        self._is_pressed, self._is_cut_short, self._announced = True, False, None
        yield
        while event.type == "mouse_move":
            yield
        self._is_pressed = False

    def _on_paint(self, event: Any) -> None:
        """Take a stroke that ended; napari tells of some tools before the pixels change."""
        if self._is_quiet:
            return
        if self._is_cut_short:
            self._is_cut_short = False
            self._redraw()
            return
        self._announced = box_of(event.value, event.source.data.shape)
        self._on_update()

    def _on_update(self) -> None:
        if not self._is_quiet and self._announced is not None and self._take(self._announced):
            self._announced = None
