"""Cut a large image into overlapping tiles and blend their results without seams.

Along each axis all tiles are equally long, begin on a multiple of what the network asks for, and
end at the image's border where they meet it, so a network that pads with zeros pads only where it
would for the whole image. Where two tiles meet, both know their surroundings at least ``halo_px``
far, and their results cross-fade over ``blend_px``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Interval = tuple[int, int]


@dataclass(frozen=True)
class Span:
    """A tile along one axis, px.

    Attributes
    ----------
    read : tuple of int
        ``[start, stop)`` that the network sees.
    keep : tuple of int
        ``[start, stop)`` for which the tile gives a result; neighbours overlap by the fades.
    fade_in_px, fade_out_px : int
        Length of the cross-fade at either end of ``keep``; 0 where no neighbour follows.
    """

    read: Interval
    keep: Interval
    fade_in_px: int = 0
    fade_out_px: int = 0

    def weight(self, at: NDArray[np.float64]) -> NDArray[np.float32]:
        """Share of this tile in the result at positions ``at`` (pixel centres at integers).

        At every position the shares of all tiles sum to one. The fade is a raised cosine.
        """
        share = np.ones(len(at))
        if self.fade_in_px:
            share *= _rise((at + 0.5 - self.keep[0]) / self.fade_in_px)
        if self.fade_out_px:
            share *= 1 - _rise((at + 0.5 - self.keep[1]) / self.fade_out_px + 1)
        return share.astype(np.float32)

    @property
    def fades(self) -> bool:
        """Whether a neighbour shares part of ``keep``."""
        return self.fade_in_px > 0 or self.fade_out_px > 0


def _rise(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 0 at t = 0 to 1 at t = 1, level at both ends."""
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(t, 0, 1))


@dataclass(frozen=True)
class Tile:
    """A rectangle of the image: one span along y and one along x."""

    y: Span
    x: Span

    @property
    def read(self) -> tuple[slice, slice]:
        """Window that the network sees, px."""
        return slice(*self.y.read), slice(*self.x.read)

    @property
    def keep(self) -> tuple[slice, slice]:
        """Window for which the tile gives a result, px."""
        return slice(*self.y.keep), slice(*self.x.keep)

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w) that the network sees, px."""
        return self.y.read[1] - self.y.read[0], self.x.read[1] - self.x.read[0]


def plan_tiles(
    shape: tuple[int, int],
    tile_px: int,
    halo_px: int,
    multiple: int,
    *,
    blend_px: int = 32,
    window: tuple[slice, slice] | None = None,
) -> list[Tile]:
    """Cover an image, or a window of it, with as few equal tiles as possible, row by row.

    Parameters
    ----------
    shape : tuple of int
        (H, W) of the image, px, multiples of ``multiple``.
    tile_px : int
        Longest side of a tile. What fits in one tile is one tile.
    halo_px : int
        Surroundings that every result must know: the network's receptive radius.
    multiple : int
        Tiles begin and end on multiples of this.
    blend_px : int
        Length of the cross-fade between neighbours.
    window : tuple of slice, optional
        Part of the image for which results are wanted. Default: all of it.

    Raises
    ------
    ValueError
        When ``shape`` is no multiple, the window is not in the image, or the tile is too small
        for its halo (see ``smallest_tile_px``).
    """
    wanted = window or (slice(0, shape[0]), slice(0, shape[1]))
    rows, columns = (
        plan_axis(length, tile_px, halo_px, multiple, blend_px, (part.start, part.stop))
        for length, part in zip(shape, wanted, strict=True)
    )
    return [Tile(y, x) for y in rows for x in columns]


def plan_axis(
    length: int, tile_px: int, halo_px: int, multiple: int, blend_px: int, wanted: Interval
) -> list[Span]:
    """Cover one axis; see ``plan_tiles``."""
    if length % multiple or not 0 <= wanted[0] < wanted[1] <= length:
        raise ValueError(
            f"cannot plan tiles for pixels {wanted[0]} to {wanted[1]} of {length}: the length must "
            f"be a multiple of {multiple} and the interval must lie within it"
        )
    start = max(0, down_to(wanted[0] - halo_px, multiple))
    stop = min(length, up_to(wanted[1] + halo_px, multiple))
    reads = _equal_reads(start, stop, down_to(tile_px, multiple), halo_px, multiple, blend_px)
    fades = [(after[0] + before[1] - blend_px) // 2 for before, after in pairwise(reads)]
    starts = [wanted[0], *fades]
    stops = [*(fade + blend_px for fade in fades), wanted[1]]
    last = len(reads) - 1
    return [
        Span(read, (starts[i], stops[i]), blend_px if i > 0 else 0, blend_px if i < last else 0)
        for i, read in enumerate(reads)
    ]


def _equal_reads(
    start: int, stop: int, tile_px: int, halo_px: int, multiple: int, blend_px: int
) -> list[Interval]:
    """Fewest equal intervals, on multiples, that overlap by two halos and a fade."""
    length = stop - start
    if length <= tile_px:
        return [(start, stop)]
    smallest = smallest_tile_px(halo_px, multiple, blend_px)
    if tile_px < smallest:
        raise ValueError(
            f"tiles of {tile_px} px are too small for a halo of {halo_px} px: "
            f"use at least {smallest} px"
        )
    overlap = _overlap_px(halo_px, multiple, blend_px)
    n = math.ceil((length - overlap) / (tile_px - overlap))
    size = up_to((length + (n - 1) * overlap) / n, multiple)
    begins = [start + down_to(i * (length - size) / (n - 1), multiple) for i in range(n)]
    return [(begin, begin + size) for begin in begins]


def smallest_tile_px(halo_px: int, multiple: int, blend_px: int = 32) -> int:
    """Shortest tile side that still leaves sensible room between its halos."""
    overlap = _overlap_px(halo_px, multiple, blend_px)
    return up_to(overlap + max(overlap / 2, 2 * blend_px + 2 * multiple), multiple)


def _overlap_px(halo_px: int, multiple: int, blend_px: int) -> int:
    return up_to(2 * halo_px + blend_px, multiple)


def up_to(value: float, multiple: int) -> int:
    """Smallest multiple that is not below the value."""
    return math.ceil(value / multiple) * multiple


def down_to(value: float, multiple: int) -> int:
    """Largest multiple that is not above the value."""
    return math.floor(value / multiple) * multiple
