"""Maxima in place and in scale, and where they lie between the pixels and scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_Floats = NDArray[np.float64]
_STEPS = (-1, 0, 1)
_MAX_OFFSET = 0.75  # in pixels and in scales
_LEAST_BEND = 1e-3  # as part of that without twist


@dataclass(frozen=True)
class Maxima:
    """Maxima of a cube of responses, by image, best first; of equal ones by y, x and scale.

    Attributes
    ----------
    image, scale : (N,) array of int
        Which image of the batch, which scale.
    yx : (N, 2) array of int
        Pixels.
    around : (N, 3, 3, 3) array of float64
        Responses in the scale below, at and above it, by y and x; outermost ones repeated.
    inner : (N, 3) array of bool
        Whether there are neighbours on both sides, in scale, y and x.
    """

    image: NDArray[np.int64]
    scale: NDArray[np.int64]
    yx: NDArray[np.int64]
    around: _Floats
    inner: NDArray[np.bool_]

    @property
    def response(self) -> _Floats:
        """Responses at the maxima, (N,)."""
        centre: _Floats = self.around[:, 1, 1, 1]
        return centre

    @classmethod
    def none(cls) -> Maxima:
        """Return no maxima."""
        return cls(
            np.zeros(0, np.int64),
            np.zeros(0, np.int64),
            np.zeros((0, 2), np.int64),
            np.zeros((0, 3, 3, 3)),
            np.zeros((0, 3), bool),
        )

    @classmethod
    def joined(cls, parts: Sequence[Maxima]) -> Maxima:
        """Return all maxima of several searches, in their order."""
        parts = [cls.none(), *parts]
        names = [each.name for each in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def order(self) -> NDArray[np.intp]:
        """Return the order of images, then of responses, best first, then of y, x and scale."""
        y, x = self.yx.T
        return np.lexsort((self.scale, x, y, -self.response, self.image))

    def raised(self, power: float) -> Maxima:
        """Return the same maxima with powers of the sizes of the responses around them."""
        return replace(self, around=np.sign(self.around) * np.abs(self.around) ** power)

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Maxima:
        """Return some of them."""
        return Maxima(*(getattr(self, each.name)[which] for each in fields(self)))


def find_maxima(cube: Tensor, threshold: Tensor | float) -> Maxima:
    """Return where a response is above the threshold and none of its 26 neighbours is higher.

    Parameters
    ----------
    cube : (S, W, H, B) tensor
        Responses.
    threshold : (B,) tensor or float
        For each image, or for all.

    Notes
    -----
    All pixels of a flat top are maxima, as for `peak_local_max` of scikit-image with a footprint
    of 3 x 3 x 3; so none are in an image whose responses are all equal, unless there is but one.
    """
    at = _no_lower_than_beside(cube, _above(cube, threshold))
    around = _neighbourhoods(cube, at)
    top = around.flatten(1).amax(1) == around[:, 1, 1, 1]
    scale, x, y, image = torch.stack(at)[:, top].cpu().numpy()
    values = around[top].cpu().double().numpy().transpose(0, 1, 3, 2)
    place = np.stack([scale, y, x], axis=1)
    n_scales, width, height = cube.shape[:3]
    inner = (place > 0) & (place < np.array([n_scales, height, width]) - 1)
    maxima = Maxima(image, scale, place[:, 1:], values, inner)
    maxima = maxima.take(maxima.order())
    return maxima.take(_relief(maxima.image, cube))


def _above(cube: Tensor, threshold: Tensor | float) -> tuple[Tensor, ...]:
    """Return the indices (scale, x, y, image) of what exceeds the threshold."""
    mask = cube > threshold
    if mask.device.type == "cpu":
        flat = torch.from_numpy(np.flatnonzero(mask.numpy()))
        return torch.unravel_index(flat, mask.shape)
    return tuple(mask.nonzero().unbind(1))


def _no_lower_than_beside(cube: Tensor, at: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Drop what one of the four neighbours in its own scale exceeds: most, and cheaply."""
    scale, x, y, image = at
    value = cube[at]
    width, height = cube.shape[1:3]
    keep = torch.ones_like(value, dtype=torch.bool)
    for step in (-1, 1):
        keep &= value >= cube[scale, (x + step).clamp(0, width - 1), y, image]
        keep &= value >= cube[scale, x, (y + step).clamp(0, height - 1), image]
    return tuple(each[keep] for each in at)


def _neighbourhoods(cube: Tensor, at: tuple[Tensor, ...]) -> Tensor:
    """Return the (N, 3, 3, 3) responses around (scale, x, y)."""
    steps = torch.tensor(_STEPS, device=cube.device)
    scale, x, y = (
        (each[:, None] + steps).clamp(0, n - 1)
        for each, n in zip(at[:3], cube.shape[:3], strict=True)
    )
    image = at[3][:, None, None, None]
    return cube[scale[:, :, None, None], x[:, None, :, None], y[:, None, None, :], image]


def _relief(image: NDArray[np.int64], cube: Tensor) -> NDArray[np.bool_]:
    """Return which maxima are not of an image where everything is one."""
    volume = cube[..., 0].numel()
    count = np.bincount(image, minlength=1)
    flat: NDArray[np.bool_] = (count == volume) & (volume > 1)
    kept: NDArray[np.bool_] = ~flat[image]
    return kept


def offsets(found: Maxima) -> _Floats:
    """Return the (N, 3) offsets in scale, y and x of the vertices of quadratics.

    One through the three scales, one in y and x together through the 3 x 3 values of the maximum's
    own scale; where these do not form a hill above 0, y and x each for itself. At most 0.75 either
    way; 0 along an axis that ends there.
    """
    f = found.around
    ahead = np.stack([f[:, 2, 1, 1], f[:, 1, 2, 1], f[:, 1, 1, 2]], axis=1)
    behind = np.stack([f[:, 0, 1, 1], f[:, 1, 0, 1], f[:, 1, 1, 0]], axis=1)
    slope = np.where(found.inner, (ahead - behind) / 2, 0.0)
    bend = ahead + behind - 2 * f[:, 1, 1, 1, None]
    offset = np.divide(-slope, bend, out=np.zeros_like(slope), where=bend < 0)
    plane = f[:, 1]
    twist = (plane[:, 2, 2] + plane[:, 0, 0] - plane[:, 2, 0] - plane[:, 0, 2]) / 4
    together = _vertex(slope[:, 1:], bend[:, 1:], twist)
    positive = plane.min(axis=(1, 2)) > 0
    hill = positive & found.inner[:, 1:].all(axis=1) & np.isfinite(together).all(axis=1)
    offset[hill, 1:] = together[hill]
    clipped: _Floats = np.clip(offset, -_MAX_OFFSET, _MAX_OFFSET)
    return clipped


def _vertex(slope: _Floats, bend: _Floats, twist: _Floats) -> _Floats:
    """Return the (N, 2) vertices of hills in y and x, NaN for what is none."""
    alone = bend.prod(axis=1)
    determinant = alone - twist**2
    hill = (bend < 0).all(axis=1) & (determinant > _LEAST_BEND * alone)
    crossed = slope[:, ::-1] * twist[:, None] - slope * bend[:, ::-1]
    empty = np.full_like(slope, np.nan)
    vertex: _Floats = np.divide(crossed, determinant[:, None], out=empty, where=hill[:, None])
    return vertex
