"""Separable correlations with Gaussians and their derivatives, for a batch of images at once.

An axis is cut into short blocks, each with the pixels its kernel reaches. A pass is then one
batched product of a small banded matrix with views of the image, for all blocks together.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

TRUNCATE = 4.0
"""Kernels end at this many standard deviations, as scipy's do."""

_BLOCK = 16  # fastest of 8 ... 64 on a processor

_Kernel = NDArray[np.float64]


def radius_px(sigma: float) -> int:
    """Return how far the kernel of a Gaussian reaches, px."""
    return int(TRUNCATE * sigma + 0.5)


def gaussian_kernel(sigma: float, order: int) -> _Kernel:
    """Return the weights of a Gaussian, or of its first or second derivative, to correlate with.

    Sampled at whole pixels, and the Gaussian scaled to a sum of 1, as scipy does.
    """
    radius = radius_px(sigma)
    x = np.arange(-radius, radius + 1, dtype=np.float64)
    gaussian = np.exp(-0.5 / sigma**2 * x**2)
    gaussian /= gaussian.sum()
    factor = (np.ones_like(x), x / sigma**2, x**2 / sigma**4 - 1 / sigma**2)[order]
    kernel: _Kernel = factor * gaussian
    return kernel


class Separable:
    """A batch of images, mirrored at the edges, and passes of kernels over it.

    Parameters
    ----------
    images : (B, H, W) tensor of float
        Images, none of their sides 0.
    reach_px : int
        Largest radius of the kernels to come.
    """

    def __init__(self, images: Tensor, reach_px: int) -> None:
        _, self._height, self._width = images.shape
        self._reach = reach_px
        rows = _mirrored(self._height, reach_px, images.device)
        columns = _mirrored(self._width, reach_px, images.device)
        self._padded = images.transpose(0, 1).index_select(0, rows).index_select(2, columns)

    def cube(self, n: int) -> Tensor:
        """Return an empty (n, W', H, B) tensor for results of `across`; W' is at least W."""
        blocks = -(-self._width // _BLOCK)
        batch = self._padded.shape[1]
        return self._padded.new_empty((n, blocks * _BLOCK, self._height, batch))

    def cropped(self, cube: Tensor) -> Tensor:
        """Return the (n, W, H, B) part of a cube that lies in the images."""
        return cube[:, : self._width]

    def down(self, kernel: _Kernel) -> Tensor:
        """Correlate along y; the result is for `across`."""
        stack = self._padded.flatten(1)
        done = torch.bmm(*self._factors(stack, kernel, self._height)).view(-1, stack.shape[1])
        return done[: self._height].view(-1, self._padded.shape[2])

    def across(self, rows: Tensor, kernel: _Kernel, out: Tensor, *, add: bool = False) -> None:
        """Correlate the result of `down` along x into `out`, (W', H, B), or add it there."""
        band, windows = self._factors(rows.t(), kernel, self._width)
        blocks = out.view(len(windows), _BLOCK, rows.shape[0])
        torch.baddbmm(blocks, band, windows, beta=float(add), out=blocks)

    def _factors(self, stack: Tensor, kernel: _Kernel, length: int) -> tuple[Tensor, Tensor]:
        """Return the banded matrix and the windows of the stack, cut along its first axis."""
        kernel = _folded(kernel, length)
        radius = len(kernel) // 2
        spare = min(self._reach, length) - radius
        reached = stack[spare : len(stack) - spare]
        windows = reached.unfold(0, _BLOCK + 2 * radius, _BLOCK).transpose(1, 2)
        band = torch.as_tensor(_banded(kernel), dtype=stack.dtype, device=stack.device)
        return band.expand(len(windows), -1, -1), windows


def _mirrored(length: int, reach_px: int, device: torch.device) -> Tensor:
    """Return where to read so that an axis goes on mirrored, its edge pixels twice.

    It does so for the reach, or for its length: from there on it repeats itself (`_folded`).
    """
    blocks = -(-length // _BLOCK)
    reach_px = min(reach_px, length)
    at = np.arange(-reach_px, blocks * _BLOCK + reach_px) % (2 * length)
    return torch.as_tensor(np.minimum(at, 2 * length - 1 - at), device=device)


def _folded(kernel: _Kernel, length: int) -> _Kernel:
    """Return the kernel of at most this radius that does the same to an axis of this length.

    Mirrored at both ends, an axis has a period of twice its length.
    """
    radius = len(kernel) // 2
    if radius <= length:
        return kernel
    at = np.arange(-radius, radius + 1) % (2 * length)
    period = np.roll(np.bincount(at, kernel, 2 * length), length)
    return np.append(period, 0.0)


def _banded(kernel: _Kernel) -> _Kernel:
    band = np.zeros((_BLOCK, _BLOCK + len(kernel) - 1))
    for row in range(_BLOCK):
        band[row, row : row + len(kernel)] = kernel
    return band
