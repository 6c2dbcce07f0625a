"""Clicks on the image that are meant for a review."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod

from napari_slitseg.widgets._review_look import Look

if TYPE_CHECKING:
    from napari import Viewer

Listener = Callable[[float, float], None]


class Mouse:
    """Tells a method of each click that is no drag, unless a tool of napari's is in use.

    Attributes
    ----------
    always : bool
        Tell it also while a layer has a tool of its own in use.
    """

    def __init__(self, look: Look, listener: Listener) -> None:
        self._look = look
        self._listener = WeakMethod(listener)
        self.always = False

    def begin(self) -> None:
        """Listen from now on."""
        if self._on_mouse not in self._look.viewer.mouse_drag_callbacks:
            self._look.viewer.mouse_drag_callbacks.append(self._on_mouse)

    def end(self) -> None:
        """Listen no more."""
        if self._look.is_gone:
            return
        callbacks = self._look.viewer.mouse_drag_callbacks
        if self._on_mouse in callbacks:
            callbacks.remove(self._on_mouse)

    def _on_mouse(self, viewer: Viewer, event: Any) -> Generator[None, None, None]:
        dragged = False
        yield
        while event.type == "mouse_move":
            dragged = True
            yield
        listener = self._listener()
        if listener is not None and not dragged and (self.always or not _has_tool(viewer)):
            listener(*self._look.to_pixels(event.position))


def _has_tool(viewer: Viewer) -> bool:
    """Whether clicks paint, draw or select in the selected layer."""
    mode = str(getattr(viewer.layers.selection.active, "mode", "pan_zoom"))
    return mode != "pan_zoom"
