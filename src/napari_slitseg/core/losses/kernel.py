"""Distances between predicted mass and points by kernels: multi-scale MMD and energy distance.

Predicted mass is probability divided by the area of a full dot, so that one slit has mass 1.
Both losses are exact double sums over all pairs. Their gradients are the potentials that their
values need anyway, so the backward pass costs nothing; second derivatives are not available.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from napari_slitseg.core.losses.target import (
    at_least_one,
    checked_points,
    distances_between,
    full_precision,
    pad_points,
)

_POINTS_AT_ONCE = 4


@full_precision
def mmd(
    logits: Tensor,
    points: Sequence[Tensor],
    *,
    sigmas_px: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0),
    area_px: float = 11.34,
) -> Tensor:
    r"""Return the squared maximum mean discrepancy of predicted mass and points.

    .. math:: \frac{1}{n} \operatorname{mean}_s 4 \pi s^2 \| G_s * (p / A - \sum_g \delta_g) \|^2

    The plane is unbounded: nothing is reflected or wrapped at the borders. Then the norm at scale
    s is exactly the sum over all pairs of masses of :math:`\exp(-d^2 / 4 s^2)`, which factors into
    rows and columns; it is summed in full, without a pyramid or other approximation.

    Parameters
    ----------
    logits : (B, 1, H, W) tensor
    points : sequence of (N, 2) tensors
        (y, x) px, one tensor an image; N may be 0.
    sigmas_px : tuple of float
        Standard deviations s of the Gaussians, px. Large ones reach far, small ones are exact.
    area_px : float
        Area A of one full dot, px².

    Returns
    -------
    scalar tensor
        Mean over images, at least 0. A lone missed slit, or a lone surplus point-like mass of 1,
        costs 1. n is the number of points of an image, or 1 where there are none: then what is
        left is the cost of the predicted mass.

    Raises
    ------
    ValueError
        If a point is outside the image or the shapes do not fit.

    References
    ----------
    Gretton et al., A kernel two-sample test, JMLR 13 (2012).
    """
    yx, real = pad_points(checked_points(points, logits))
    mass = torch.sigmoid(logits[:, 0]) / area_px
    with torch.no_grad():
        parts = [_gaussian_potentials(mass, yx, real, sigma) for sigma in sigmas_px]
        own, drawn, pairs = (sum(part) / len(parts) for part in zip(*parts, strict=True))
    return (_squared_norm(mass, own, drawn, pairs) / at_least_one(real)).mean()


@full_precision
def energy(
    logits: Tensor,
    points: Sequence[Tensor],
    *,
    exponent: float = 0.5,
    power: float = 2.0,
    linear_weight: float = 0.3,
    count_weight: float = 1.0,
    area_px: float = 11.34,
) -> Tensor:
    r"""Return the energy distance of mass and points as distributions, plus a count term.

    .. math:: n E_k + v n E_1 + w \log^2 \frac{1 + \sum p / A}{1 + n}, \quad
        E_k = 2 E|X - Y|^q - E|X - X'|^q - E|Y - Y'|^q

    X is drawn from the pixels in proportion to :math:`p^k`, Y from the points. The kernel is a
    power of the distance, so that the pull hardly fades with it. Where n is 0 only the count term
    is left.

    Parameters
    ----------
    logits : (B, 1, H, W) tensor
    points : sequence of (N, 2) tensors
        (y, x) px, one tensor an image; N may be 0.
    exponent : float
        Exponent q of the distance, above 0 and below 2. 1 pulls from afar as from near, but joins
        dots 4 px apart; less looks more closely.
    power : float
        Exponent k of probability. 2 keeps faint background, which is large, out of the
        distribution and lets dots move; 1 is probability as it is.
    linear_weight : float
        Weight v of the same distance with k = 1, which lets dots grow out of background.
    count_weight : float
        Weight w of the count term. 0: where mass lies matters, not how much.
    area_px : float
        Area A of one full dot, px².

    Returns
    -------
    scalar tensor
        Mean over images, at least 0. One slit displaced by d alone costs about
        :math:`2 (1 + v) d^q`.

    Raises
    ------
    ValueError
        If a point is outside the image or the shapes do not fit.

    References
    ----------
    Szekely and Rizzo, Energy statistics, J. Stat. Plan. Inference 143 (2013).
    """
    yx, real = pad_points(checked_points(points, logits))
    log_p = functional.logsigmoid(logits[:, 0])
    with torch.no_grad():
        drawn = -_distances_to_points(log_p, yx, real, exponent)
        pairs = -_mean_pair(distances_between(yx) ** exponent, real)
        kernel = _kernel_of_distance(log_p, exponent)
    bright = _distance_of_shares(power * log_p, kernel, drawn, pairs)
    faint = _distance_of_shares(log_p, kernel, drawn, pairs) if linear_weight else 0
    n = real.sum(dim=1)
    count = log_p.exp().sum((1, 2)) / area_px
    error = torch.log((1 + count) / (1 + n)).square()
    return (n * (bright + linear_weight * faint) + count_weight * error).mean()


def _distance_of_shares(
    log_weights: Tensor, kernel: Tensor, drawn: Tensor, pairs: Tensor
) -> Tensor:
    """Return the energy distance (B,) of pixels, drawn in proportion to weights, and points."""
    share = torch.softmax(log_weights.flatten(1), dim=1).view_as(log_weights)
    with torch.no_grad():
        own = -_distances_to_mass(share, kernel)
    return _squared_norm(share, own, drawn, pairs)


def _mean_pair(values: Tensor, real: Tensor) -> Tensor:
    return (values * real[:, None] * real[:, :, None]).sum((1, 2)) / at_least_one(real) ** 2


def _squared_norm(mass: Tensor, own: Tensor, drawn: Tensor, pairs: Tensor) -> Tensor:
    """Return <a, K a> - 2 <a, K b> + <b, K b>, (B,), with gradient 2 (K a - K b) by a."""
    halves = 2 * (mass * (own - drawn)) - mass.detach() * own
    return halves.sum((1, 2)) + pairs


def _gaussian_potentials(
    mass: Tensor, yx: Tensor, real: Tensor, sigma: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return potentials of mass and of points (B, H, W), and the points' own sum (B,)."""
    height, width = mass.shape[1:]
    y, x = (torch.arange(size).to(mass) for size in (height, width))
    own = _gaussian(y[:, None] - y, sigma) @ mass @ _gaussian(x[:, None] - x, sigma)
    rows = _gaussian(yx[..., :1] - y, sigma) * real[..., None]
    drawn = rows.transpose(1, 2) @ _gaussian(yx[..., 1:] - x, sigma)
    between = _gaussian(distances_between(yx), sigma)
    return own, drawn, _mean_pair(between, real) * at_least_one(real) ** 2


