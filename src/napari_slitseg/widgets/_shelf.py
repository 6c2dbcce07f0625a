"""Pixels of the few images that were used last; others are read again when needed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.image import ImageReadError, Micrograph, read_image
from napari_slitseg.widgets._entry import ImageEntry

if TYPE_CHECKING:
    from napari_slitseg.core.prediction import Prediction

_KEPT: Final = 3


class Shelf:
    """Micrographs by key."""

    def __init__(self) -> None:
        self._images: OrderedDict[int, Micrograph] = OrderedDict()

    def put(self, key: int, micrograph: Micrograph) -> None:
        """Keep an image until others were used more recently."""
        self._images[key] = micrograph
        self._images.move_to_end(key)
        while len(self._images) > _KEPT:
            self._images.popitem(last=False)

    def has(self, entry: ImageEntry) -> bool:
        """Whether an image need not be read."""
        return entry.micrograph is not None or entry.key in self._images

    def drop(self, key: int) -> None:
        """Let an image go."""
        self._images.pop(key, None)

    def image(self, entry: ImageEntry) -> Micrograph:
        """Image of an entry, with its pixel size; ImageReadError if it cannot be read again."""
        image = self.opener(entry)()
        if entry.micrograph is None:
            self.put(entry.key, image)
        return image

    def opener(self, entry: ImageEntry) -> Callable[[], Micrograph]:
        """Return a function that gives the image, also in another thread."""
        kept = entry.micrograph or self._images.get(entry.key)
        return partial(_image, entry, kept)


def _image(entry: ImageEntry, kept: Micrograph | None) -> Micrograph:
    if kept is None and entry.path is None:
        raise ImageReadError(
            f"{entry.name}: the image is no longer there. Open it again or remove it from the list."
        )
    image = kept or read_image(entry.path or "", page=entry.page)
    return image.with_pixel_size(entry.pixel_size_nm)


def facts_of(micrograph: Micrograph) -> dict[str, Any]:
    """Return what an entry keeps of an image."""
    scale = _scale_of(micrograph)
    return {
        "name": micrograph.name,
        "n_pages": micrograph.n_pages,
        "shape": micrograph.shape,
        "pixel_size_nm": micrograph.pixel_size_nm,
        "scale": scale,
        "file_scale": scale,
        "notices": "\n".join(micrograph.notices),
    }


def _scale_of(micrograph: Micrograph) -> Scale | None:
    """Return what an image says of itself; None where that cannot be."""
    size, source = micrograph.pixel_size_nm, micrograph.pixel_size_source
    try:
        return None if size is None else Scale(size, "file", source)
    except ValueError:
        return None


def without_maps(
    entries: Iterable[ImageEntry], room: float
) -> Iterator[tuple[ImageEntry, Prediction]]:
    """Predictions whose maps no longer fit into `room` bytes, without them; the first fit best."""
    for entry in entries:
        prediction = entry.prediction
        if prediction is None:
            continue
        room -= prediction.slit.nbytes + prediction.membrane.nbytes
        if room < 0 and prediction.has_maps:
            yield entry, prediction.without_maps()
