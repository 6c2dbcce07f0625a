"""How large a tile and how many tiles at once, learned from the memory there is."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from napari_slitseg.core.tiling import Tile, down_to

LARGEST_TILE_PX: Final = 2048
LARGEST_BATCH: Final = 8


class TileBudget:
    """Tile and batch sizes that fit; both only ever shrink.

    Parameters
    ----------
    bytes_per_px : int
        Memory that a network takes for one pixel of a tile.
    working_memory_bytes : callable
        Memory that a batch may take at present.
    largest_batch : int
        1 where batches save no time.
    """

    def __init__(
        self,
        bytes_per_px: int,
        working_memory_bytes: Callable[[], int],
        largest_batch: int = LARGEST_BATCH,
    ) -> None:
        self.bytes_per_px = bytes_per_px
        self.working_memory_bytes = working_memory_bytes
        self.largest_tile_px = LARGEST_TILE_PX
        self.largest_batch = largest_batch

    def tile_px(self, multiple: int, smallest_px: int) -> int:
        """Longest side of a tile that fits, a multiple, at least the smallest."""
        fitting = math.isqrt(self.working_memory_bytes() // self.bytes_per_px)
        return max(down_to(min(fitting, self.largest_tile_px), multiple), smallest_px)

    def batch(self, tile: Tile) -> int:
        """Tiles at once."""
        if self.largest_batch == 1:
            return 1
        one = math.prod(tile.shape) * self.bytes_per_px
        return max(1, min(self.largest_batch, self.working_memory_bytes() // one))

    def shrink_batch(self, failed: int) -> None:
        """Remember that a batch of so many tiles did not fit."""
        self.largest_batch = max(1, failed // 2)

    def shrink_tile(self, failed: Tile, multiple: int, smallest_px: int) -> bool:
        """Remember that this tile did not fit; False if there is no smaller one."""
        longest = max(failed.shape)
        half = max(down_to(longest / 2, multiple), smallest_px)
        self.largest_tile_px = min(half, longest)
        return half < longest
