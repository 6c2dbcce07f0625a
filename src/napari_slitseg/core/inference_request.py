"""What a prediction is asked to do, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.field_grid import EIGHT_BITS, EightBitSource, FieldGrid
from napari_slitseg.core.inference_types import InferenceError, OutOfMemory
from napari_slitseg.core.maps import MapWriter
from napari_slitseg.core.model_grid import ModelGrid, NormalisedSource, Window
from napari_slitseg.core.preprocessing import PREPROCESSINGS
from napari_slitseg.core.tiling import Tile

if TYPE_CHECKING:
    from napari_slitseg.core.checkpoint_info import CheckpointInfo

SAME_SCALE: Final = 0.02
_SCALES: Final = (1 / 64, 8.0)


@dataclass(frozen=True)
class Task:
    """One prediction: what to read, where to write, when to stop."""

    source: NormalisedSource
    grid: ModelGrid
    region: Window
    tile_px: int
    should_stop: Callable[[], bool]


def model_scale(pixel_size_nm: float | None, own_nm: float) -> float:
    """Model pixels for one image pixel; 1 where the two sizes are about the same."""
    scale = 1.0 if pixel_size_nm is None else pixel_size_nm / own_nm
    if not _SCALES[0] <= scale <= _SCALES[1]:
        raise InferenceError(
            f"A pixel size of {pixel_size_nm:g} nm does not suit a model for {own_nm:g} nm; "
            f"it should be between {_SCALES[0] * own_nm:.2g} and {_SCALES[1] * own_nm:.3g} nm."
        )
    return 1.0 if abs(scale - 1) < SAME_SCALE else scale


def check_pixels(pixels: Any) -> None:
    """Refuse what is not one grey image with pixels in it."""
    if len(pixels.shape) != 2 or 0 in pixels.shape:
        raise InferenceError(
            f"A model takes one grey image (height, width), not an array of shape "
            f"{tuple(pixels.shape)}; choose one page and make colours grey first."
        )
    if np.dtype(pixels.dtype).kind not in "buif":
        raise InferenceError(f"Grey values of type {pixels.dtype} are not numbers to work with.")


def open_source(
    info: CheckpointInfo, pixels: Any, value_range: tuple[float, float] | None
) -> NormalisedSource:
    """Make the image readable as the model's preprocessing needs it."""
    if info.preprocessing and pixels.dtype == np.uint8:
        return EightBitSource(pixels, info.normalisation, EIGHT_BITS)
    kind = EightBitSource if info.preprocessing else NormalisedSource
    value_range = value_range or info.normalisation.range_of(pixels)
    return kind(pixels, info.normalisation, value_range)


def make_grid(
    info: CheckpointInfo, shape: tuple[int, int], scale: float, multiple: int
) -> ModelGrid:
    """Lay the model's grid onto an image."""
    if info.preprocessing:
        return FieldGrid(shape, scale, multiple, PREPROCESSINGS[info.preprocessing])
    return ModelGrid(shape, scale, multiple)


def clipped(region: Window, shape: tuple[int, int]) -> Window:
    """Cut a window off at the image's border; refuse one that is then empty."""
    rows, columns = (slice(*part.indices(n)[:2]) for part, n in zip(region, shape, strict=True))
    if rows.stop <= rows.start or columns.stop <= columns.start:
        raise InferenceError(
            f"The region {region} has no pixel in the image of {shape[0]} x {shape[1]} px."
        )
    return rows, columns


def open_writer(region: Window, memory_limit_bytes: int) -> MapWriter:
    """Make room for the maps of a window."""
    rows, columns = region
    shape = rows.stop - rows.start, columns.stop - columns.start
    try:
        return MapWriter(shape, (rows.start, columns.start), memory_limit_bytes)
    except OSError as error:
        raise InferenceError(str(error)) from error


def read_tiles(task: Task, batch: list[Tile]) -> NDArray[np.float32]:
    """Read normalised tiles (B, h, w); tiles of one plan are equally large."""
    try:
        return np.stack([task.grid.read(task.source, tile) for tile in batch])
    except MemoryError as error:
        raise OutOfMemory(f"{len(batch)} tile(s) cannot be read: {error}") from error
