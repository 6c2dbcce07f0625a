"""Tell where a person clicks on the image."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod

from napari_slitseg.widgets._stack import Stack

if TYPE_CHECKING:
    from napari import Viewer

Listener = Callable[[float, float], None]


class Clicks:
    """Calls one listener with row and column of each click that is no drag."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._listener: WeakMethod[Listener] | None = None

    def listen(self, listener: Listener | None) -> None:
        """Call a method, for as long as its object lives; None ends it."""
        callbacks = self._stack.viewer.mouse_drag_callbacks
        if self._listener is not None:
            callbacks.remove(self._on_mouse)
        self._listener = None if listener is None else WeakMethod(listener)
        if listener is not None:
            callbacks.append(self._on_mouse)

    def _on_mouse(self, _viewer: Viewer, event: Any) -> Generator[None, None, None]:
        yield
        dragged = False
        while event.type == "mouse_move":
            dragged = True
            yield
        listener = None if self._listener is None else self._listener()
        if listener is not None and not dragged:
            listener(*self._stack.frame.to_pixels(event.position))
