"""The one field of a micrograph that a model with a named preprocessing sees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.maps import MapWriter
from napari_slitseg.core.model_grid import STRIP_PX, ModelGrid, NormalisedSource, Window, strips
from napari_slitseg.core.preprocessing import Preprocessing, to_eight_bits
from napari_slitseg.core.resample import resample
from napari_slitseg.core.tiling import Span, Tile

Floats = NDArray[np.float32]

EIGHT_BITS: Final = (0.0, 255.0)


class EightBitSource(NormalisedSource):
    """Windows of an image with grey values from 0 to 255, as they are where it has 8 bits.

    Otherwise the percentiles of the ``normalisation`` become 0 and 255.
    """

    @property
    def notices(self) -> tuple[str, ...]:
        """What was done to the grey values that the person should know."""
        if self.pixels.dtype == np.uint8:
            return ()
        low, high = self.value_range
        return (
            "The model was trained on images of 8 bits: the grey values from "
            f"{low:g} to {high:g} became 0 to 255.",
        )

    def normalised(self, grey: NDArray[Any]) -> Floats:
        """Map grey values to 0 to 255, not rounded."""
        if grey.dtype == np.uint8:
            return grey.astype(np.float32)
        inside = np.clip(super().normalised(grey), -1, 1)
        return (inside + 1) * np.float32(127.5)


@dataclass(frozen=True)
class FieldGrid(ModelGrid):
    """The grid on which a model with a preprocessing of its own sees an image.

    The field begins at the image's top left corner and has a fixed size; the model sees it whole,
    squeezed differently along the two axes. A smaller image goes on as its mirror, of a larger one
    the rest is not seen: there the maps stay 0.

    Attributes
    ----------
    preprocessing : Preprocessing
        What becomes of the field.
    """

    preprocessing: Preprocessing

    @property
    def covered(self) -> Window:
        """Pixels of the image whose centres lie in the field."""
        rows, columns = (
            slice(0, min(n, math.floor(field / self.scale + 0.5)))
            for n, field in zip(self.shape, self.preprocessing.field_px, strict=True)
        )
        return rows, columns

    @property
    def notices(self) -> tuple[str, ...]:
        """What the person should know about this image on this grid."""
        height, width = self.shape
        field_y, field_x = (round(n / self.scale) for n in self.preprocessing.field_px)
        rows, columns = self.covered
        size = f"{field_y} x {field_x} px (rows x columns)"
        found = []
        if field_y > height + 1 or field_x > width + 1:
            found.append(
                f"The image is smaller than the field of {size} that this model sees; it was "
                "continued by its mirror."
            )
        if rows.stop < height or columns.stop < width:
            found.append(
                f"This model sees a field of {size}: the first {rows.stop} rows and "
                f"{columns.stop} columns of the image. There are no slits beyond, and maps are 0."
            )
        return tuple(found)

    def smallest_tile_px(self, radius_px: int) -> int:
        """Longest side of the only tile there is."""
        return max(self.preprocessing.input_px)

    def tiles(self, region: Window, tile_px: int, radius_px: int) -> list[Tile]:
        """Return the whole field as one tile, or none if the region lies beyond it."""
        seen = _common(region, self.covered)
        if any(part.start >= part.stop for part in seen):
            return []
        return [_whole(self.preprocessing.input_px)]

    def read(self, source: NormalisedSource, tile: Tile) -> Floats:
        """Input of the network, float32."""
        plain = ModelGrid(self.shape, self.scale, 1)
        field = plain.read(source, _whole(self.preprocessing.field_px))
        return self.preprocessing.apply(to_eight_bits(field))

    def write(self, writer: MapWriter, tile: Tile, probabilities: Floats, region: Window) -> None:
        """Bring probabilities (2, h, w) back to the pixels of a region of the image."""
        rows, columns = _common(region, self.covered)
        squeezed = self.preprocessing.input_px
        scale_y, scale_x = (
            field / (n * self.scale)
            for field, n in zip(self.preprocessing.field_px, squeezed, strict=True)
        )
        for strip in strips(rows, STRIP_PX // (columns.stop - columns.start)):
            window = (strip, columns)
            heads = [
                resample(head, (0, 0), squeezed, window, (scale_y, scale_x))
                for head in probabilities
            ]
            writer.add(window, np.stack(heads))


def _whole(shape: tuple[int, int]) -> Tile:
    height, width = shape
    return Tile(Span((0, height), (0, height)), Span((0, width), (0, width)))


def _common(one: Window, other: Window) -> Window:
    rows, columns = (
        slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True)
    )
    return rows, columns
