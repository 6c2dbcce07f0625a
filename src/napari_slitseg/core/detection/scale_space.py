"""Blob detectors on tensors, for batches on any device, named like scikit-image's.

Laplacian of Gaussian, difference of Gaussians and determinant of Hessian. The responses and their
maxima are found on the device; pruning and refinement of the few maxima follow on the processor.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from napari_slitseg.core.detection.scale_maxima import Maxima, find_maxima
from napari_slitseg.core.detection.scales import Blobs, ScaleSpace

__all__ = ["Blobs", "Border", "blob_dog", "blob_doh", "blob_log"]

Border = int | tuple[int, int]

_CUBE_LIMIT = 2**27  # responses held at a time


def blob_log(  # noqa: PLR0913
    images: Tensor,
    *,
    min_sigma: float = 1.0,
    max_sigma: float = 50.0,
    num_sigma: int = 10,
    threshold: float | None = 0.2,
    threshold_rel: float | None = None,
    overlap: float = 0.5,
    log_scale: bool = False,
    exclude_border: Border = 0,
    refine: bool = True,
) -> list[Blobs]:
    """Find bright blobs as maxima of the Laplacian of Gaussian, in place and in scale.

    Parameters
    ----------
    images : (B, H, W) tensor
        Any device; float64 is computed in float64, all else in float32. NaN counts as 0.
    min_sigma, max_sigma : float
        Narrowest and widest Gaussian, px, above 0.
    num_sigma : int
        Number of Gaussians, at least 1.
    threshold : float or None
        Responses must exceed it; None for the lowest response of the image.
    threshold_rel : float or None
        Responses must also exceed this part of the image's highest; the stricter one counts.
    overlap : float
        Of two blobs that share more than this part of the smaller disc, the smaller goes; in
        [0, 1].
    log_scale : bool
        Space the Gaussians by equal ratios rather than by equal steps.
    exclude_border : int or (int, int)
        Drop maxima within so many pixels of the edge, for both axes or for y and x.
    refine : bool
        Place each blob at the vertex of a quadratic in y, x and scale. Without, the result is that
        of scikit-image: whole pixels, and one of the scales. Which blobs there are does not depend
        on it.

    Returns
    -------
    list of Blobs
        For each image its blobs, best first.

    Raises
    ------
    ValueError
        If the images are not three-dimensional, or for a setting outside its range.

    Notes
    -----
    Response: -sigma^2 times the Laplacian; 1/2 h at the centre of a Gaussian dot of height h in
    its own scale, 2/e h for a disc. Kernels end at 4 sigma and the image is mirrored at its edges,
    as by scipy's `gaussian_laplace`. Sums are taken in another order than there. In float64 that
    changes responses by 1e-15, and the blobs are scikit-image's one for one; in float32 by 1e-6.
    Where maxima are equal but for that, as on the two halves of a flat symmetric shape, another one
    may be chosen, or both. T. Lindeberg, Feature detection with automatic scale selection, IJCV
    1998.
    """
    space = ScaleSpace.log(min_sigma, max_sigma, num_sigma, log_scale=log_scale)
    rule = _Rule(threshold, threshold_rel, overlap, exclude_border)
    return _blobs(images, space, rule, refine=refine)


def blob_dog(  # noqa: PLR0913
    images: Tensor,
    *,
    min_sigma: float = 1.0,
    max_sigma: float = 50.0,
    sigma_ratio: float = 1.6,
    threshold: float | None = 0.5,
    threshold_rel: float | None = None,
    overlap: float = 0.5,
    exclude_border: Border = 0,
    refine: bool = True,
) -> list[Blobs]:
    """Find bright blobs as maxima of differences of Gaussians, in place and in scale.

    As `blob_log`, but each Gaussian is `sigma_ratio` times as wide as the one before (above 1), up
    to the first that is wider than `max_sigma`, and the response is the difference of two
    neighbours over ``sigma_ratio - 1``. Agrees with scikit-image as `blob_log` does. D. Lowe,
    Distinctive image features from scale-invariant keypoints, IJCV 2004.
    """
    space = ScaleSpace.dog(min_sigma, max_sigma, sigma_ratio)
    rule = _Rule(threshold, threshold_rel, overlap, exclude_border)
    return _blobs(images, space, rule, refine=refine)


def blob_doh(  # noqa: PLR0913
    images: Tensor,
    *,
    min_sigma: float = 1.0,
    max_sigma: float = 30.0,
    num_sigma: int = 10,
    threshold: float | None = 0.01,
    threshold_rel: float | None = None,
    overlap: float = 0.5,
    log_scale: bool = False,
    exclude_border: Border = 0,
    bright_only: bool = False,
    refine: bool = True,
) -> list[Blobs]:
    """Find blobs as maxima of the determinant of the Hessian, in place and in scale.

    As `blob_log`, bright and dark blobs alike; `bright_only` keeps to bright ones.

    Notes
    -----
    Response: sigma^4 times the determinant of the Hessian of the image, from derivatives of
    Gaussians; h^2 / 16 at the centre of a Gaussian dot of height h in its own scale. scikit-image
    has box filters on an integral image instead (Bay et al., SURF, CVIU 2008), which put every
    blob 0.5 to 1 px too far up and to the left, and which fail where the image is negative: its
    sums over boxes are never below 0.
    """
    space = ScaleSpace.doh(
        min_sigma, max_sigma, num_sigma, log_scale=log_scale, bright_only=bright_only
    )
    rule = _Rule(threshold, threshold_rel, overlap, exclude_border)
    return _blobs(images, space, rule, refine=refine)


class _Rule:
    """Which maxima count."""

    def __init__(
        self,
        threshold: float | None,
        threshold_rel: float | None,
        overlap: float,
        exclude_border: Border,
    ) -> None:
        both = exclude_border if isinstance(exclude_border, tuple) else (exclude_border,) * 2
        if len(both) != 2 or min(both) < 0:
            raise ValueError(f"exclude_border must be one or two sizes in px, got {both}.")
        if not 0 <= overlap <= 1:
            raise ValueError(f"overlap must lie in [0, 1], got {overlap}.")
        self._absolute, self._relative = threshold, threshold_rel
        self._border = both
        self.overlap = overlap

    def maxima(self, cube: Tensor) -> Maxima:
        """Return the maxima of a cube of responses that are above the thresholds and inside."""
        found = find_maxima(cube, self._threshold(cube))
        width, height = cube.shape[1:3]
        border = np.array(self._border)
        inside = (found.yx >= border) & (found.yx < np.array([height, width]) - border)
        return found.take(inside.all(axis=1))

    def _threshold(self, cube: Tensor) -> Tensor | float:
        absolute = cube.amin((0, 1, 2)) if self._absolute is None else self._absolute
        if self._relative is None:
            return absolute
        return (cube.amax((0, 1, 2)) * self._relative).clamp(min=absolute)


def _blobs(images: Tensor, space: ScaleSpace, rule: _Rule, *, refine: bool) -> list[Blobs]:
    if images.ndim != 3:
        raise ValueError(f"images must have the shape (B, H, W), got {tuple(images.shape)}.")
    if not images.numel():
        empty = Maxima.none()
        return [space.blobs(empty, (1, 1), refine=refine) for _ in images]
    volume = images[0].numel() * (len(space.sigmas) + 1)
    found: list[Blobs] = []
    for part in torch.split(images, max(1, _CUBE_LIMIT // volume)):
        found += _blobs_of_part(part, space, rule, refine=refine)
    return found


def _blobs_of_part(images: Tensor, space: ScaleSpace, rule: _Rule, *, refine: bool) -> list[Blobs]:
    shape = images.shape[1], images.shape[2]
    maxima = rule.maxima(space.responses(images))
    by_image = [maxima.take(maxima.image == i) for i in range(len(images))]
    apart = [each.take(space.apart(each, rule.overlap)) for each in by_image]
    return [space.blobs(each, shape, refine=refine) for each in apart]
