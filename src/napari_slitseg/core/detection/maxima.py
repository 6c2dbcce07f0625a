"""Local maxima of a smoothed map, block by block, each with a quadratic's vertex.

The unit of work is a pixel that no neighbour exceeds. Whether it is a maximum depends on the flat
top it belongs to, which may cross blocks: so blocks report pixels, and tops are put together after.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from napari_slitseg.core.detection.blocks import Box, boxes, grow, read

FLOOR = 0.01
"""Lowest value of the smoothed map at which a local maximum is a candidate."""

_TRUNCATE = 4.0  # radius of the smoothing kernel, in sigmas
_SPARSE = 0.1  # of the pixels; up to so many, a look at the neighbours of each is quicker
_MAX_OFFSET_PX = 0.75  # the vertex of a tilted oval may lie in a neighbouring pixel

_T = TypeVar("_T", bound=np.generic)
_Tops = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class _Pixels:
    """Pixels that no neighbour exceeds, each with what decides about the top it belongs to."""

    at: NDArray[np.int64]  # (N, 2)
    yx: NDArray[np.float64]  # (N, 2) refined
    raw: NDArray[np.float64]  # (N,) highest unsmoothed value around
    smooth: NDArray[np.float64]  # (N,)
    flat: NDArray[np.bool_]  # (N,) may touch an equal pixel
    leaks: NDArray[np.bool_]  # (N,) touches an equal pixel that is not maximal
    rises: NDArray[np.bool_]  # (N,) touches a lower pixel


def find_tops(
    probability: NDArray[np.generic], shape: tuple[int, int], sigma_px: float, block_px: int
) -> _Tops:
    """Return position (N, 2), score (N,) and smoothed height (N,) of every local maximum.

    Parameters
    ----------
    probability : (H, W) array
        Probabilities in [0, 1]; NaN counts as 0. Only blocks of it are read.
    shape : tuple of int
        (H, W).
    sigma_px : float
        Standard deviation of the smoothing, px.
    block_px : int
        Side of a block, px, without its halo.

    Raises
    ------
    ValueError
        If a value leaves [0, 1].
    """
    parts = [_pixels_in(probability, box, shape, sigma_px) for box in boxes(shape, block_px)]
    return _merge_flat_tops(_join(parts))


def _pixels_in(
    probability: NDArray[np.generic], box: Box, shape: tuple[int, int], sigma_px: float
) -> _Pixels:
    """Find the maximal pixels of one block; two more pixels around it decide on flat tops."""
    radius = int(_TRUNCATE * sigma_px + 0.5)
    seen = grow(box, 2, shape)
    around = grow(box, 2 + radius, shape)
    window = read(probability, around)
    smooth = gaussian_filter(window, sigma_px, mode="nearest", truncate=_TRUNCATE)
    crop = tuple(slice(seen[i] - around[i], seen[i + 1] - around[i]) for i in (0, 2))
    raw, smooth = window[crop], smooth[crop]
    top = _maximal(smooth)
    corner = np.array([seen[0], seen[2]])
    at = np.stack(np.divmod(np.flatnonzero(top), top.shape[1]), axis=1)
    low, high = np.array(box).reshape(2, 2).T - corner
    at = at[np.all((at >= low) & (at < high), axis=1)]
    patch = _patches(smooth, at)
    height = patch[:, 1, 1]
    equal = patch == height[:, None, None]
    return _Pixels(
        at=at + corner,
        yx=at + corner + _vertex(patch),
        raw=_patches(raw, at).max(axis=(1, 2), initial=0).astype(np.float64),
        smooth=height.astype(np.float64),
        flat=equal.sum(axis=(1, 2)) > 1,
        leaks=(equal & ~_patches(top, at)).any(axis=(1, 2)),
        rises=patch.min(axis=(1, 2)) < height,
    )


def _maximal(smooth: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which pixels above the floor no neighbour exceeds."""
    above: NDArray[np.bool_] = smooth > FLOOR
    flat = np.flatnonzero(above)
    if len(flat) > _SPARSE * smooth.size:
        dense: NDArray[np.bool_] = above & (smooth >= _highest_neighbour(smooth))
        return dense
    patch = _patches(smooth, np.stack(np.divmod(flat, smooth.shape[1]), axis=1))
    above.ravel()[flat] = patch.max(axis=(1, 2), initial=-np.inf) == patch[:, 1, 1]
    return above


