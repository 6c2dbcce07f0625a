"""Take in images that a person opened in napari itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Image, Layer, Points

from napari_slitseg.core.image import ImageReadError
from napari_slitseg.widgets import _adopt
from napari_slitseg.widgets._adopt import Frame
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._stack import Stack
from napari_slitseg.widgets._workspace import Workspace


class Adoption:
    """Watches a viewer for images, slices and annotations that did not come from us."""

    def __init__(self, stack: Stack, workspace: Workspace) -> None:
        self._stack = stack
        self._workspace = workspace
        viewer = stack.viewer
        viewer.layers.events.inserting.connect(self._on_inserting)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.selection.events.active.connect(self._on_active)
        viewer.dims.events.current_step.connect(self._on_step)

    def adopt_all(self) -> None:
        """Take in what was in the viewer before."""
        for layer in self._stack.foreign():
            self._adopt(layer)

    def let_go(self, layer: Layer) -> bool:
        """Whether a layer that was removed was taken in; the workspace keeps its image."""
        if self._stack.adopted.pop(id(layer), None) is None:
            return False
        for entry in self._workspace.entries:
            if entry.layer_slice[:1] == (id(layer),):
                self._workspace.update(entry.key, layer_slice=())
        return True

    def _on_inserting(self) -> None:
        """Be in pixels, as most layers are, while another comes: napari warns if units differ."""
        if not self._stack.is_changing:
            self._stack.place(Frame())

    def _on_inserted(self, event: Any) -> None:
        layer = event.value
        if self._stack.is_changing:
            return
        if type(layer) is not Image and _adopt.frame_of(layer).units == _adopt.PIXEL:
            self._stack.frame = Frame()
        self._adopt(layer)
        self._stack.settle()

    def _adopt(self, layer: Layer) -> None:
        """Take in an image, or the annotated points that came with one."""
        if isinstance(layer, Points) and "slitseg_annotates" in layer.metadata:
            self._adopt_points(layer)
        elif type(layer) is Image and layer.ndim >= 2 and id(layer) not in self._stack.adopted:
            self._stack.adopted[id(layer)] = layer
            self._open_slice(layer)

    def _adopt_points(self, layer: Points) -> None:
        entry = self._workspace.find(name=layer.metadata["slitseg_annotates"], annotation=None)
        if entry is not None:
            layer.visible = False
            yx = np.array(layer.data, np.float64)
            self._workspace.edit_annotation(entry.key, np.full(len(yx), -1), yx)
            self._workspace.update(entry.key, edited=False)

    def _open_slice(self, layer: Image) -> None:
        """Make the slice that is shown of a layer current; listed anew unless it is already."""
        where = (id(layer), *_adopt.slice_of(layer, self._stack.viewer.dims.current_step))
        entry = self._workspace.find(layer_slice=where)
        try:
            key = self._add_slice(layer, where) if entry is None else entry.key
        except ImageReadError:
            return
        self._workspace.open(key)

    def _add_slice(self, layer: Image, where: tuple[int, ...]) -> int:
        image = _adopt.micrograph_of(layer, where[1:])
        current = self._workspace.current
        found = {} if where[1:] else _adopt.annotation_of(layer)
        key = self._workspace.add_image(image, layer_slice=where, **found)
        if current is not None and _is_blank_slice(current, where):
            self._workspace.open(key)
            self._workspace.remove(current.key)
        return key

    def _on_active(self, event: Any) -> None:
        layer = event.value
        if layer is not None and id(layer) in self._stack.adopted and not self._stack.is_changing:
            self._open_slice(layer)

    def _on_step(self) -> None:
        current = self._workspace.current
        if current is None or len(current.layer_slice) < 2 or self._stack.is_changing:
            return
        layer = self._stack.adopted.get(current.layer_slice[0])
        if layer is not None:
            self._open_slice(layer)


def _is_blank_slice(entry: ImageEntry, where: tuple[int, ...]) -> bool:
    """Whether an entry is another slice of the same stack about which nothing is known."""
    same_stack = len(where) > 1 and entry.layer_slice[:1] == where[:1]
    return same_stack and entry.annotation is None and entry.prediction is None
