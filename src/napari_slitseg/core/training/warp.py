"""One transformation of a patch for its pixels, its masks and its points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_slitseg.core.resample import mirrored
from napari_slitseg.core.training.deformation import Deformation

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]

_SMOOTHING_REACH: Final = 3.0


@dataclass(frozen=True, eq=False)
class Warp:
    """Where in an image each place of a patch lies: moved a little, turned, scaled, shifted.

    Attributes
    ----------
    middle_yx : (2,) float64
        Place of the image in the middle of the patch, px.
    matrix : (2, 2) float64
        From distances in the patch to distances in the image.
    deformation : Deformation
        Displacements within the patch, before the matrix.
    """

    middle_yx: Doubles
    matrix: Doubles
    deformation: Deformation

    @property
    def patch_px(self) -> int:
        """Side of the patch."""
        return self.deformation.patch_px

    def places(self) -> tuple[Doubles, Doubles]:
        """Places (S, S) in y and in x, px of the image, of the pixels of the patch."""
        offset = np.arange(self.patch_px) - (self.patch_px - 1) / 2
        down, across = np.broadcast_arrays(offset[:, None], offset[None, :])
        if not self.deformation.is_none:
            moved_y, moved_x = self.deformation.on_grid()
            down, across = down + moved_y, across + moved_x
        y, x = (
            self.middle_yx[axis] + self.matrix[axis, 0] * down + self.matrix[axis, 1] * across
            for axis in (0, 1)
        )
        return y, x

    def to_patch(self, image_yx: Doubles, margin_px: float = 0.0) -> Doubles:
        """Bring points of the image to the patch, and drop those outside it.

        Parameters
        ----------
        image_yx : (N, 2) float64
            Points, px of the image.
        margin_px : float
            How far outside the patch points are still kept.

        Returns
        -------
        (M, 2) float64
        """
        half = (self.patch_px - 1) / 2
        inverse = np.linalg.inv(self.matrix)
        off_yx = image_yx - self.middle_yx
        straight = np.stack([off_yx @ inverse[0], off_yx @ inverse[1]], axis=-1) + half
        farthest = float(np.abs(self.deformation.control).max()) + margin_px
        near = self.deformation.undone(straight[self._inside(straight, farthest)])
        return near[self._inside(near, margin_px)]

    def _inside(self, yx: Doubles, margin_px: float) -> NDArray[np.bool_]:
        low, high = -0.5 - margin_px, self.patch_px - 0.5 + margin_px
        inside: NDArray[np.bool_] = (yx >= low) & (yx < high)
        return inside[:, 0] & inside[:, 1]


@dataclass(frozen=True, eq=False)
class Sampler:
    """Reads images at the places of a patch; beyond its border an image goes on as its mirror.

    Attributes
    ----------
    y, x : (S, S) float64
        Places, px of the image.
    shape : tuple of int
        (H, W) of the image.
    """

    y: Doubles
    x: Doubles
    shape: tuple[int, int]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which places lie on the image, (S, S)."""
        height, width = self.shape
        on_rows = (self.y >= -0.5) & (self.y < height - 0.5)
        inside: NDArray[np.bool_] = on_rows & (self.x >= -0.5) & (self.x < width - 0.5)
        return inside

    def read(self, image: Floats, smoothing_px: float = 0.0) -> Floats:
        """Interpolate linearly, (S, S) float32, after a Gaussian of ``smoothing_px``."""
        margin = math.ceil(_SMOOTHING_REACH * smoothing_px)
        window, top, left = self._window(image, margin)
        if smoothing_px:
            window = ndimage.gaussian_filter(window, smoothing_px, truncate=_SMOOTHING_REACH)
        (row, down), (column, across) = self._parts
        width = window.shape[1]
        first = (row - top) * width + (column - left)
        upper, lower = (_between(window, first + step, across) for step in (0, width))
        result: Floats = upper + down * (lower - upper)
        return result

    @cached_property
    def _parts(self) -> tuple[tuple[NDArray[np.intp], Floats], ...]:
        """Pixel above and to the left of each place, and how far beyond it the place lies."""
        whole = (np.floor(self.y), np.floor(self.x))
        return tuple(
            (pixel.astype(np.intp), (at - pixel).astype(np.float32))
            for at, pixel in zip((self.y, self.x), whole, strict=True)
        )

    def _window(self, image: Floats, margin: int) -> tuple[Floats, int, int]:
        """Part of the image that is read, and its first row and column."""
        rows, columns = (
            np.arange(math.floor(at.min()) - margin, math.floor(at.max()) + margin + 2)
            for at in (self.y, self.x)
        )
        height, width = self.shape
        picked = image[:height, :width]
        if rows[0] >= 0 and columns[0] >= 0 and rows[-1] < height and columns[-1] < width:
            picked = picked[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        else:
            picked = picked[np.ix_(mirrored(rows, height), mirrored(columns, width))]
        return np.ascontiguousarray(picked), int(rows[0]), int(columns[0])


def _between(window: Floats, first: NDArray[np.intp], share: Floats) -> Floats:
    flat = window.ravel()
    one, other = flat.take(first), flat.take(first + 1)
    result: Floats = one + share * (other - one)
    return result
