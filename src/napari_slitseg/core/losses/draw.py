"""Maps drawn from points on the device they are on: discs, Gaussians, distances."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from napari_slitseg.core.losses.target import pad_points

Shape = tuple[int, int]

_CUT_SIGMA = 4.0
_MOST_AT_ONCE = 2**24


def draw_dots(
    points: Sequence[Tensor],
    shape: Shape,
    *,
    radius_px: float,
    blur_px: float = 0.0,
    device: torch.device | str | None = None,
) -> Tensor:
    """Draw discs.

    Parameters
    ----------
    points : sequence of (N, 2) tensors
        Centres (y, x) of each image, px; N may be 0, centres may lie outside the image.
    shape : (height, width)
        Size of the images, px.
    radius_px : float
        A pixel belongs to a disc when its centre lies within this distance, inclusive.
    blur_px : float
        Standard deviation of the Gaussian, cut off at 4 sigma, that the discs are convolved with;
        0 leaves them sharp. Discs cut by the border are blurred as if the image went on.
    device : device or None
        Where to draw; None is the device of the points.

    Returns
    -------
    (B, 1, H, W) float32
        Values in [0, 1]; without blur what `napari_slitseg.core.targets.dots` draws.

    Raises
    ------
    ValueError
        If the radius is not positive, the blur is negative, or there is no image.
    """
    _require_positive(radius_px)
    if not blur_px >= 0:
        raise ValueError(f"the blur must be at least 0, not {blur_px:g} px")
    yx, real = _on_device(points, device)
    margin = math.ceil(_CUT_SIGMA * blur_px)
    height, width = shape[0] + 2 * margin, shape[1] + 2 * margin
    index, square = _windows(yx + margin, real, (height, width), radius_px)
    flat = yx.new_zeros(len(yx) * height * width + 1)
    flat.scatter_reduce_(0, index, (square <= radius_px**2).to(flat), "amax")
    sharp = flat[:-1].view(len(yx), 1, height, width)
    return _blurred(sharp, blur_px, margin).clamp_(0, 1) if margin else sharp


def draw_heatmap(
    points: Sequence[Tensor],
    shape: Shape,
    *,
    sigma_px: float,
    rounded: bool = False,
    device: torch.device | str | None = None,
) -> Tensor:
    """Draw Gaussians of height 1; where they overlap the larger value counts.

    Parameters
    ----------
    points : sequence of (N, 2) tensors
        Centres (y, x) of each image, px; N may be 0, centres may lie outside the image.
    shape : (height, width)
        Size of the images, px.
    sigma_px : float
        Standard deviation; cut off at 4 sigma.
    rounded : bool
        Whether to move each centre to the nearest pixel, so that this pixel is exactly 1.
    device : device or None
        Where to draw; None is the device of the points.

    Returns
    -------
    (B, 1, H, W) float32
        Values in [0, 1]; not rounded what `napari_slitseg.core.targets.heatmap` draws.

    Raises
    ------
    ValueError
        If sigma is not positive or there is no image.
    """
    _require_positive(sigma_px)
    yx, real = _on_device(points, device)
    if rounded:
        yx = nearest_pixels(yx, shape)
    reach = _CUT_SIGMA * sigma_px
    index, square = _windows(yx, real, shape, reach)
    spot = torch.exp(square / (-2 * sigma_px**2)) * (square <= reach**2)
    flat = yx.new_zeros(len(yx) * shape[0] * shape[1] + 1)
    flat.scatter_reduce_(0, index, spot, "amax")
    return flat[:-1].view(len(yx), 1, *shape)


def nearest_pixels(yx: Tensor, shape: Shape) -> Tensor:
    """Return the nearest pixel centre of each point; the image's own for points on its area."""
    last = yx.new_tensor(shape) - 1
    pixel = yx.round()
    on_area = (yx >= -0.5) & (yx <= last + 0.5)
    return torch.where(on_area, pixel.clamp(min=0).minimum(last), pixel)


