"""Training targets drawn from annotated points, at sub-pixel centres."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Image = NDArray[np.float32]
Profile = Callable[[NDArray[np.float64]], NDArray[Any]]


def dots(points: ArrayLike, shape: tuple[int, int], radius_px: float) -> Image:
    """Draw discs.

    Parameters
    ----------
    points : (N, 2)
        Centres (y, x), px; may lie outside the image.
    shape : (height, width)
        Size of the target, px.
    radius_px : float
        A pixel belongs to a disc when its centre lies within this distance, inclusive.

    Returns
    -------
    (H, W) float32
        1 in the discs, 0 elsewhere.

    Raises
    ------
    ValueError
        If the radius is not positive or the points are not (N, 2) and finite.
    """
    return _draw(points, shape, radius_px, np.ones_like)


def heatmap(points: ArrayLike, shape: tuple[int, int], sigma_px: float) -> Image:
    """Draw Gaussians of height 1; where they overlap the larger value counts.

    Parameters
    ----------
    points : (N, 2)
        Centres (y, x), px; may lie outside the image.
    shape : (height, width)
        Size of the target, px.
    sigma_px : float
        Standard deviation; cut off at 4 sigma.

    Returns
    -------
    (H, W) float32
        Values in [0, 1].

    Raises
    ------
    ValueError
        If sigma is not positive or the points are not (N, 2) and finite.
    """
    return _draw(points, shape, 4 * sigma_px, lambda square: np.exp(-square / (2 * sigma_px**2)))


def _draw(points: ArrayLike, shape: tuple[int, int], reach_px: float, profile: Profile) -> Image:
    target = np.zeros(shape, dtype=np.float32)
    for window, square in _windows(_checked(points), shape, reach_px):
        spot = np.where(square <= reach_px**2, profile(square), 0)
        np.maximum(target[window], spot, out=target[window], casting="same_kind")
    return target


def _windows(
    yx: NDArray[np.float64], shape: tuple[int, int], reach_px: float
) -> Iterator[tuple[tuple[slice, slice], NDArray[np.float64]]]:
    """Give each point's window of the image and the squared distances in it."""
    if not reach_px > 0:
        raise ValueError(f"the size of a spot must be positive, not {reach_px:g} px")
    low = np.maximum(np.ceil(yx - reach_px), 0).astype(int)
    high = np.minimum(np.floor(yx + reach_px) + 1, shape).astype(int)
    for (y, x), (top, left), (bottom, right) in zip(yx, low, high, strict=True):
        if top < bottom and left < right:
            rows = np.arange(top, bottom)[:, None] - y
            columns = np.arange(left, right)[None] - x
            yield (slice(top, bottom), slice(left, right)), rows**2 + columns**2


def _checked(points: ArrayLike) -> NDArray[np.float64]:
    yx = np.asarray(points, dtype=np.float64)
    if yx.size == 0:
        return yx.reshape(0, 2)
    if yx.ndim != 2 or yx.shape[1] != 2 or not np.isfinite(yx).all():
        raise ValueError(f"points must be finite and of shape (N, 2), not {yx.shape}")
    return yx
