"""Show the stripe of the current image as a layer that can be painted on."""

from __future__ import annotations

from typing import Any, Final
from weakref import ref

import numpy as np
from napari.layers import Layer
from numpy.typing import NDArray
from psygnal import Signal

from napari_slitseg.core.membrane import Box
from napari_slitseg.core.membrane_edits import repaint
from napari_slitseg.core.review import Edit, EditConflict, Record, Signature
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._membrane_file import MembraneFiles
from napari_slitseg.widgets._membrane_make import NO_STRIPE, STRIPE, as_labels
from napari_slitseg.widgets._membrane_strokes import Strokes
from napari_slitseg.widgets._stack import Stack
from napari_slitseg.widgets._workspace import Workspace

TOOLS: Final = ("paint", "erase", "fill", "polygon")
"""Modes of the layer in which a person changes it."""

_ALL_AGAIN: Final = 0.25


class MembraneLayer:
    """The stripe of the current image; what a person paints becomes edits.

    Every stroke is one edit when it ends, so it is undone where all edits are. napari's own undo
    of the layer does the same: its keys are bound to the workspace.

    Signals: `changed()` when another stripe or tool is there, `leaving(key)` before another image
    is shown, `failed(text)` with words for the person.
    """

    changed = Signal()
    leaving = Signal(int)
    failed = Signal(str)

    def __init__(self, stack: Stack, workspace: Workspace) -> None:
        self._stack = stack
        self._workspace = workspace
        self.files = MembraneFiles(workspace)
        self._key: int | None = None
        self._shown: NDArray[np.bool_] | None = None
        self._boxes: list[Box] = []
        self._watched: ref[Any] | None = None
        self._strokes = Strokes(self._on_stroke, self._show_all)
        workspace.recorded.connect(self._on_recorded)
        workspace.current_changed.connect(self._on_current)
        workspace.entry_changed.connect(self._on_entry)

    @property
    def key(self) -> int | None:
        """The image whose stripe is shown; None where there is no image."""
        return self._key

    @property
    def tool(self) -> str:
        """The mode in which the stripe is painted on, "" for none."""
        layer = self._made()
        return str(layer.mode) if layer is not None and str(layer.mode) in TOOLS else ""

    @property
    def is_visible(self) -> bool:
        """Whether the stripe may be seen."""
        layer = self._made()
        return layer is None or bool(layer.visible)

    def set_visible(self, *, visible: bool) -> None:
        """Show or hide the stripe."""
        layer = self._made()
        if layer is not None:
            layer.visible = visible
            self.changed.emit()

    def begin(self, tool: str, brush_px: float) -> None:
        """Let a person paint on the stripe with one of napari's tools."""
        if self._key is not None:
            layer = self._layer()
            layer.visible = True
            layer.selected_label = 1
            self.set_brush(brush_px)
            self._stack.viewer.layers.selection.active = layer
            layer.mode = tool

    def set_brush(self, diameter_px: float) -> None:
        """Change the size of the brush, px of the image."""
        if (layer := self._made()) is not None:
            layer.brush_size = max(1, round(diameter_px))

    def end(self) -> None:
        """Let the mouse move the view again."""
        layer = self._made()
        if layer is not None:
            layer.mode = "pan_zoom"

    def apply(self, key: int, edit: Edit) -> bool:
        """Do an edit; whether it worked. If not, the stripe is shown as it was."""
        try:
            self._workspace.apply(key, edit)
        except EditConflict as error:
            self._show_all()
            self.failed.emit(str(error))
            return False
        return True

    def undo(self, *_: Any) -> None:
        """Take back the last edit of the image."""
        if self._key is not None:
            self._workspace.undo(self._key)

    def redo(self, *_: Any) -> None:
        """Do again what was taken back last."""
        if self._key is not None:
            self._workspace.redo(self._key)

    # -- the workspace has news

    def _on_recorded(self, key: int, record: Record) -> None:
        edit = record.edit
        if key == self._key and edit is not None and edit.stripe is not None:
            (top, left), (height, width) = edit.stripe.corner, edit.stripe.flipped.shape
            self._boxes.append((slice(top, top + height), slice(left, left + width)))

    def _on_current(self, _key: int | None) -> None:
        self._show()

    def _on_entry(self, key: int) -> None:
        current = self._workspace.current
        if current is not None and current.key == key:
            self._show()

    def _show(self) -> None:
        current = self._workspace.current
        key = None if current is None or not current.shape[0] else current.key
        if key != self._key:
            self._leave()
            self._key = key
            if key is not None:
                self.files.open(key)
            self._show_all()
        elif current is not None and key is not None and self._is_behind(current):
            self._show_changes(current)

    def _is_behind(self, entry: ImageEntry) -> bool:
        """Whether another stripe is to be shown, or a person deleted the layer it was in."""
        stripe = entry.membrane
        return stripe is not self._shown or (stripe is not None and not self._stack.has(STRIPE))

    def _show_changes(self, entry: ImageEntry) -> None:
        boxes, self._boxes = self._boxes, []
        area = sum((rows.stop - rows.start) * (cols.stop - cols.start) for rows, cols in boxes)
        is_small = area <= _ALL_AGAIN * entry.shape[0] * entry.shape[1]
        layer = self._made()
        if boxes and is_small and layer is not None and layer.data.shape == entry.shape:
            self._shown = entry.membrane
            for box in boxes:
                self._show_box(layer, box)
            self.changed.emit()
        else:
            self._show_all()

    def _show_box(self, layer: Any, box: Box) -> None:
        has = layer.data[box] > 0
        wanted = np.zeros(has.shape, np.bool_) if self._shown is None else self._shown[box]
        with self._strokes.quietly():
            for value in (0, 1):
                rows, columns = np.nonzero((has != wanted) & (wanted == value))
                if len(rows):
                    layer.data_setitem((rows + box[0].start, columns + box[1].start), value)

    def _show_all(self) -> None:
        """Give the layer the whole stripe; it is made when there is one, or when one is painted."""
        self._boxes.clear()
        self._strokes.forget()
        entry = None if self._key is None else self._workspace.entry(self._key)
        self._shown = stripe = None if entry is None else entry.membrane
        if entry is not None and (stripe is not None or self.tool):
            data = as_labels(stripe, entry.shape)
            with self._strokes.quietly():
                self._layer_itself().data = data
        elif (layer := self._made()) is not None:
            with self._strokes.quietly():
                layer.data = NO_STRIPE.copy()
        self.changed.emit()

    # -- the layer

    def _made(self) -> Any:
        return self._stack.layer(STRIPE) if self._stack.has(STRIPE) else None

    def _layer(self) -> Any:
        """Our layer, with room to paint on."""
        layer = self._layer_itself()
        if self._key is not None and layer.data.shape != self._workspace.entry(self._key).shape:
            with self._strokes.quietly():
                layer.data = as_labels(self._shown, self._workspace.entry(self._key).shape)
        return layer

    def _layer_itself(self) -> Any:
        layer: Layer = self._stack.layer(STRIPE)
        if self._watched is None or self._watched() is not layer:
            self._watched = ref(layer)
            self._strokes.watch(layer)
            layer.events.mode.connect(self._on_mode)
            layer.events.visible.connect(self._on_visible)
            layer.bind_key("Control-Z", self.undo, overwrite=True)
            layer.bind_key("Control-Shift-Z", self.redo, overwrite=True)
        return layer

    # -- a person paints

    def _on_mode(self) -> None:
        if self.tool:
            self._layer()
        self.changed.emit()

    def _on_visible(self) -> None:
        self.changed.emit()

    def _on_stroke(self, box: Box) -> bool:
        """Make an edit of what the layer shows otherwise than the annotation; whether it does."""
        key, layer = self._key, self._made()
        entry = None if key is None else self._workspace.entry(key)
        if key is None or entry is None or layer is None or layer.data.shape != entry.shape:
            return False
        kind = "erase membrane" if str(layer.mode) == "erase" else "paint membrane"
        by = Signature.now(self._workspace.editor)
        after = np.asarray(layer.data[box] > 0)
        edit = repaint(kind, entry.shape, box, entry.membrane, after, by)
        self.apply(key, edit)
        return not edit.is_empty

    def _leave(self) -> None:
        """Keep what was painted on the image that goes, even in the middle of a stroke."""
        key = self._key
        if key is None:
            return
        self.leaving.emit(key)
        if self.tool and self._workspace.has(key):
            rows, columns = self._workspace.entry(key).shape
            self._on_stroke((slice(0, rows), slice(0, columns)))
        self._strokes.cut_short()
        self.files.close(key)
