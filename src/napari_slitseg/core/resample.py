"""Resample any window of an image so that windows agree with the whole, to the last bit.

Pixel centres are at integers and pixel edges at halves, so an image edge stays an image edge:
``y_out = (y_in + 0.5) * scale - 0.5``. The kernel is a triangle, one input pixel wide on either
side when the image grows (linear interpolation) and one output pixel wide when it shrinks
(area-weighted, no aliasing). Beyond its edge an image goes on as its mirror.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float32]
Window = tuple[slice, slice]

_ROUNDING = 1e-9


def scaled_length(length: int, scale: float) -> int:
    """Pixels of the resampled axis that cover every pixel of the input axis.

    Parameters
    ----------
    length : int
        Input pixels, >= 1.
    scale : float
        Output pixels for one input pixel, > 0.
    """
    return max(1, math.ceil(length * scale - _ROUNDING))


def reach_px(scale: float) -> int:
    """Input pixels that the kernel reads on either side of an output pixel's centre."""
    return 0 if scale == 1 else math.ceil(max(1.0, 1 / scale))


def support(start: int, stop: int, scale: float, length: int) -> tuple[int, int]:
    """Interval ``[first, last)`` of the input that the outputs ``[start, stop)`` read.

    Parameters
    ----------
    start, stop : int
        Interval of the output axis; it may lie outside the image, where the mirror is read.
    scale : float
        Output pixels for one input pixel.
    length : int
        Pixels of the whole input axis.

    Returns
    -------
    tuple of int
        Within ``[0, length]``.
    """
    if scale == 1 and start >= 0 and stop <= length:
        return start, stop
    index = _taps(start, stop, scale, length)[0]
    return int(index.min()), int(index.max()) + 1


def resample(
    window: Floats,
    origin: tuple[int, int],
    shape: tuple[int, int],
    out: Window,
    scale: float | tuple[float, float],
) -> Floats:
    """Resample one window of an image.

    Parameters
    ----------
    window : (h, w) float32
        Part of the image that holds at least the ``support`` of ``out``.
    origin : tuple of int
        Place (y, x) of the window's first pixel in the image, px.
    shape : tuple of int
        (H, W) of the whole image, px.
    out : tuple of slice
        Wanted window of the resampled image, px; it may reach beyond it into the mirror.
    scale : float or tuple of float
        Output pixels for one input pixel, along both axes or (y, x). 1 copies the pixels as they
        are.

    Returns
    -------
    (h', w') float32
        At scale 1 a view of ``window`` where no pixel is mirrored.

    Raises
    ------
    ValueError
        If ``window`` lacks pixels that ``out`` reads.
    """
    scales = scale if isinstance(scale, tuple) else (scale, scale)
    rows, columns = (_Axis(*axis) for axis in zip(out, origin, shape, scales, strict=True))
    if scales == (1.0, 1.0):
        return rows.picked(columns.picked(window.T).T)
    half = rows.matrix(window.shape[0]) @ window
    return np.ascontiguousarray((columns.matrix(window.shape[1]) @ half.T).T, np.float32)


class _Axis:
    """One axis of a window: which input pixels each output pixel reads."""

    def __init__(self, out: slice, origin: int, length: int, scale: float) -> None:
        self.out, self.origin, self.length, self.scale = out, origin, length, scale

    def picked(self, window: Floats) -> Floats:
        """Rows of a window at scale 1, a view where none is mirrored."""
        if self.out.start >= 0 and self.out.stop <= self.length:
            return window[self.out.start - self.origin : self.out.stop - self.origin]
        index = mirrored(np.arange(self.out.start, self.out.stop), self.length)
        return window[index - self.origin]

    def matrix(self, n_rows: int) -> sparse.csr_array:
        """Sparse (outputs, n_rows) matrix of kernel weights, float32."""
        index, weight = _taps(self.out.start, self.out.stop, self.scale, self.length)
        n_out, n_taps = index.shape
        if index.min() < self.origin or index.max() >= self.origin + n_rows:
            raise ValueError(
                f"resampling pixels {self.out.start} to {self.out.stop} reads input pixels "
                f"{index.min()} to {index.max()}, but the window holds only {self.origin} to "
                f"{self.origin + n_rows - 1}"
            )
        starts = np.arange(n_out + 1) * n_taps
        flat = (weight.ravel(), (index - self.origin).ravel(), starts)
        return sparse.csr_array(flat, shape=(n_out, n_rows))


def mirrored(index: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Fold indices outside ``[0, length)`` back in, the edge pixel repeated once."""
    folded = np.mod(index, 2 * length)
    result: NDArray[np.int64] = np.minimum(folded, 2 * length - 1 - folded)
    return result


def _taps(
    start: int, stop: int, scale: float, length: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Input index and weight (outputs, taps) of each output; depends on nothing but its place."""
    centre = (np.arange(start, stop) + 0.5) / scale - 0.5
    reach = max(1.0, 1 / scale)
    first = np.floor(centre - reach).astype(np.int64) + 1
    index = first[:, None] + np.arange(math.ceil(2 * reach))
    weight = np.clip(1 - np.abs(index - centre[:, None]) / reach, 0, None)
    weight /= weight.sum(axis=1, keepdims=True)
    return mirrored(index, length), weight.astype(np.float32)
