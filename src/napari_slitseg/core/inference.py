"""Run a segmentation model on micrographs of any size."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import torch

from napari_slitseg.core.devices import (
    available_devices,
    choose_device,
    choose_dtype,
    working_memory_bytes,
)
from napari_slitseg.core.inference_request import (
    Task,
    check_pixels,
    clipped,
    make_grid,
    model_scale,
    open_source,
    open_writer,
    read_tiles,
)
from napari_slitseg.core.inference_types import (
    Cancelled,
    InferenceError,
    InferenceNotice,
    NotFinite,
    OutOfMemory,
    TileProgress,
)
from napari_slitseg.core.maps import MapWriter, ProbabilityMaps
from napari_slitseg.core.model_grid import ModelGrid, Window
from napari_slitseg.core.network import Network
from napari_slitseg.core.tile_budget import LARGEST_BATCH, TileBudget
from napari_slitseg.core.tiling import Tile

if TYPE_CHECKING:
    from napari_slitseg.core.checkpoint import CheckpointInfo
    from napari_slitseg.core.models.base import SegmentationModel

__all__ = [
    "Cancelled",
    "InferenceError",
    "InferenceNotice",
    "Predictor",
    "ProbabilityMaps",
    "TileProgress",
    "available_devices",
    "choose_device",
]

MEMORY_LIMIT_BYTES: Final = 2**30

Steps = Generator[TileProgress | InferenceNotice, None, ProbabilityMaps]


def _never() -> bool:
    return False


class Predictor:
    """A model, ready on its device.

    Parameters
    ----------
    model : SegmentationModel
        Its weights are moved to the device.
    info : CheckpointInfo
        The model's ``normalisation`` and ``pixel_size_nm``.
    device : str
        "auto", "cpu", "mps", "cuda" or "cuda:<number>".
    precision : str
        "auto", "float32", "float16" or "bfloat16".
    memory_limit_bytes : int
        Maps that take more than this go to temporary files as float16.

    Raises
    ------
    InferenceError
        If there is no such device or precision, or the model does not fit on it.
    """

    def __init__(
        self,
        model: SegmentationModel,
        info: CheckpointInfo,
        device: str = "auto",
        precision: str = "auto",
        *,
        memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
    ) -> None:
        self.info = info
        self.device = choose_device(device)
        self.memory_limit_bytes = memory_limit_bytes
        dtype = choose_dtype(precision, self.device)
        self._network = Network(model, self.device, dtype, views=info.views)
        self._radius_px, self._multiple = model.receptive_radius_px, model.size_multiple
        self._budget = TileBudget(
            bytes_per_px=model.spec.bytes_per_px,
            working_memory_bytes=partial(working_memory_bytes, self.device),
            largest_batch=1 if self.device.type == "cpu" else LARGEST_BATCH,
        )

    def predict(
        self,
        pixels: Any,
        pixel_size_nm: float | None,
        *,
        region: Window | None = None,
        should_stop: Callable[[], bool] = _never,
        tile_px: int | None = None,
        value_range: tuple[float, float] | None = None,
    ) -> Steps:
        """Predict membrane and slit probabilities.

        A window's result equals that part of the whole image's result.

        Parameters
        ----------
        pixels : (H, W) array, numpy, memory-mapped, dask or zarr
            Grey values of any integer or float dtype; read tile by tile. NaN pixels take the
            image's median.
        pixel_size_nm : float or None
            Side of a pixel. The image is resampled to the model's pixel size, unless that differs
            by less than 2 %. None: taken for the model's own.
        region : tuple of slice, optional
            Window of the image for which maps are wanted, px; cut off at the image's border.
        should_stop : callable
            Asked between tiles and between layers.
        tile_px : int, optional
            Longest side of a tile, model px. Default: what fits into the memory.
        value_range : tuple of float, optional
            ``info.normalisation.range_of(pixels)`` if known, to save looking for it in a lazy
            image again.

        Yields
        ------
        TileProgress or InferenceNotice

        Returns
        -------
        ProbabilityMaps

        Raises
        ------
        Cancelled
            When ``should_stop`` says so.
        InferenceError
            If the image, its pixel size or the region make no sense, if even the smallest tile
            does not fit into the memory, or if the network fails.
        """
        check_pixels(pixels)
        if pixel_size_nm is None:
            text = f"taken for the model's own, {self.info.pixel_size_nm:g} nm"
            yield InferenceNotice(f"The image's pixel size is unknown; it was {text}.")
        shape = int(pixels.shape[0]), int(pixels.shape[1])
        region = clipped(region or (slice(None), slice(None)), shape)
        scale = model_scale(pixel_size_nm, self.info.pixel_size_nm)
        grid = make_grid(self.info, shape, scale, self._multiple)
        source = open_source(self.info, pixels, value_range)
        yield from (InferenceNotice(text) for text in (*grid.notices, *source.notices))
        tile_px = tile_px or self._tile_px(grid)
        maps = yield from self._persist(Task(source, grid, region, tile_px, should_stop))
        if source.n_missing:
            yield InferenceNotice("Pixels without a value (NaN) took the image's median.")
        return maps

    def _persist(self, task: Task) -> Steps:
        """Try with smaller tiles, or more exact numbers, until it works or cannot work."""
        while True:
            try:
                return (yield from self._attempt(task))
            except OutOfMemory as error:
                task = self._with_smaller_tiles(task, error)
                text = f"of {self.device}; starting again with tiles of {task.tile_px} px."
                notice = InferenceNotice(f"A tile does not fit into the memory {text}")
            except NotFinite as error:
                notice = self._with_exact_numbers(error)
            yield notice

    def _attempt(self, task: Task) -> Steps:
        """Predict all tiles with one tile size."""
        tiles = self._tiles(task)
        yield TileProgress(0, len(tiles))
        with closing(open_writer(task.region, self.memory_limit_bytes)) as writer:
            done = 0
            while done < len(tiles):
                batch = tiles[done : done + self._budget.batch(tiles[0])]
                if self._predict_batch(task, batch, writer):
                    done += len(batch)
                    yield TileProgress(done, len(tiles))
                else:
                    self._budget.shrink_batch(len(batch))
                    yield InferenceNotice(
                        f"{len(batch)} tiles at once do not fit into the memory of {self.device}; "
                        f"going on with {self._budget.largest_batch}."
                    )
            return writer.finish()

    def _tiles(self, task: Task) -> list[Tile]:
        try:
            return task.grid.tiles(task.region, task.tile_px, self._radius_px)
        except ValueError as error:
            raise InferenceError(f"This tile size does not work: {error}.") from error

    def _predict_batch(self, task: Task, batch: list[Tile], writer: MapWriter) -> bool:
        """Predict a batch and write it; False if a smaller batch may fit into the memory."""
        if task.should_stop():
            raise Cancelled("The prediction was cancelled.")
        try:
            found = self._network.probabilities(read_tiles(task, batch), task.should_stop)
        except OutOfMemory:
            if len(batch) == 1:
                raise
            return False
        for tile, probabilities in zip(batch, found, strict=True):
            task.grid.write(writer, tile, probabilities, task.region)
        return True

    def _with_smaller_tiles(self, task: Task, error: OutOfMemory) -> Task:
        """Halve the tiles, for this prediction and those to come."""
        smallest = task.grid.smallest_tile_px(self._radius_px)
        tile = self._tiles(task)[0]
        if not self._budget.shrink_tile(tile, self._multiple, smallest):
            raise InferenceError(
                f"There is not enough memory on {self.device}, even for the smallest tile of "
                f"{max(tile.shape)} px. Close other programs, or choose another device or a "
                f"smaller model. ({error})"
            ) from error
        return replace(task, tile_px=self._budget.largest_tile_px)

    def _with_exact_numbers(self, error: NotFinite) -> InferenceNotice:
        """Switch to float32 for good, if the numbers were shorter."""
        if self._network.dtype == torch.float32:
            raise InferenceError(
                f"{error}: the model's weights do not suit this image, or are damaged."
            ) from error
        self._network.dtype = torch.float32
        return InferenceNotice("Numbers overflowed; starting again with float32, which is slower.")

    def _tile_px(self, grid: ModelGrid) -> int:
        return self._budget.tile_px(self._multiple, grid.smallest_tile_px(self._radius_px))
