"""How much each pixel looks like the centre of a blob, scale by scale.

Every function takes (B, H, W) images and returns a cube of (scale, x, y, image), the order in
which the passes of `Separable` leave it.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from napari_slitseg.core.detection.separable import Separable, gaussian_kernel, radius_px

_Sigmas = NDArray[np.float64]


def laplacians(images: Tensor, sigmas: _Sigmas) -> Tensor:
    """Return -sigma^2 times the Laplacian of each Gaussian-smoothed image."""
    passes = Separable(images, radius_px(max(sigmas)))
    cube = passes.cube(len(sigmas))
    for sigma, out in zip(sigmas, cube, strict=True):
        smooth, bend = gaussian_kernel(sigma, 0), -(sigma**2) * gaussian_kernel(sigma, 2)
        passes.across(passes.down(smooth), bend, out)
        passes.across(passes.down(bend), smooth, out, add=True)
    return passes.cropped(cube)


def differences(images: Tensor, sigmas: _Sigmas, ratio: float) -> Tensor:
    """Return each Gaussian-smoothed image minus the next, over ratio - 1; one less than sigmas."""
    passes = Separable(images, radius_px(max(sigmas)))
    cube = passes.cube(len(sigmas))
    for sigma, out in zip(sigmas, cube, strict=True):
        smooth = gaussian_kernel(sigma, 0)
        passes.across(passes.down(smooth / (ratio - 1)), smooth, out)
    for here, wider in pairwise(cube):
        here.sub_(wider)
    return passes.cropped(cube[:-1])


def determinants(images: Tensor, sigmas: _Sigmas, *, bright_only: bool) -> Tensor:
    """Return sigma^4 times the determinant of the Hessian of each Gaussian-smoothed image.

    With `bright_only` it is 0 where the image is a pit rather than a hill.
    """
    passes = Separable(images, radius_px(max(sigmas)))
    cube = passes.cube(len(sigmas))
    xx, xy = passes.cube(2)
    for sigma, out in zip(sigmas, cube, strict=True):
        smooth, slope, bend = (sigma**k * gaussian_kernel(sigma, k) for k in range(3))
        passes.across(passes.down(bend), smooth, out)
        passes.across(passes.down(smooth), bend, xx)
        passes.across(passes.down(slope), slope, xy)
        out.mul_(xx).addcmul_(xy, xy, value=-1)
        if bright_only:
            out.mul_(xx.neg_().sign_().clamp_(min=0))
    return passes.cropped(cube)
