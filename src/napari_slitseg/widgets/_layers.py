"""Show the current image of the workspace as napari layers. The only place that touches layers."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakMethod, WeakValueDictionary, ref

import numpy as np
from napari.layers import Image, Layer, Points, Vectors

from napari_slitseg.core.image import ImageReadError, Micrograph, Normalisation
from napari_slitseg.widgets import _adopt, _make
from napari_slitseg.widgets._adopt import Frame
from napari_slitseg.widgets._entry import ImageEntry, Status
from napari_slitseg.widgets._style import MARK_NM
from napari_slitseg.widgets._workspace import Workspace

if TYPE_CHECKING:
    from napari import Viewer

_FINAL: Final = ("added", "removed", "changed")
_NOTHING: Final = np.zeros((1, 1), np.float32)


class Layers:
    """The layers of one viewer: made once, then given new data from image to image."""

    def __init__(self, viewer: Viewer, workspace: Workspace) -> None:
        self._viewer = ref(viewer)
        self._workspace = workspace
        self._own: WeakValueDictionary[str, Layer] = WeakValueDictionary()
        self._adopted: WeakValueDictionary[int, Image] = WeakValueDictionary()
        self._shown: tuple[object, ...] = ()
        self._drawn: dict[str, object] = {}
        self._click: WeakMethod[Callable[[float, float], None]] | None = None
        self._is_switching = False
        self._is_inserting = False
        self._frame = Frame()
        workspace.current_changed.connect(self._on_current)
        workspace.entry_changed.connect(self._on_entry)
        viewer.layers.events.inserting.connect(self._on_inserting)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.layers.selection.events.active.connect(self._on_active)
        viewer.dims.events.current_step.connect(self._on_step)

    @property
    def viewer(self) -> Viewer:
        """The viewer; it outlives its layers."""
        viewer = self._viewer()
        if viewer is None:
            raise ReferenceError("The viewer was closed.")
        return viewer

    # -- from the workspace to the layers

    def _on_current(self, key: int | None) -> None:
        if key is None:
            self._clear()
        else:
            self._show(self._workspace.entry(key))

    def _on_entry(self, key: int) -> None:
        current = self._workspace.current
        if current is not None and current.key == key:
            self._show(current)

    def _show(self, entry: ImageEntry) -> None:
        if entry.status is Status.WAITING or (entry.status is Status.FAILED and not entry.shape[0]):
            return
        self._is_switching = True
        try:
            place = (entry.key, entry.pixel_size_nm)
            if place != self._shown:
                self._show_image(entry)
                self._shown = place
            self._show_maps(entry)
            self._show_points(entry)
        except ImageReadError as error:
            self._workspace.set_status(entry.key, Status.FAILED, str(error))
        finally:
            self._is_switching = False

    def _show_image(self, entry: ImageEntry) -> None:
        before = (self._frame, entry.shape) if self._shown else None
        layer = self._adopted.get(entry.layer_slice[0]) if entry.layer_slice else None
        for other in self._adopted.values():
            other.visible = other is layer
        if layer is None:
            self._show_own_image(entry, self._workspace.image(entry.key))
        else:
            self._frame = _adopt.frame_of(layer)
            self._put_below(layer)
            if "image" in self._own:
                self._own["image"].visible = False
                self._own["image"].data = _NOTHING
        self._place_all()
        self._show_scale_bar()
        if before is None or self._extent != (self._frame, entry.shape):
            self.viewer.reset_view()
        self._extent = (self._frame, entry.shape)

    _extent: tuple[Frame, tuple[int, int]] | None = None

    def _show_own_image(self, entry: ImageEntry, image: Micrograph) -> None:
        foreign = [each for each in self.viewer.layers if each not in self._own.values()]
        self._frame = _adopt.frame_for(entry.pixel_size_nm, foreign)
        layer = self._layer("image")
        low, high = Normalisation(0.2, 99.8).range_of(image.pixels)
        layer.data = image.pixels
        layer.contrast_limits = (low, high if high > low else low + 1)
        layer.name = entry.name
        layer.visible = True

    def _show_maps(self, entry: ImageEntry) -> None:
        prediction = entry.prediction
        if prediction is None and "slit map" not in self._own:
            return
        for name, attribute in (("membrane map", "membrane"), ("slit map", "slit")):
            data = _NOTHING if prediction is None else getattr(prediction, attribute)
            if self._drawn.get(name) is not data:
                self._drawn[name] = data
                self._layer(name).data = data

    def _show_points(self, entry: ImageEntry) -> None:
        prediction = entry.prediction
        assumed = 10.0 if prediction is None else prediction.pixel_size_nm
        size = max(MARK_NM / (entry.pixel_size_nm or assumed), 0.01 * max(entry.shape))
        overlay = entry.overlay
        _make.draw_lines(self._layer("matched pairs"), overlay.lines, 0.07 * size)
        _make.draw_marks(self._layer("annotated slits"), overlay.annotations, size)
        _make.draw_marks(self._layer("detected slits"), overlay.detections, size)

    def _clear(self) -> None:
        self._shown = ()
        for name, layer in self._own.items():
            if name in ("image", "membrane map", "slit map"):
                self._drawn.pop(name, None)
                layer.data = _NOTHING
            else:
                with layer.events.data.blocker():
                    layer.data = np.empty((0, 2, 2) if isinstance(layer, Vectors) else (0, 2))

    def _layer(self, name: str) -> Any:
        """Our layer of that name, made and put in its place in the stack if need be."""
        if name not in self._own:
            layer = _make.make(name, self._frame)
            if isinstance(layer, Points) and name == "annotated slits":
                layer.events.data.connect(self._on_points)
            self._own[name] = layer
            layers = self.viewer.layers
            active = layers.selection.active
            self._is_inserting = True
            layers.insert(self._height(name), layer)
            self._is_inserting = False
            layers.selection.active = active or layer
        return self._own[name]

    def _height(self, name: str) -> int:
        """Position in the list of layers: above the image and what belongs below."""
        below = _make.ORDER[: _make.ORDER.index(name)]
        layers = self.viewer.layers
        under = [layers.index(self._own[n]) for n in below if n in self._own]
        images = [layers.index(layer) for layer in self._adopted.values()]
        return max([*under, *images], default=-1) + 1

    def _put_below(self, layer: Layer) -> None:
        """Move a foreign image below our layers."""
        layers = self.viewer.layers
        lowest = min((layers.index(own) for own in self._own.values()), default=len(layers))
        if layers.index(layer) > lowest:
            layers.move(layers.index(layer), lowest)

    def _place_all(self) -> None:
        for layer in self._own.values():
            _make.place(layer, self._frame)

    def _show_scale_bar(self) -> None:
        canvas = getattr(self.viewer, "canvas", None)
        bar = self.viewer.scale_bar if canvas is None else canvas.overlays.scale_bar
        bar.visible = self._frame.units != _adopt.PIXEL

    # -- from the layers to the workspace

    def _on_points(self, event: Any) -> None:
        current = self._workspace.current
        if current is None or str(event.action) not in _FINAL:
            return
        layer = event.source
        ids = layer.features["id"].fillna(-1).to_numpy(np.int64, copy=True)
        if str(event.action) == "added":
            ids[list(event.data_indices)] = -1
        self._workspace.edit_annotation(current.key, ids, np.array(layer.data, np.float64))

    def adopt_all(self) -> None:
        """Take in images that were in the viewer before."""
        for layer in list(self.viewer.layers):
            self._adopt_layer(layer)

    def _on_inserting(self) -> None:
        """Be in pixels, as most layers are, while another comes: napari warns if units differ."""
        if not self._is_inserting:
            for layer in self._own.values():
                _make.place(layer, Frame())

    def _on_inserted(self, event: Any) -> None:
        layer = event.value
        if layer in self._own.values() or self._is_inserting:
            return
        if type(layer) is not Image and _adopt.frame_of(layer).units == _adopt.PIXEL:
            self._frame = Frame()
        self._adopt_layer(layer)
        self._place_all()
        if self._extent is not None and self._extent[0] != self._frame:
            self._extent = (self._frame, self._extent[1])
            self._show_scale_bar()
            self.viewer.reset_view()

    def _adopt_layer(self, layer: Layer) -> None:
        """Take in an image, or the annotated points that came with one."""
        if isinstance(layer, Points) and "slitseg_annotates" in layer.metadata:
            self._adopt_points(layer)
        elif type(layer) is Image and layer.ndim >= 2 and id(layer) not in self._adopted:
            self._adopted[id(layer)] = layer
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
        where = (id(layer), *_adopt.slice_of(layer, self.viewer.dims.current_step))
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

    def _on_removed(self, event: Any) -> None:
        layer = event.value
        for name in [name for name, own in self._own.items() if own is layer]:
            del self._own[name]
            self._drawn.pop(name, None)
        if self._adopted.pop(id(layer), None) is not None or not self._own:
            self._shown = ()

    def _on_active(self, event: Any) -> None:
        layer = event.value
        if not self._is_switching and layer is not None and id(layer) in self._adopted:
            self._open_slice(layer)

    def _on_step(self) -> None:
        current = self._workspace.current
        if current is not None and len(current.layer_slice) > 1 and not self._is_switching:
            layer = self._adopted.get(current.layer_slice[0])
            if layer is not None:
                self._open_slice(layer)

    # -- clicks

    def on_click(self, callback: Callable[[float, float], None] | None) -> None:
        """Call a method with row and column of clicks on the image; None ends it."""
        callbacks = self.viewer.mouse_drag_callbacks
        if self._click is not None:
            callbacks.remove(self._on_mouse)
        self._click = None if callback is None else WeakMethod(callback)
        if callback is not None:
            callbacks.append(self._on_mouse)

    def _on_mouse(self, _viewer: Viewer, event: Any) -> Generator[None, None, None]:
        yield
        dragged = False
        while event.type == "mouse_move":
            dragged = True
            yield
        callback = None if self._click is None else self._click()
        if callback is not None and not dragged:
            callback(*self._frame.to_pixels(event.position))


def _is_blank_slice(entry: ImageEntry, where: tuple[int, ...]) -> bool:
    """Whether an entry is another slice of the same stack about which nothing is known."""
    same_stack = len(where) > 1 and entry.layer_slice[:1] == where[:1]
    return same_stack and entry.annotation is None and entry.prediction is None