def _highest_neighbour(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the highest of the up to eight neighbours of every pixel."""
    padded = np.pad(values, 1, constant_values=-np.inf)
    sides = np.maximum(padded[:, :-2], padded[:, 2:])
    rows = np.maximum(sides, padded[:, 1:-1])
    highest: NDArray[np.float32] = np.maximum(np.maximum(rows[:-2], rows[2:]), sides[1:-1])
    return highest


def _patches(values: NDArray[_T], at: NDArray[np.int64]) -> NDArray[_T]:
    """Return the (N, 3, 3) surroundings of the pixels; the edge of the map is repeated."""
    step = np.arange(-1, 2)
    y = np.clip(at[:, 0, None, None] + step[:, None], 0, values.shape[0] - 1)
    x = np.clip(at[:, 1, None, None] + step, 0, values.shape[1] - 1)
    patches: NDArray[_T] = values[y, x]
    return patches


def _vertex(patch: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the (N, 2) offsets of the vertices of quadratics fitted to the logarithms."""
    top = patch[:, 1:2, 1:2].astype(np.float64)
    f = np.log(np.maximum(patch, 1e-3 * top))
    rows, columns = f.mean(axis=2), f.mean(axis=1)
    gradient = np.stack([rows[:, 2] - rows[:, 0], columns[:, 2] - columns[:, 0]], axis=1) / 2
    bend = np.stack([rows, columns], axis=1) @ np.array([1.0, -2.0, 1.0])
    twist = (f[:, 2, 2] + f[:, 0, 0] - f[:, 2, 0] - f[:, 0, 2]) / 4
    determinant = bend[:, 0] * bend[:, 1] - twist**2
    round_top = (bend.max(axis=1, initial=-np.inf) < 0) & (determinant > 1e-3 * bend.prod(axis=1))
    twist = np.where(round_top, twist, 0.0)
    falls = bend < -1e-12
    own = np.divide(-gradient, bend, out=np.zeros_like(bend), where=falls)
    cross = gradient[:, ::-1] * twist[:, None] - gradient * bend[:, ::-1]
    both = np.divide(cross, determinant[:, None], out=own, where=round_top[:, None])
    offset: NDArray[np.float64] = np.clip(both, -_MAX_OFFSET_PX, _MAX_OFFSET_PX)
    return offset


def _join(parts: list[_Pixels]) -> _Pixels:
    """Return the pixels of all blocks in reading order."""
    if not parts:
        parts = [_pixels_in(np.zeros((1, 1), np.float32), (0, 1, 0, 1), (1, 1), 0.0)]
    names = [field.name for field in fields(_Pixels)]
    joined = {name: np.concatenate([getattr(p, name) for p in parts]) for name in names}
    order = np.lexsort((joined["at"][:, 1], joined["at"][:, 0]))
    return _Pixels(**{name: value[order] for name, value in joined.items()})


def _merge_flat_tops(found: _Pixels) -> _Tops:
    """Return position, score and smoothed height of each top of one or more equal pixels."""
    n, group = _touching(found)
    size = np.bincount(group, minlength=n)
    sums = [np.bincount(group, found.yx[:, axis], n) for axis in (0, 1)]
    yx = np.stack(sums, axis=1) / size[:, None]
    distance = np.hypot(*(found.at - yx[group]).T)
    nearest = np.lexsort((distance, group))[np.cumsum(size) - size]
    astray = distance[nearest] > 1.0
    yx[astray] = found.at[nearest[astray]]
    score = np.zeros(n)
    np.maximum.at(score, group, np.clip(found.raw, 0.0, 1.0))
    leaks, rises = (np.bincount(group, flag, n) > 0 for flag in (found.leaks, found.rises))
    real = rises & ~leaks
    return yx[real], score[real], found.smooth[nearest][real]


def _touching(found: _Pixels) -> tuple[int, NDArray[np.int64]]:
    """Give each pixel the number of its top: pixels that touch are equal."""
    flat = np.flatnonzero(found.flat)
    at = found.at[flat]
    width = int(at[:, 1].max(initial=0)) + 2
    key = at[:, 0] * width + at[:, 1]
    links = []
    for step in (1, width - 1, width, width + 1):
        j = np.minimum(np.searchsorted(key, key + step), len(key) - 1)
        i = np.flatnonzero(key[j] == key + step)
        links.append(np.stack([flat[i], flat[j[i]]]))
    i, j = np.concatenate(links, axis=1)
    graph = coo_matrix((np.ones(len(i), np.int8), (i, j)), shape=(len(found.at),) * 2)
    n, group = connected_components(graph, directed=False)
    return int(n), group.astype(np.int64)