def distance_to_points(
    points: Sequence[Tensor],
    shape: Shape,
    *,
    cap_px: float | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return the Euclidean distance of every pixel centre to the nearest point.

    Parameters
    ----------
    points : sequence of (N, 2) tensors
        Points (y, x) of each image, px; N may be 0.
    shape : (height, width)
        Size of the images, px.
    cap_px : float or None
        Largest distance that is told; a small cap is much cheaper.
    device : device or None
        Where to compute; None is the device of the points.

    Returns
    -------
    (B, 1, H, W) float32
        Distances, px; in an image without points the cap, or without a cap the diagonal of the
        image, sqrt(H^2 + W^2).

    Raises
    ------
    ValueError
        If the cap is not positive or there is no image.
    """
    yx, real = _on_device(points, device)
    if cap_px is None:
        return _all_distances(yx, real, shape)
    _require_positive(cap_px)
    if 2 * cap_px + 3 > min(shape):
        return _all_distances(yx, real, shape).clamp_(max=cap_px)
    index, square = _windows(yx, real, shape, cap_px)
    flat = yx.new_full((len(yx) * shape[0] * shape[1] + 1,), cap_px**2)
    flat.scatter_reduce_(0, index, square, "amin")
    return flat[:-1].sqrt_().clamp_(max=cap_px).view(len(yx), 1, *shape)


def _require_positive(size_px: float) -> None:
    if not size_px > 0:
        raise ValueError(f"the size of a spot must be positive, not {size_px:g} px")


def _on_device(
    points: Sequence[Tensor], device: torch.device | str | None
) -> tuple[Tensor, Tensor]:
    if not points:
        raise ValueError("give one list of points for each image, at least one")
    return pad_points(
        [yx.detach().reshape(-1, 2).to(device=device, dtype=torch.float32) for yx in points]
    )


def _windows(yx: Tensor, real: Tensor, shape: Shape, reach_px: float) -> tuple[Tensor, Tensor]:
    """Return flat pixel numbers and squared distances in a window around each point.

    What is outside the image, or belongs to no point, has the number after the last pixel.
    """
    reach = math.floor(reach_px + 0.5)
    offset = torch.arange(-reach, reach + 1, device=yx.device)
    centre = yx.round()
    pixel = centre.long()[..., None] + offset
    apart = (offset - (yx - centre)[..., None]).square()
    square = apart[:, :, 0, :, None] + apart[:, :, 1, None, :]
    height, width = shape
    rows, columns = pixel[:, :, 0, :, None], pixel[:, :, 1, None, :]
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    image = torch.arange(len(yx), device=yx.device).view(-1, 1, 1, 1)
    number = (image * height + rows) * width + columns
    outside = len(yx) * height * width
    kept = inside & real[:, :, None, None]
    return torch.where(kept, number, outside).flatten(), square.flatten()


def _all_distances(yx: Tensor, real: Tensor, shape: Shape) -> Tensor:
    height, width = shape
    diagonal = math.hypot(height, width)
    rows = torch.arange(height, device=yx.device) - yx[..., :1]
    columns = torch.arange(width, device=yx.device) - yx[..., 1:]
    rows = torch.where(real[..., None], rows.square(), diagonal**2)
    columns = columns.square()
    best = yx.new_full((len(yx), height, width), diagonal**2)
    at_once = max(1, _MOST_AT_ONCE // best.numel())
    for first in range(0, rows.shape[1], at_once):
        some = slice(first, first + at_once)
        near = rows[:, some, :, None] + columns[:, some, None, :]
        best = torch.minimum(best, near.amin(dim=1))
    return best.sqrt_()[:, None]


def _blurred(sharp: Tensor, sigma_px: float, margin: int) -> Tensor:
    offset = torch.arange(-margin, margin + 1, device=sharp.device)
    kernel = torch.exp(offset.square() / (-2 * sigma_px**2))
    kernel = kernel / kernel.sum()
    return conv2d(conv2d(sharp, kernel.view(1, 1, -1, 1)), kernel.view(1, 1, 1, -1))
