"""Annotated micrographs as a network sees them: on the model's grid, in its grey values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.field_grid import FieldGrid
from napari_slitseg.core.inference_request import (
    check_pixels,
    make_grid,
    model_scale,
    open_source,
)
from napari_slitseg.core.model_grid import STRIP_PX, ModelGrid, strips
from napari_slitseg.core.resample import resample, support
from napari_slitseg.core.tiling import Span, Tile

if TYPE_CHECKING:
    from napari_slitseg.core.checkpoint_info import CheckpointInfo
    from napari_slitseg.core.image import Micrograph
    from napari_slitseg.core.points import PointTable

Floats = NDArray[np.float32]
Points = NDArray[np.float64]

_MEMBRANE_PLACES: Final = 10_000


@dataclass(frozen=True, eq=False)
class Example:
    """One annotated micrograph on the model's own grid and in its grey values.

    Attributes
    ----------
    name : str
        Of the image.
    pixels : (H, W) float32
        What a prediction feeds the network.
    slits_yx, uncertain_yx : (N, 2) float64
        Certain and uncertain annotations, px of the grid.
    membrane : (H, W) float32 or None
        Stripe in [0, 1]; None where nobody drew it.
    pixel_size_nm : float
        Side of a pixel of the grid; the geometric mean of a grid with two.
    image_shape : tuple of int or None
        First rows and columns of the grid that show the image; what is beyond is its mirror. None:
        all.
    n_outside : int
        Annotations that were left out because they lie outside what the model sees.
    """

    name: str
    pixels: Floats
    slits_yx: Points
    uncertain_yx: Points
    membrane: Floats | None
    pixel_size_nm: float
    image_shape: tuple[int, int] | None = None
    n_outside: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the part of the grid that shows the image."""
        height, width = self.image_shape or self.pixels.shape
        return height, width

    @cached_property
    def membrane_places_yx(self) -> Points:
        """Pixels of the membrane, evenly thinned out to some thousands; none without membrane."""
        if self.membrane is None:
            return np.empty((0, 2))
        height, width = self.shape
        inside = np.flatnonzero(self.membrane[:height, :width] > 0.5)
        some = inside[:: max(1, len(inside) // _MEMBRANE_PLACES)]
        return np.column_stack(np.divmod(some, width)).astype(np.float64)


def make_example(
    image: Micrograph,
    points: PointTable,
    membrane: NDArray[np.bool_] | None,
    info: CheckpointInfo,
    multiple: int,
) -> Example:
    """Bring an annotated micrograph to the grid of a model.

    Parameters
    ----------
    image : Micrograph
        Without a pixel size it is taken for one of the model's own, as in a prediction.
    points : PointTable
        Its slits, px of the image. Those that a person rejected, or only a model proposed, are no
        annotations.
    membrane : (H, W) bool or None
        Mask of the membrane, as large as the image.
    info : CheckpointInfo
        Pixel size, normalisation and preprocessing of the model.
    multiple : int
        The model's ``size_multiple``.

    Raises
    ------
    InferenceError
        If the model cannot take this image.
    ValueError
        If the mask is not as large as the image.
    """
    check_pixels(image.pixels)
    scale = model_scale(image.pixel_size_nm, info.pixel_size_nm)
    grid = make_grid(info, image.shape, scale, multiple)
    tile = _whole(_size(grid))
    pixels = grid.read(open_source(info, image.pixels, None), tile)
    extent_yx = np.minimum(np.multiply(image.shape, _scale_yx(grid)), _size(grid))
    kept = points.take(points.is_slit)
    grid_yx = (kept.yx + 0.5) * _scale_yx(grid) - 0.5
    inside = ((grid_yx >= -0.5) & (grid_yx < extent_yx - 0.5)).all(axis=1)
    known_y, known_x = np.maximum(np.floor(extent_yx + 0.5), 1).astype(int).tolist()
    return Example(
        name=image.name,
        pixels=np.ascontiguousarray(pixels, np.float32),
        slits_yx=grid_yx[inside & ~kept.uncertain],
        uncertain_yx=grid_yx[inside & kept.uncertain],
        membrane=None if membrane is None else _on_grid(membrane, grid),
        pixel_size_nm=_pixel_size_nm(grid, info.pixel_size_nm),
        image_shape=(known_y, known_x),
        n_outside=int((~inside).sum()),
    )


def _size(grid: ModelGrid) -> tuple[int, int]:
    """(H, W) of what the network takes."""
    return grid.preprocessing.input_px if isinstance(grid, FieldGrid) else grid.size


def _scale_yx(grid: ModelGrid) -> tuple[float, float]:
    """Pixels of the network's input for one pixel of the image, down and across."""
    if not isinstance(grid, FieldGrid):
        return grid.scale, grid.scale
    squeezed, field = grid.preprocessing.input_px, grid.preprocessing.field_px
    down, across = (grid.scale * n / whole for n, whole in zip(squeezed, field, strict=True))
    return down, across


def _pixel_size_nm(grid: ModelGrid, own_nm: float) -> float:
    down, across = (own_nm * grid.scale / scale for scale in _scale_yx(grid))
    return float(np.sqrt(down * across))


def _whole(shape: tuple[int, int]) -> Tile:
    height, width = shape
    return Tile(Span((0, height), (0, height)), Span((0, width), (0, width)))


def _on_grid(mask: NDArray[np.bool_], grid: ModelGrid) -> Floats:
    """Bring a mask to the grid by the same resampling as the image."""
    if mask.shape != grid.shape:
        raise ValueError(
            f"The membrane's mask has {mask.shape[0]} x {mask.shape[1]} px, but its image "
            f"{grid.shape[0]} x {grid.shape[1]} px; draw it on that image."
        )
    stripe: Floats = np.clip(np.concatenate(list(_mask_strips(mask, grid))), 0, 1)
    return stripe


def _mask_strips(mask: NDArray[np.bool_], grid: ModelGrid) -> Iterator[Floats]:
    scale_yx, (height, width) = _scale_yx(grid), _size(grid)
    n_rows = int(STRIP_PX * scale_yx[0] / mask.shape[1])
    columns = slice(0, width)
    for rows in strips(slice(0, height), n_rows):
        first, last = support(rows.start, rows.stop, scale_yx[0], mask.shape[0])
        part = mask[first:last].astype(np.float32)
        yield resample(part, (first, 0), grid.shape, (rows, columns), scale_yx)
