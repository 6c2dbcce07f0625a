"""What losses compare logits with: masks, points, or both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

import torch
from torch import Tensor

P = ParamSpec("P")


@dataclass(frozen=True, eq=False)
class Target:
    """Annotations of a batch, as training needs them.

    Attributes
    ----------
    mask : (B, C, H, W) tensor or None
        Values in [0, 1] on the device of the logits.
    points : sequence of (N, 2) tensors or None
        One tensor an image, (y, x) in px with pixel centres at integers; N may be 0.
    """

    mask: Tensor | None = None
    points: Sequence[Tensor] | None = None


def full_precision(loss: Callable[Concatenate[Tensor, P], Tensor]) -> Callable[..., Tensor]:
    """Make a loss compute in float32, or float64 if given, whatever autocast is in force."""

    @wraps(loss)
    def computed(logits: Tensor, *args: P.args, **kwargs: P.kwargs) -> Tensor:
        wide = logits if logits.dtype == torch.float64 else logits.float()
        with torch.autocast(logits.device.type, enabled=False):
            return loss(wide, *args, **kwargs)

    return computed


def check_logits(logits: Tensor, *, channels: int | None = None) -> None:
    """Refuse anything but a (B, C, H, W) tensor with at least one pixel.

    Raises
    ------
    ValueError
        Naming the shape that was given.
    """
    if logits.ndim != 4 or 0 in logits.shape:
        raise ValueError(f"logits must be (B, C, H, W) and not empty, got {tuple(logits.shape)}")
    if channels is not None and logits.shape[1] != channels:
        raise ValueError(f"this loss needs {channels} channel(s), got {tuple(logits.shape)}")


def checked_mask(mask: Tensor, logits: Tensor) -> Tensor:
    """Return the mask in the precision of the logits.

    Raises
    ------
    ValueError
        If its shape is not that of the logits.
    """
    check_logits(logits)
    if mask.shape != logits.shape:
        raise ValueError(
            f"the mask must have the shape of the logits {tuple(logits.shape)}, "
            f"got {tuple(mask.shape)}"
        )
    return mask.to(logits)


def checked_points(points: Sequence[Tensor], logits: Tensor) -> list[Tensor]:
    """Return the points of each image on the device and in the precision of the logits.

    Parameters
    ----------
    points : sequence of (N, 2) tensors
        One an image, (y, x) px; N may be 0. A point may lie half a pixel outside the centres of
        the outermost pixels, that is anywhere on the image's area.
    logits : (B, 1, H, W) tensor

    Raises
    ------
    ValueError
        If there is not one list an image, or a point is not finite or outside the image.
    """
    check_logits(logits, channels=1)
    if len(points) != len(logits):
        raise ValueError(f"{len(logits)} images but {len(points)} lists of points; give one each")
    return [_checked(yx, i, logits) for i, yx in enumerate(points)]


def _checked(yx: Tensor, image: int, logits: Tensor) -> Tensor:
    if yx.numel() == 0:
        return logits.new_zeros((0, 2))
    if yx.ndim != 2 or yx.shape[1] != 2:
        raise ValueError(f"image {image}: points must be (N, 2), got {tuple(yx.shape)}")
    height, width = logits.shape[-2:]
    y, x = yx.unbind(dim=1)
    inside = (y >= -0.5) & (y <= height - 0.5) & (x >= -0.5) & (x <= width - 0.5)
    if not bool(inside.all()):
        row = int((~inside).nonzero()[0])
        raise ValueError(
            f"image {image}: point {row} at (y, x) = {yx[row].tolist()} is not inside the image "
            f"of {height} x {width} px"
        )
    return yx.detach().to(logits)


def at_least_one(real: Tensor) -> Tensor:
    """Return the number of points of each image, (B,), or 1 where there is none.

    Parameters
    ----------
    real : (B, M) tensor of bool
        As `pad_points` returns it.
    """
    return real.sum(dim=1).clamp(min=1)


def pad_points(points: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Stack lists of points of different lengths.

    Parameters
    ----------
    points : sequence of (N, 2) tensors
        At least one list, as `checked_points` returns them.

    Returns
    -------
    yx : (B, M, 2) tensor
        M is the length of the longest list, at least 1; filled up with zeros.
    real : (B, M) tensor of bool
        Where there is a point.
    """
    longest = max(1, *(len(yx) for yx in points))
    padded = points[0].new_zeros((len(points), longest, 2))
    real = torch.zeros((len(points), longest), dtype=torch.bool, device=padded.device)
    for i, yx in enumerate(points):
        padded[i, : len(yx)] = yx
        real[i, : len(yx)] = True
    return padded, real


def distances_between(yx: Tensor) -> Tensor:
    """Return the (B, M, M) distances of the points (B, M, 2) of each image, px.

    From differences and not from products: of more than 25 points `torch.cdist` would be wrong by
    up to 0.3 px on a large image, even of a point to itself.
    """
    return torch.cdist(yx, yx, compute_mode="donot_use_mm_for_euclid_dist")
