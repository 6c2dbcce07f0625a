"""Slits as connected regions above a level, each with its centre of mass.

Blocks report the pieces of regions inside them, and which pieces touch across their edges; a
region is put together from its pieces at the end. A block's labels are all that is ever in memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from napari_slitseg.core.detection.blocks import (
    Box,
    boxes,
    check_not_negative,
    checked_shape,
    read,
)
from napari_slitseg.core.detection.peaks import Detections

__all__ = ["find_components"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]


def find_components(
    probability: NDArray[np.generic],
    *,
    level: float = 0.5,
    min_diameter_px: float = 2.0,
    max_diameter_px: float = 20.0,
    border_px: float = 0.0,
    block_px: int = 512,
) -> Detections:
    """Find connected regions of high probability and their centres of mass.

    Parameters
    ----------
    probability : (H, W) array of float
        Probabilities in [0, 1], any float precision. Anything that slices like an array will do
        (`numpy.memmap`, dask, zarr). NaN counts as 0.
    level : float
        Lowest probability of a pixel of a region, in (0, 1], inclusive. Pixels that touch at a side
        or a corner are of one region.
    min_diameter_px, max_diameter_px : float
        Diameters of the discs as large as the smallest and the largest region that counts, px.
    border_px : float
        Drop detections closer than this to the edge of the map (centre of its outermost pixels).
    block_px : int
        The map is read in blocks of this side. What is found does not depend on it.

    Returns
    -------
    Detections
        Centres of mass weighted by probability, best first. The score is the highest probability
        in the region; equal scores are ordered by size, then by y, then by x.

    Raises
    ------
    ValueError
        If the map is not two-dimensional or leaves [0, 1], or for a setting outside its range.
    """
    if not 0 < level <= 1:
        raise ValueError(f"level must lie in (0, 1], got {level}.")
    sizes = {"min_diameter_px": min_diameter_px, "max_diameter_px": max_diameter_px}
    check_not_negative(**sizes, border_px=border_px)
    shape = checked_shape(probability)
    regions = _regions(probability, shape, level, block_px)
    yx = np.clip(regions.moment / regions.mass[:, None], 0.0, np.array(shape) - 1.0)
    diameter = 2 * np.sqrt(regions.area / math.pi)
    kept = (diameter >= min_diameter_px) & (diameter <= max_diameter_px)
    kept &= np.all((yx >= border_px) & (yx <= np.array(shape) - 1 - border_px), axis=1)
    order = np.lexsort((yx[:, 1], yx[:, 0], -regions.area, -regions.highest))
    order = order[kept[order]]
    return Detections(yx[order], regions.highest[order])


@dataclass(frozen=True)
class _Regions:
    """Sums over regions, or over pieces of them."""

    area: _Floats  # (N,) pixels
    mass: _Floats  # (N,) sum of the probabilities
    moment: _Floats  # (N, 2) sum of probability times (y, x)
    highest: _Floats  # (N,)


_NO_REGIONS = {
    "area": np.zeros(0),
    "mass": np.zeros(0),
    "moment": np.zeros((0, 2)),
    "highest": np.zeros(0),
}


def _regions(
    probability: NDArray[np.generic], shape: tuple[int, int], level: float, block_px: int
) -> _Regions:
    """Return the regions of the whole map."""
    seams = _Seams(shape[1])
    parts = []
    for box in boxes(shape, block_px):
        window = np.clip(read(probability, box), 0.0, 1.0)
        label, n = ndimage.label(window >= np.float32(level), structure=np.ones((3, 3)))
        parts.append(_pieces(window, label, n, box))
        seams.add(label, n, box)
    return _united(parts, seams.region_of_piece())


def _pieces(window: NDArray[np.float32], label: _Ints, n: int, box: Box) -> _Regions:
    """Return the sums over the labels 1 to n of a block."""
    at = np.flatnonzero(label)
    piece, value = label.ravel()[at] - 1, window.ravel()[at].astype(np.float64)
    y, x = np.divmod(at, window.shape[1])
    moment = [_sums(piece, value * each, n) for each in (y + box[0], x + box[2])]
    highest = np.zeros(n)
    np.maximum.at(highest, piece, value)
    return _Regions(
        area=_sums(piece, np.ones_like(value), n),
        mass=_sums(piece, value, n),
        moment=np.stack(moment, axis=1),
        highest=highest,
    )


def _sums(group: _Ints, value: _Floats, n: int) -> _Floats:
    """Return the sum of the values of each of n groups."""
    return np.bincount(group, value, n).astype(np.float64)


def _united(parts: list[_Regions], region: _Ints) -> _Regions:
    """Return the sums over regions of the sums over their pieces."""
    n = int(region.max(initial=-1)) + 1
    area, mass, moment, highest = (
        np.concatenate([empty, *(getattr(part, name) for part in parts)])
        for name, empty in _NO_REGIONS.items()
    )
    top = np.zeros(n)
    np.maximum.at(top, region, highest)
    sums = [_sums(region, each, n) for each in (area, mass, *moment.T)]
    return _Regions(sums[0], sums[1], np.stack(sums[2:], axis=1), top)


class _Seams:
    """Which pieces of neighbouring blocks touch; blocks come row by row."""

    def __init__(self, width: int) -> None:
        self._links = [np.zeros((2, 0), np.int64)]
        self._n = 0
        self._row = -1
        self._above = self._below = np.zeros(width, np.int64)
        self._left = np.zeros(0, np.int64)

    def add(self, label: _Ints, n: int, box: Box) -> None:
        """Add the labels 1 to n of the next block."""
        y0, _, x0, x1 = box
        piece = np.where(label > 0, label + self._n, 0)
        if y0 != self._row:
            self._row, self._above, self._below = y0, self._below, np.zeros_like(self._below)
            self._left = np.zeros(len(label), np.int64)
        self._link(piece[0], np.pad(self._above, 1)[x0 : x1 + 2])
        self._link(piece[:, 0], np.pad(self._left, 1))
        self._below[x0:x1], self._left = piece[-1], piece[:, -1]
        self._n += n

    def _link(self, own: _Ints, beside: _Ints) -> None:
        """Link each pixel with the three beside it; `beside` has one more at either end."""
        for step in range(3):
            pair = np.stack([own, beside[step : step + len(own)]])
            self._links.append(np.unique(pair[:, pair.all(axis=0)], axis=1))

    def region_of_piece(self) -> _Ints:
        """Return the number of the region of every piece."""
        first, second = np.concatenate(self._links, axis=1) - 1
        ones = np.ones(len(first), np.int8)
        graph = coo_matrix((ones, (first, second)), shape=(self._n, self._n))
        _, region = connected_components(graph, directed=False)
        return np.asarray(region, np.int64)
