"""Slits as blobs of a probability map of any size, in place and in scale.

The map is read and searched block by block; what counts beside the best response of the whole map,
and which blobs overlap, is decided once for all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from napari_slitseg.core.detection.blocks import (
    Box,
    boxes,
    check_not_negative,
    checked_shape,
    grow,
    read,
)
from napari_slitseg.core.detection.peaks import Detections
from napari_slitseg.core.detection.scale_maxima import Maxima, find_maxima
from napari_slitseg.core.detection.scales import ScaleSpace

__all__ = ["FLOOR", "FLOOR_OF_DETERMINANT", "find_dog", "find_doh", "find_log"]

FLOOR = 0.01
"""Lowest response to `find_log` and `find_dog`: what is flat may answer up to 0.005."""

FLOOR_OF_DETERMINANT = (FLOOR / 2) ** 2
"""Lowest response to `find_doh`: that of the same Gaussian dot."""

_MIN_SIGMA_PX = 0.7  # narrower kernels miss the Gaussian between the pixels

_Floats = NDArray[np.float64]


def find_log(  # noqa: PLR0913
    probability: NDArray[np.generic],
    *,
    min_sigma_px: float = 1.0,
    max_sigma_px: float = 4.0,
    n_sigma: int = 7,
    log_scale: bool = False,
    response: float = 0.1,
    relative_response: float = 0.0,
    overlap: float = 0.5,
    border_px: float = 0.0,
    block_px: int = 512,
) -> Detections:
    """Find dots as maxima of the Laplacian of Gaussian, in place and in scale.

    Parameters
    ----------
    probability : (H, W) array of float
        Probabilities in [0, 1], any float precision. Anything that slices like an array will do
        (`numpy.memmap`, dask, zarr). NaN counts as 0: nothing is found where nothing is known.
    min_sigma_px, max_sigma_px : float
        Narrowest and widest Gaussian, px; a disc of radius r answers most to r / sqrt(2). Less
        than 0.7 px is taken as that.
    n_sigma : int
        Number of Gaussians; one where the narrowest is the widest.
    log_scale : bool
        Space the Gaussians by equal ratios rather than by equal steps.
    response : float
        Responses must exceed it, and `FLOOR` in any case. A disc of height h answers 2/e h, a
        Gaussian dot 1/2 h: the default finds Gaussian dots from a height of 0.2 on.
    relative_response : float
        Responses must also exceed this part of the highest in the map; the stricter one counts.
    overlap : float
        Of two blobs that share more than this part of the smaller disc, the smaller goes.
    border_px : float
        Drop detections closer than this to the edge of the map (centre of its outermost pixels).
    block_px : int
        The map is read in blocks of this side, or as wide as their halo of 4 `max_sigma_px` where
        that is more, px. What is found does not depend on it.

    Returns
    -------
    Detections
        Best first, not yet thinned by a threshold on the score or a distance. The score is the
        highest unsmoothed probability in the 3 x 3 pixels around the maximum, as for peaks; equal
        scores are ordered by response.

    Raises
    ------
    ValueError
        If the map is not two-dimensional or leaves [0, 1], or for a setting outside its range.

    Notes
    -----
    The blobs are those of `napari_slitseg.core.detection.scale_space.blob_log` in float32.
    Responses of the same pixel from two blocks agree to some 1e-7.
    """
    scales = _scales(min_sigma_px, max_sigma_px, n_sigma)
    space = ScaleSpace.log(*scales, log_scale=log_scale)
    search = _Search(space, response, relative_response, FLOOR)
    blobs = _found(probability, search, block_px)
    return blobs.detections(overlap, border_px)


def find_dog(  # noqa: PLR0913
    probability: NDArray[np.generic],
    *,
    min_sigma_px: float = 1.0,
    max_sigma_px: float = 4.0,
    sigma_ratio: float = 1.6,
    response: float = 0.1,
    relative_response: float = 0.0,
    overlap: float = 0.5,
    border_px: float = 0.0,
    block_px: int = 512,
) -> Detections:
    """Find dots as maxima of the difference of Gaussians: as `find_log`, with fewer filters.

    Each Gaussian is `sigma_ratio` times as wide as the one before. A disc of radius 1.9 px and
    height h answers about h / 2.
    """
    narrowest, widest, _ = _scales(min_sigma_px, max_sigma_px)
    space = ScaleSpace.dog(narrowest, widest, sigma_ratio)
    search = _Search(space, response, relative_response, FLOOR)
    blobs = _found(probability, search, block_px)
    return blobs.detections(overlap, border_px)


def find_doh(  # noqa: PLR0913
    probability: NDArray[np.generic],
    *,
    min_sigma_px: float = 1.0,
    max_sigma_px: float = 4.0,
    n_sigma: int = 7,
    log_scale: bool = False,
    response: float = 0.0025,
    relative_response: float = 0.0,
    overlap: float = 0.5,
    border_px: float = 0.0,
    block_px: int = 512,
) -> Detections:
    """Find dots as maxima of the determinant of the Hessian: as `find_log`, but not on lines.

    The response is quadratic in the map: a Gaussian dot of height h answers h^2 / 16, so that the
    default finds the same dots as that of `find_log`. Pits are left out. Dots closer than some 6 px
    may become one: a wide Gaussian over both answers as much as a narrow one over each.
    """
    scales = _scales(min_sigma_px, max_sigma_px, n_sigma)
    space = ScaleSpace.doh(*scales, log_scale=log_scale, bright_only=True)
    search = _Search(space, response, relative_response, FLOOR_OF_DETERMINANT)
    blobs = _found(probability, search, block_px)
    return blobs.detections(overlap, border_px)


@dataclass(frozen=True)
class _Found:
    """Maxima of a whole map, best response first, each with its score."""

    space: ScaleSpace
    shape: tuple[int, int]
    maxima: Maxima
    score: _Floats

    def detections(self, overlap: float, border_px: float) -> Detections:
        """Return what is left without overlaps and borders, best score first."""
        if not 0 <= overlap <= 1:
            raise ValueError(f"overlap must lie in [0, 1], got {overlap}.")
        check_not_negative(border_px=border_px)
        kept = self.space.apart(self.maxima, overlap)
        yx = self.space.blobs(self.maxima, self.shape, refine=True).yx
        inside = (yx >= border_px) & (yx <= np.array(self.shape) - 1 - border_px)
        kept &= inside.all(axis=1)
        response = self.maxima.response
        order = np.lexsort((yx[:, 1], yx[:, 0], -response, -self.score))
        order = order[kept[order]]
        return Detections(yx[order], self.score[order])


class _Search:
    """Maxima block by block, above a threshold that grows with the highest response so far."""

    def __init__(self, space: ScaleSpace, response: float, relative: float, floor: float) -> None:
        check_not_negative(response=response, relative_response=relative)
        self.space = space
        self.threshold = max(response, floor)
        self._relative = relative

    def blocks(
        self, probability: NDArray[np.generic], shape: tuple[int, int], block_px: int
    ) -> Iterator[tuple[Maxima, _Floats]]:
        """Yield the maxima of each block and their scores."""
        halo_px = self.space.reach_px + 1
        for box in boxes(shape, block_px, halo_px):
            around = grow(box, halo_px, shape)
            window = read(probability, around)
            if window.max() > self.threshold**self.space.power:
                yield self._maxima(window, box, around)

    def _maxima(self, window: NDArray[np.float32], box: Box, around: Box) -> tuple[Maxima, _Floats]:
        cube = self.space.responses(torch.from_numpy(window)[None])
        (y0, y1, x0, x1), corner = box, np.array([around[0], around[2]])
        if self._relative:
            own = cube[:, x0 - corner[1] : x1 - corner[1], y0 - corner[0] : y1 - corner[0]]
            self.threshold = max(self.threshold, self._relative * float(own.max()))
        found = find_maxima(cube, self.threshold)
        score = _highest_around(window, found.yx)
        found = replace(found, yx=found.yx + corner)
        mine = np.all((found.yx >= (y0, x0)) & (found.yx < (y1, x1)), axis=1)
        return found.take(mine), score[mine]


def _found(probability: NDArray[np.generic], search: _Search, block_px: int) -> _Found:
    shape = checked_shape(probability)
    parts = list(search.blocks(probability, shape, block_px))
    maxima = Maxima.joined([part for part, _ in parts])
    score = np.concatenate([np.zeros(0), *(score for _, score in parts)])
    order = maxima.order()
    order = order[maxima.response[order] > search.threshold]
    return _Found(search.space, shape, maxima.take(order), score[order])


def _highest_around(window: NDArray[np.float32], yx: NDArray[np.int64]) -> _Floats:
    """Return the highest of the up to nine values around each pixel, in [0, 1]."""
    height, width = window.shape
    steps = np.arange(-1, 2)
    y = np.clip(yx[:, 0, None, None] + steps[:, None], 0, height - 1)
    x = np.clip(yx[:, 1, None, None] + steps, 0, width - 1)
    highest: _Floats = np.clip(window[y, x].max(axis=(1, 2), initial=0), 0, 1).astype(np.float64)
    return highest


def _scales(min_sigma_px: float, max_sigma_px: float, n_sigma: int = 1) -> tuple[float, float, int]:
    """Return the range of scales that a grid of pixels can show, and their number."""
    if not 0 < min_sigma_px <= max_sigma_px < np.inf:
        raise ValueError(
            "min_sigma_px must be above 0 and not above max_sigma_px, got "
            f"min_sigma_px={min_sigma_px}, max_sigma_px={max_sigma_px}."
        )
    narrowest, widest = max(min_sigma_px, _MIN_SIGMA_PX), max(max_sigma_px, _MIN_SIGMA_PX)
    return narrowest, widest, n_sigma if narrowest < widest else min(n_sigma, 1)
