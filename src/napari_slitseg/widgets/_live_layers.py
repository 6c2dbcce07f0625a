"""The prediction of a validation image while a run trains, as layers of the viewer."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary, ref

import numpy as np
import tifffile
from napari.layers import Image, Points
from numpy.typing import NDArray

from napari_slitseg.core.image import Micrograph, Normalisation
from napari_slitseg.core.points import find_annotation, read_points
from napari_slitseg.events import Preview
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.inputs import ImageReader
from napari_slitseg.widgets import _adopt, _make
from napari_slitseg.widgets._overlay import Overlay, compare
from napari_slitseg.widgets._paint import Painter
from napari_slitseg.widgets._session import Session
from napari_slitseg.widgets._style import MARK_NM

if TYPE_CHECKING:
    from napari.layers import Layer

NAMES: Final = MappingProxyType(
    {
        "image": "training: {image}",
        "slit map": "training: slit map, epoch {epoch}",
        "annotated slits": "training: annotated",
        "detected slits": "training: found, epoch {epoch}",
    }
)
"""Names of the layers by kind, in their order."""
_ASSUMED_NM: Final = 10.0


@dataclass(frozen=True, eq=False)
class Shown:
    """What was read of a preview.

    Attributes
    ----------
    preview : Preview
    image : Micrograph
    slit_map : (H, W) float32 array
        Probabilities.
    overlay : Overlay
        Slits that were found, right ones and wrong ones apart where the image is annotated.
    """

    preview: Preview
    image: Micrograph
    slit_map: NDArray[np.float32]
    overlay: Overlay


def read_preview(preview: Preview, job: FinetuneJob, image: Micrograph | None = None) -> Shown:
    """Read a preview; the image too unless it is given.

    Raises
    ------
    OSError, ValueError
        If a file is gone or damaged.
    """
    found = image or ImageReader.of(job).read(preview.source)
    maps = tifffile.imread(preview.maps)
    scale = 255.0 if maps.dtype == np.uint8 else 1.0
    path = find_annotation(preview.source, job.annotations)
    size = found.pixel_size_nm or _ASSUMED_NM
    overlay, _ = compare(
        read_points(preview.slits),
        None if path is None else read_points(path),
        shape=found.shape,
        tolerance_px=job.tolerance_nm / size,
        ignore_radius_px=job.ignore_radius_nm / size,
        pixel_size_nm=found.pixel_size_nm,
    )
    slit_map = np.asarray(maps[-1], np.float32) / np.float32(scale)
    return Shown(preview, found, slit_map, overlay)


class PreviewLayers:
    """The image, its slit map, the slits that were found, and those that were annotated."""

    def __init__(self, viewer: Any, session: Session) -> None:
        self._reference = ref(viewer)
        self._session = session
        self._layers: WeakValueDictionary[str, Layer] = WeakValueDictionary()
        self._painter = Painter()
        self.shown: Shown | None = None

    @property
    def _viewer(self) -> Any:
        viewer = self._reference()
        if viewer is None:
            raise ReferenceError("The viewer was closed.")
        return viewer

    def show(self, shown: Shown) -> None:
        """Put a preview into the layers; they are made if need be."""
        size = shown.image.pixel_size_nm
        frame = _adopt.frame_for(size, self._others())
        name, epoch = shown.preview.image, shown.preview.epoch
        with self._session.layers.quietly():
            image = self._layer("image", frame)
            if image.data is not shown.image.pixels:
                _show_image(image, shown.image)
            slit_map = self._layer("slit map", frame)
            slit_map.data = shown.slit_map
            side = max(MARK_NM / (size or _ASSUMED_NM), 0.01 * max(shown.image.shape))
            for kind, marks in (
                ("annotated slits", shown.overlay.annotations),
                ("detected slits", shown.overlay.detections),
            ):
                self._painter.marks(self._layer(kind, frame), marks, side)
            for kind, layer in self._layers.items():
                layer.name = NAMES[kind].format(image=name, epoch=epoch)
        first = self.shown is None or self.shown.preview.image != name
        self.shown = shown
        if first:
            self._viewer.reset_view()

    def clear(self) -> None:
        """Take the layers away."""
        self.shown = None
        own = list(self._layers.values())
        for layer in own and [each for each in own if each in self._viewer.layers]:
            self._viewer.layers.remove(layer)
        self._layers.clear()

    def _others(self) -> list[Layer]:
        own = set(map(id, self._layers.values()))
        return [layer for layer in self._viewer.layers if id(layer) not in own]

    def _layer(self, kind: str, frame: Any) -> Any:
        """Return a layer of ours, made anew if a person deleted it."""
        layer = self._layers.get(kind)
        if layer is None or layer not in self._viewer.layers:
            layer = self._layers[kind] = _make.make(kind, frame)
            if isinstance(layer, Points):
                layer.editable = False
            self._viewer.layers.insert(self._place_of(kind), layer)
        _make.place(layer, frame)
        return layer

    def _place_of(self, kind: str) -> int:
        """Return where a layer belongs: below those of ours that lie over it, else on top."""
        above = list(NAMES)[list(NAMES).index(kind) + 1 :]
        places = [
            at
            for at, layer in enumerate(self._viewer.layers)
            if any(layer is self._layers.get(each) for each in above)
        ]
        return min(places, default=len(self._viewer.layers))


def _show_image(layer: Image, image: Micrograph) -> None:
    low, high = Normalisation(0.2, 99.8).range_of(image.pixels)
    layer.data = image.pixels
    layer.contrast_limits = (low, high if high > low else low + 1)
