"""The scales of a detector, the responses of images at them, and maxima there as blobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_slitseg.core.detection.pruning import without_overlap
from napari_slitseg.core.detection.responses import determinants, differences, laplacians
from napari_slitseg.core.detection.scale_maxima import Maxima, offsets
from napari_slitseg.core.detection.separable import radius_px

_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Blobs:
    """Blobs of one image, best first.

    Attributes
    ----------
    yx : (N, 2) array of float64
        Centres, px, pixel centres at integers.
    sigma : (N,) array of float64
        Standard deviation of the Gaussian that answered most, px. A disc answers most to its
        radius / sqrt(2), a Gaussian dot to its own; `blob_dog` gives the narrower of the two
        Gaussians.
    response : (N,) array of float64
        Response at the pixel and scale of the maximum.
    """

    yx: _Floats
    sigma: _Floats
    response: _Floats

    def __post_init__(self) -> None:
        for value in (self.yx, self.sigma, self.response):
            value.flags.writeable = False

    def __len__(self) -> int:
        return len(self.response)


@dataclass(frozen=True)
class ScaleSpace:
    """Scales, and the responses of images at them.

    Attributes
    ----------
    sigmas : (S,) array of float64
        Standard deviations, px, ascending.
    widest_px : float
        Standard deviation of the widest Gaussian, px.
    geometric : bool
        Whether the scales grow by equal ratios rather than by equal steps.
    cube : callable
        Gives (B, H, W) images their responses (S, W, H, B).
    power : float
        Power of a response that is closest to a quadratic around its maximum.
    """

    sigmas: _Floats
    widest_px: float
    geometric: bool
    cube: Callable[[Tensor], Tensor]
    power: float = 1.0

    @classmethod
    def log(
        cls, min_sigma: float, max_sigma: float, num_sigma: int, *, log_scale: bool
    ) -> ScaleSpace:
        """Return the scale space of `blob_log`."""
        sigmas = _range(min_sigma, max_sigma, num_sigma, log_scale=log_scale)
        return cls(sigmas, max_sigma, log_scale, lambda images: laplacians(images, sigmas))

    @classmethod
    def dog(cls, min_sigma: float, max_sigma: float, sigma_ratio: float) -> ScaleSpace:
        """Return the scale space of `blob_dog`."""
        _check_range(min_sigma, max_sigma)
        if not sigma_ratio > 1:
            raise ValueError(f"sigma_ratio must be above 1, got {sigma_ratio}.")
        n = int(np.log(max_sigma / min_sigma) / np.log(sigma_ratio) + 1)
        sigmas = np.array([min_sigma * sigma_ratio**i for i in range(n + 1)])

        def cube(images: Tensor) -> Tensor:
            return differences(images, sigmas, sigma_ratio)

        return cls(sigmas[:-1], sigmas[-1], geometric=True, cube=cube)

    @classmethod
    def doh(
        cls,
        min_sigma: float,
        max_sigma: float,
        num_sigma: int,
        *,
        log_scale: bool,
        bright_only: bool,
    ) -> ScaleSpace:
        """Return the scale space of `blob_doh`."""
        sigmas = _range(min_sigma, max_sigma, num_sigma, log_scale=log_scale)

        def cube(images: Tensor) -> Tensor:
            return determinants(images, sigmas, bright_only=bright_only)

        return cls(sigmas, max_sigma, log_scale, cube, power=0.5)

    def responses(self, images: Tensor) -> Tensor:
        """Return the responses of (B, H, W) images, in float32 unless they are float64."""
        dtype = torch.float64 if images.dtype == torch.float64 else torch.float32
        with torch.no_grad(), torch.autocast(images.device.type, enabled=False):
            values = images.detach().to(dtype)
            return self.cube(values.masked_fill(values.isnan(), 0))

    @property
    def reach_px(self) -> int:
        """How far from a pixel its responses depend on the image, px."""
        return radius_px(self.widest_px)

    def blobs(self, found: Maxima, shape: tuple[int, int], *, refine: bool) -> Blobs:
        """Return maxima as blobs, between the pixels and scales with `refine`."""
        if not refine:
            return Blobs(found.yx.astype(np.float64), self.sigmas[found.scale], found.response)
        offset = offsets(found.raised(self.power))
        yx = np.clip(found.yx + offset[:, 1:], 0.0, np.array(shape) - 1.0)
        return Blobs(yx, self._between(found.scale + offset[:, 0]), found.response)

    def _between(self, index: _Floats) -> _Floats:
        at = np.arange(len(self.sigmas))
        values = np.log(self.sigmas) if self.geometric else self.sigmas
        between: _Floats = np.interp(index, at, values)
        return np.exp(between) if self.geometric else between

    def apart(self, found: Maxima, overlap: float) -> NDArray[np.bool_]:
        """Return which maxima of one image do not overlap a larger one too much."""
        yx = found.yx.astype(np.float64)
        return without_overlap(yx, self.sigmas[found.scale], overlap)


def _range(min_sigma: float, max_sigma: float, n: int, *, log_scale: bool) -> _Floats:
    _check_range(min_sigma, max_sigma)
    if n < 1:
        raise ValueError(f"num_sigma must be at least 1, got {n}.")
    if log_scale:
        return np.logspace(np.log10(min_sigma), np.log10(max_sigma), n)
    return np.linspace(min_sigma, max_sigma, n)


def _check_range(min_sigma: float, max_sigma: float) -> None:
    if not 0 < min_sigma <= max_sigma < np.inf:
        raise ValueError(
            "min_sigma must be above 0 and not above max_sigma, got "
            f"min_sigma={min_sigma}, max_sigma={max_sigma}."
        )
