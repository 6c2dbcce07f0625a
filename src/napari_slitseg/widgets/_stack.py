"""Our layers among those of a viewer: made when needed, kept in order and in place."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary, ref

import numpy as np
from napari.layers import Image, Labels, Layer, Shapes, Vectors

from napari_slitseg.widgets import _adopt, _make
from napari_slitseg.widgets._adopt import Frame

if TYPE_CHECKING:
    from napari import Viewer

NOTHING = np.zeros((1, 1), np.float32)
"""Image of a layer that has none."""


class Stack:
    """Our layers by name, and the images of others that were taken in, by id.

    It holds neither the viewer nor its layers alive.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = ref(viewer)
        self._own: WeakValueDictionary[str, Layer] = WeakValueDictionary()
        self._extent: tuple[Frame, tuple[int, int]] | None = None
        self.adopted: WeakValueDictionary[int, Image] = WeakValueDictionary()
        self.frame = Frame()
        self.is_changing = False

    @property
    def viewer(self) -> Viewer:
        """The viewer; it outlives its layers."""
        viewer = self._viewer()
        if viewer is None:
            raise ReferenceError("The viewer was closed.")
        return viewer

    @contextmanager
    def changing(self) -> Generator[None, None, None]:
        """Mark changes in this block as our own: nobody need react to them."""
        before, self.is_changing = self.is_changing, True
        try:
            yield
        finally:
            self.is_changing = before

    def owns(self, layer: Layer) -> bool:
        """Whether a layer is one of ours."""
        return any(own is layer for own in self._own.values())

    def has(self, name: str) -> bool:
        """Whether our layer of that name was made."""
        return name in self._own

    def foreign(self) -> list[Layer]:
        """Layers that are not ours."""
        return [layer for layer in self.viewer.layers if not self.owns(layer)]

    def layer(self, name: str) -> Any:
        """Our layer of that name, made and put in its place if need be."""
        if name not in self._own:
            layer = self._own[name] = _make.make(name, self.frame)
            layers = self.viewer.layers
            active = layers.selection.active
            with self.changing():
                layers.insert(self._height(name), layer)
                layers.selection.active = active or layer
        return self._own[name]

    def forget(self, layer: Layer) -> str:
        """Name of a layer of ours that a person deleted, "" for another."""
        names = [name for name, own in self._own.items() if own is layer]
        for name in names:
            del self._own[name]
        return names[0] if names else ""

    def is_empty(self) -> bool:
        """Whether there is no layer of ours."""
        return not self._own

    def clear(self) -> None:
        """Take all data out of our layers; nobody can draw in them until there is an image."""
        for name, layer in list(self._own.items()):
            if isinstance(layer, Image):
                layer.data = NOTHING
                layer.name = name
            elif isinstance(layer, Labels):
                layer.data = NOTHING.astype(np.uint8)
            else:
                with layer.events.data.blocker():
                    layer.data = _none_of(layer)
                layer.editable = False

    def put_below(self, layer: Layer) -> None:
        """Move a foreign image below our layers."""
        layers = self.viewer.layers
        lowest = min((layers.index(own) for own in self._own.values()), default=len(layers))
        if layers.index(layer) > lowest:
            layers.move(layers.index(layer), lowest)

    def place(self, frame: Frame) -> None:
        """Put our layers somewhere without remembering it."""
        for layer in self._own.values():
            _make.place(layer, frame)

    def settle(self, shape: tuple[int, int] | None = None) -> None:
        """Put our layers where the frame says; show all of an image of another size or place."""
        self.place(self.frame)
        canvas = getattr(self.viewer, "canvas", None)  # since napari 0.9
        bar = self.viewer.scale_bar if canvas is None else canvas.overlays.scale_bar
        bar.visible = self.frame.units != _adopt.PIXEL
        before = self._extent
        if shape is None and before is None:
            return
        self._extent = (self.frame, shape or (before[1] if before else (0, 0)))
        if self._extent != before:
            self.viewer.reset_view()

    def _height(self, name: str) -> int:
        """Position in the list of layers: above the image and what belongs below."""
        below = _make.ORDER[: _make.ORDER.index(name)]
        layers = self.viewer.layers
        under = [layers.index(self._own[n]) for n in below if n in self._own]
        images = [layers.index(layer) for layer in self.adopted.values()]
        return max([*under, *images], default=-1) + 1


def _none_of(layer: Layer) -> Any:
    """Return the data of a layer of points, lines or shapes that has none."""
    if isinstance(layer, Shapes):
        return []
    return np.empty((0, 2, 2) if isinstance(layer, Vectors) else (0, 2))
