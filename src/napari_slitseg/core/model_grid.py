"""Between an image's own pixels and the pixel grid on which a model works."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.image import Normalisation
from napari_slitseg.core.inference_types import InferenceError
from napari_slitseg.core.maps import MapWriter
from napari_slitseg.core.resample import reach_px, resample, scaled_length, support
from napari_slitseg.core.tiling import Span, Tile, plan_tiles, smallest_tile_px, up_to

Floats = NDArray[np.float32]
Window = tuple[slice, slice]

BLEND_PX: Final = 32
STRIP_PX: Final = 2**24


@dataclass
class NormalisedSource:
    """Normalised windows of an image that may be lazy; its files are read window by window.

    Attributes
    ----------
    pixels : (H, W) array, numpy, memory-mapped, dask or zarr
        Grey values.
    normalisation : Normalisation
        How they are mapped.
    value_range : tuple of float
        ``normalisation.range_of`` the whole image.
    n_missing : int
        NaN pixels met so far; they take the image's median.
    """

    pixels: Any
    normalisation: Normalisation
    value_range: tuple[float, float]
    n_missing: int = 0
    _median: float | None = None

    @property
    def notices(self) -> tuple[str, ...]:
        """What was done to the grey values that the person should know."""
        return ()

    def window(self, rows: slice, columns: slice) -> Floats:
        """Normalised (h, w) float32 pixels of one window."""
        return self.normalised(self.filled(np.asarray(self.pixels[rows, columns])))

    def normalised(self, grey: NDArray[Any]) -> Floats:
        """Map grey values to what the grid is made of."""
        return self.normalisation.apply(grey, *self.value_range)

    def filled(self, grey: NDArray[Any]) -> NDArray[Any]:
        """Put the median in the place of NaN, and count them."""
        if grey.dtype.kind == "f" and (missing := np.isnan(grey)).any():
            self.n_missing += int(missing.sum())
            grey = np.where(missing, grey.dtype.type(self.median()), grey)
        return grey

    def median(self) -> float:
        """Median of an even subsample of the pixels that are numbers.

        Raises
        ------
        InferenceError
            If there is none.
        """
        if self._median is None:
            step = max(1, math.isqrt(math.prod(self.pixels.shape) // 10**6))
            sample = np.asarray(self.pixels[::step, ::step])
            known = sample[np.isfinite(sample)]
            if known.size == 0:
                raise InferenceError("The image has no pixel with a value: all of them are NaN.")
            self._median = float(np.median(known))
        return self._median


@dataclass(frozen=True)
class ModelGrid:
    """The grid on which a model sees an image.

    Attributes
    ----------
    shape : tuple of int
        (H, W) of the image, px.
    scale : float
        Model pixels for one image pixel.
    multiple : int
        The grid is extended to the right and the bottom, by the image's mirror, to a multiple of
        this; the same for whole and tiled images.
    """

    shape: tuple[int, int]
    scale: float
    multiple: int

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) of the extended grid, model px."""
        height, width = (up_to(scaled_length(n, self.scale), self.multiple) for n in self.shape)
        return height, width

    @property
    def notices(self) -> tuple[str, ...]:
        """What the person should know about this image on this grid."""
        return ()

    def halo_px(self, radius_px: int) -> int:
        """Surroundings that a result needs so that its way back to the image is exact, too."""
        return radius_px + (reach_px(1 / self.scale) + 1 if self.scale != 1 else 0)

    def smallest_tile_px(self, radius_px: int) -> int:
        """Shortest side of a tile for a network that sees ``radius_px`` far."""
        return smallest_tile_px(self.halo_px(radius_px), self.multiple, BLEND_PX)

    def tiles(self, region: Window, tile_px: int, radius_px: int) -> list[Tile]:
        """Tiles, in model px, that give the maps of a region of the image."""
        rows, columns = (
            slice(*support(part.start, part.stop, 1 / self.scale, length))
            for part, length in zip(region, self.size, strict=True)
        )
        halo_px = self.halo_px(radius_px)
        return plan_tiles(
            self.size, tile_px, halo_px, self.multiple, blend_px=BLEND_PX, window=(rows, columns)
        )

    def read(self, source: NormalisedSource, tile: Tile) -> Floats:
        """Pixels that the network sees of a tile, (h, w) float32."""
        rows, columns = tile.read
        read_columns = self._source_slice(columns, 1)
        n_rows = STRIP_PX * self.scale / (read_columns.stop - read_columns.start)
        parts = []
        for strip in strips(rows, int(n_rows)):
            read_rows = self._source_slice(strip, 0)
            pixels = source.window(read_rows, read_columns)
            origin = (read_rows.start, read_columns.start)
            parts.append(resample(pixels, origin, self.shape, (strip, columns), self.scale))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def write(self, writer: MapWriter, tile: Tile, probabilities: Floats, region: Window) -> None:
        """Add what a tile says, (2, h, w), to the maps of a region of the image."""
        rows, columns = (
            self._covered(span, part) for span, part in zip((tile.y, tile.x), region, strict=True)
        )
        for strip in strips(rows, STRIP_PX // max(1, columns.stop - columns.start)):
            window = (strip, columns)
            values = np.stack([self._to_image(head, tile, window) for head in probabilities])
            if tile.y.fades or tile.x.fades:
                values *= np.outer(self._share(tile.y, strip), self._share(tile.x, columns))
            writer.add(window, values)

    def _to_image(self, head: Floats, tile: Tile, window: Window) -> Floats:
        origin = (tile.y.read[0], tile.x.read[0])
        return resample(head, origin, self.size, window, 1 / self.scale)

    def _source_slice(self, part: slice, axis: int) -> slice:
        return slice(*support(part.start, part.stop, self.scale, self.shape[axis]))

    def _covered(self, span: Span, region: slice) -> slice:
        """Image pixels of a region to which a tile contributes along one axis."""
        start, stop = region.start, region.stop
        if span.fade_in_px:
            start = max(start, math.ceil(span.keep[0] / self.scale - 0.5))
        if span.fade_out_px:
            stop = min(stop, math.floor(span.keep[1] / self.scale - 0.5) + 1)
        return slice(start, stop)

    def _share(self, span: Span, part: slice) -> Floats:
        at = (np.arange(part.start, part.stop) + 0.5) * self.scale - 0.5
        return span.weight(at)


def strips(rows: slice, n_rows: int) -> Iterator[slice]:
    """Cut rows into strips, so that windows much finer than the model take little memory."""
    for start in range(rows.start, rows.stop, max(1, n_rows)):
        yield slice(start, min(start + max(1, n_rows), rows.stop))
