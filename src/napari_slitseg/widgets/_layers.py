"""Show the current image of the workspace as napari layers. Only here are layers filled."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_slitseg.core.image import ImageReadError, Micrograph, Normalisation
from napari_slitseg.core.review import EditConflict
from napari_slitseg.widgets import _adopt
from napari_slitseg.widgets._adoption import Adoption
from napari_slitseg.widgets._clicks import Clicks
from napari_slitseg.widgets._entry import ImageEntry, Status
from napari_slitseg.widgets._paint import Painter
from napari_slitseg.widgets._stack import NOTHING, Stack
from napari_slitseg.widgets._style import MARK_NM
from napari_slitseg.widgets._workspace import Workspace

if TYPE_CHECKING:
    from napari import Viewer

_FINAL: Final = ("added", "removed", "changed")
_MAPS: Final = (("membrane map", "membrane"), ("slit map", "slit"))


class Layers:
    """The layers of one viewer: made once, then given new data from image to image."""

    def __init__(self, viewer: Viewer, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stack = Stack(viewer)
        self._painter = Painter()
        self._shown: tuple[object, ...] = ()
        self._unreadable: tuple[object, ...] = ()
        self._lost: set[int] = set()
        self._points_of: int | None = None
        self._drawn: dict[str, object] = {}
        self.clicks = Clicks(self._stack)
        workspace.current_changed.connect(self._on_current)
        workspace.entry_changed.connect(self._on_entry)
        self.adoption = Adoption(self._stack, workspace)
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def stack(self) -> Stack:
        """Our layers by name, for docks that draw in one of them."""
        return self._stack

    def quietly(self) -> AbstractContextManager[None]:
        """Mark layers that come and go in this block as none of a person's."""
        return self._stack.changing()

    def _on_current(self, key: int | None) -> None:
        self._unreadable = ()
        if key is None:
            self._show_nothing()
        else:
            self._show(self._workspace.entry(key))

    def _on_entry(self, key: int) -> None:
        current = self._workspace.current
        if current is not None and current.key == key:
            self._show(current)

    def _on_removed(self, event: Any) -> None:
        """Whatever a person deleted, the next change brings back: the workspace has it all."""
        name = self._stack.forget(event.value)
        self._drawn.pop(name, None)
        if name == "image" or self._stack.is_empty() or self.adoption.let_go(event.value):
            self._shown = ()

    def _show(self, entry: ImageEntry) -> None:
        place = (entry.key, entry.pixel_size_nm, entry.layer_slice)
        if not entry.shape[0] or (place == self._unreadable and entry.status is Status.FAILED):
            self._show_nothing(entry)
            return
        try:
            with self._stack.changing():
                if is_new := place != self._shown:
                    self._show_image(entry)
                    self._shown = place
                self._show_maps(entry)
                self._show_points(entry)
                if is_new:
                    self._stack.settle(entry.shape)
        except ImageReadError as error:
            self._unreadable = place
            self._lost.add(entry.key)
            self._workspace.set_status(entry.key, Status.FAILED, str(error))
            return
        if entry.key in self._lost:
            self._lost.discard(entry.key)
            found = entry.prediction is not None
            self._workspace.set_status(entry.key, Status.PREDICTED if found else Status.READY)

    def _show_nothing(self, entry: ImageEntry | None = None) -> None:
        """Empty our layers, and say why where an image has none."""
        self._shown, self._points_of = (), None
        self._drawn.clear()
        with self._stack.changing():
            self._stack.clear()
            if entry is not None:
                for other in self._stack.adopted.values():
                    other.visible = False
                self._stack.viewer.status = f"{entry.name}: {entry.message or entry.status.value}"

    def _show_image(self, entry: ImageEntry) -> None:
        stack = self._stack
        layer = stack.adopted.get(entry.layer_slice[0]) if entry.layer_slice else None
        for other in stack.adopted.values():
            other.visible = other is layer
        if layer is None:
            self._show_own_image(entry, self._workspace.image(entry.key))
        else:
            stack.frame = _adopt.frame_of(layer)
            stack.put_below(layer)
            if stack.has("image"):
                stack.layer("image").visible = False
                stack.layer("image").data = NOTHING

    def _show_own_image(self, entry: ImageEntry, image: Micrograph) -> None:
        self._stack.frame = _adopt.frame_for(entry.pixel_size_nm, self._stack.foreign())
        layer = self._stack.layer("image")
        low, high = Normalisation(0.2, 99.8).range_of(image.pixels)
        layer.data = image.pixels
        layer.contrast_limits = (low, high if high > low else low + 1)
        layer.name = entry.name
        layer.visible = True

    def _show_maps(self, entry: ImageEntry) -> None:
        prediction = entry.prediction
        if prediction is None and not self._stack.has("slit map"):
            return
        for name, attribute in _MAPS:
            data = NOTHING if prediction is None else getattr(prediction, attribute)
            if self._drawn.get(name) is not data:
                self._drawn[name] = data
                self._stack.layer(name).data = data

    def _show_points(self, entry: ImageEntry) -> None:
        prediction = entry.prediction
        assumed = 10.0 if prediction is None else prediction.pixel_size_nm
        size = max(MARK_NM / (entry.pixel_size_nm or assumed), 0.01 * max(entry.shape))
        overlay = entry.overlay
        if not self._stack.has("annotated slits"):
            self._stack.layer("annotated slits").events.data.connect(self._on_points)
        self._stack.layer("annotated slits").editable = True
        self._points_of = entry.key
        paint = self._painter
        paint.marks(self._stack.layer("annotated slits"), overlay.annotations, size)
        paint.marks(self._stack.layer("detected slits"), overlay.detections, size)
        paint.lines(self._stack.layer("matched pairs"), overlay.lines, 0.07 * size)

    def _on_points(self, event: Any) -> None:
        """Take over what a person did to the annotated points."""
        current = self._workspace.current
        if current is None or current.key != self._points_of or str(event.action) not in _FINAL:
            return
        layer = event.source
        ids = layer.features["id"].fillna(-1).to_numpy(np.int64, copy=True)
        if str(event.action) == "added":
            ids[list(event.data_indices)] = -1
        try:
            self._workspace.edit_annotation(current.key, ids, np.array(layer.data, np.float64))
        except EditConflict as conflict:
            self._stack.viewer.status = str(conflict)
            self._show(current)