def _gaussian(distance: Tensor, sigma: float) -> Tensor:
    return torch.exp(-distance.square() / (4 * sigma**2))


def _kernel_of_distance(like: Tensor, exponent: float) -> Tensor:
    """Return the spectrum of the distance to a power, padded to twice the image."""
    y, x = (
        torch.minimum(offset, 2 * size - offset).to(like)
        for size in like.shape[1:]
        for offset in [torch.arange(2 * size)]
    )
    spectrum: Tensor = torch.fft.rfft2(torch.hypot(y[:, None], x[None]) ** exponent)
    return spectrum


def _distances_to_mass(share: Tensor, kernel: Tensor) -> Tensor:
    """Return the mean distance, to a power, of each pixel to the mass, (B, H, W), by FFT."""
    height, width = share.shape[1:]
    size = (2 * height, 2 * width)
    result = torch.empty_like(share)
    for image, out in zip(share, result, strict=True):
        spread = torch.fft.irfft2(torch.fft.rfft2(image, s=size) * kernel, s=size)
        out.copy_(spread[:height, :width])
    return result


def _distances_to_points(like: Tensor, yx: Tensor, real: Tensor, exponent: float) -> Tensor:
    """Return the mean distance, to a power, of each pixel to the points; 0 where none are."""
    height, width = like.shape[1:]
    y, x = torch.arange(height).to(like)[:, None], torch.arange(width).to(like)
    total = torch.zeros_like(like)
    for some, weight in zip(
        torch.split(yx, _POINTS_AT_ONCE, dim=1),
        torch.split(real, _POINTS_AT_ONCE, dim=1),
        strict=True,
    ):
        dy, dx = (some[..., i, None, None] for i in (0, 1))
        total += (torch.hypot(y - dy, x - dx) ** exponent * weight[..., None, None]).sum(dim=1)
    return total / at_least_one(real)[:, None, None]
