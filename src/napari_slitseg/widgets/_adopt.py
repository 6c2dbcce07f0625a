"""Read an image and its place in the world from a napari layer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from napari.layers import Image, Layer

from napari_slitseg.core.image import ImageReadError, Micrograph, grey, read_pixel_size
from napari_slitseg.core.points import find_annotation, read_points

_MICROMETRE_BELOW: Final = 0.1
PIXEL: Final = ("pixel", "pixel")
NANOMETRE: Final = ("nm", "nm")


@dataclass(frozen=True)
class Frame:
    """Where pixels lie in the world: scale, shift and unit of the two image axes."""

    scale: tuple[float, float] = (1.0, 1.0)
    translate: tuple[float, float] = (0.0, 0.0)
    units: tuple[str, str] = PIXEL

    def to_pixels(self, position: Sequence[float]) -> tuple[float, float]:
        """Row and column of a position in the world."""
        y, x = (
            (p - t) / s for p, t, s in zip(position[-2:], self.translate, self.scale, strict=True)
        )
        return y, x


def frame_of(layer: Layer) -> Frame:
    """Return where a layer's image lies."""
    return Frame(
        scale=_pair(layer.scale), translate=_pair(layer.translate), units=_unit_names(layer)
    )


def frame_for(pixel_size_nm: float | None, others: Iterable[Layer]) -> Frame:
    """Return where an image from a file should lie: in nm, unless other layers are in pixels."""
    if pixel_size_nm is None or any(_unit_names(layer) == PIXEL for layer in others):
        return Frame()
    return Frame(scale=(pixel_size_nm, pixel_size_nm), units=NANOMETRE)


def slice_of(layer: Image, step: Sequence[int]) -> tuple[int, ...]:
    """Return the indices of the slice that is shown of a layer, () for a single image."""
    extra = layer.ndim - 2
    return tuple(int(i) for i in step[len(step) - layer.ndim :][:extra]) if extra else ()


def micrograph_of(layer: Image, index: tuple[int, ...]) -> Micrograph:
    """Return the image of a layer.

    Parameters
    ----------
    layer : Image
        RGB is made grey; of several resolutions the finest is taken. A grey dask array stays
        one: it is computed where it is looked at or predicted.
    index : tuple of int
        Which slice of a stack, () for a single image.

    Raises
    ------
    ImageReadError
        If it is no image that can be made grey.
    """
    data = layer.data[0] if layer.multiscale else layer.data
    pixels, notices = _plane(data[index] if index else data)
    size, source = _pixel_size(layer)
    name = layer.name if not index else f"{layer.name} [{', '.join(map(str, index))}]"
    image = Micrograph(pixels, None, "", name, notices=notices)
    return image if size is None else replace(image, pixel_size_nm=size, pixel_size_source=source)


def _plane(data: Any) -> tuple[Any, tuple[str, ...]]:
    """One grey plane, and what was changed to make it one."""
    is_lazy = hasattr(data, "__dask_graph__") and data.ndim == 2 and data.size > 0
    if not is_lazy or data.dtype.kind not in "biuf":
        return grey(np.asarray(data))
    dtype = {"b": np.dtype(np.uint8), "f": np.dtype(np.float32)}.get(data.dtype.kind, data.dtype)
    return data.astype(dtype), ()


def annotation_of(layer: Image) -> dict[str, Any]:
    """Return annotation and its path for the file a layer was read from, if there is one."""
    path = None if layer.source.path is None else find_annotation(layer.source.path)
    if path is None:
        return {}
    try:
        return {"annotation": read_points(path), "annotation_path": path}
    except (ValueError, OSError) as error:
        return {"notices": f"The annotation was not read. {error}"}


def _pixel_size(layer: Image) -> tuple[float | None, str]:
    """Pixel size in nm and where it is known from: the layer, then its file."""
    scale = math.sqrt(abs(math.prod(_pair(layer.scale))))
    if (factor := _nanometres(_unit_names(layer)[-1])) is not None:
        return scale * factor, "napari layer"
    if scale != 1.0:
        return (scale * 1000 if scale < _MICROMETRE_BELOW else scale), "napari layer"
    path = layer.source.path
    if path is None:
        return None, ""
    try:
        return read_pixel_size(path)
    except ImageReadError:
        return None, ""


def _nanometres(unit: str) -> float | None:
    """Length of a unit in nm, None for pixels and the like."""
    import pint

    quantity = pint.get_application_registry().Quantity(1, unit)
    return float(quantity.to("nm").magnitude) if quantity.check("[length]") else None


def _unit_names(layer: Layer) -> tuple[str, str]:
    """Units of the image axes; napari before 0.6 knows none."""
    units = getattr(layer, "units", PIXEL)
    return (str(units[-2]), str(units[-1]))


def _pair(values: Any) -> tuple[float, float]:
    y, x = (float(v) for v in values[-2:])
    return y, x


def same_units(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether two pairs of units mean the same, however they are written."""
    return [_nanometres(str(u)) for u in one] == [_nanometres(str(u)) for u in other]
