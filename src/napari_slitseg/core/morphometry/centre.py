"""Move lines into the middle between the stripe's edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_slitseg.core.morphometry.curve import normals_of
from napari_slitseg.core.morphometry.path import Floats

Soft = NDArray[np.float32]

_REACH_WIDTHS: Final = 1.5
_STEPS_PER_WIDTH: Final = 12.0
_THIN, _THICK = 0.5, 1.35
_LEAST_SEEN: Final = 0.2


@dataclass(frozen=True, eq=False)
class Edges:
    """The stripe's edge on one side of places.

    Attributes
    ----------
    far : (K,) float64
        How far it is, px; NaN where there is none in the image.
    is_outside : (K,) bool
        Whether the image ended before it.
    """

    far: Floats
    is_outside: NDArray[np.bool_]


def centred(yx: Floats, soft: Soft, width_px: float) -> tuple[Floats, float]:
    """Return a curve moved along its normals into the middle of the stripe, and its width, px.

    Where the image cuts one edge off, the middle lies half the line's width from the other. Where
    both edges are hardly seen anywhere, that is half the stripe's width, and moves no place away
    from the border: the middle of a stripe that looks in from outside stays outside. Where
    the stripe is no stripe, as at a fork, the shift is that of the places around it.

    Parameters
    ----------
    yx : (K, 2) float64
        About 1 px apart.
    soft : (H, W) float32
        The stripe, slightly blurred; its edge is where it falls below 0.5.
    width_px : float
        About how wide the stripe is.
    """
    normals = normals_of(yx)
    left, right = (_edges(yx, sign * normals, soft, width_px) for sign in (-1.0, 1.0))
    both = np.isfinite(left.far) & np.isfinite(right.far)
    wide = left.far + right.far
    is_seen = both.mean() > _LEAST_SEEN
    usual = float(np.median(wide[both])) if is_seen else width_px
    inward = np.inf if is_seen else 0.0
    both &= (wide > _THIN * usual) & (wide < _THICK * usual)
    shift = np.where(both, (right.far - left.far) / 2, np.nan)
    from_right = np.minimum(right.far - usual / 2, inward)
    from_left = np.maximum(usual / 2 - left.far, -inward)
    shift = np.where(left.is_outside & ~right.is_outside, from_right, shift)
    shift = np.where(right.is_outside & ~left.is_outside, from_left, shift)
    known = np.isfinite(shift) & (np.abs(shift) <= usual)
    if not known.any():
        return yx, usual
    places = np.arange(len(yx))
    shift = np.interp(places, places[known], shift[known])
    moved = yx + shift[:, None] * normals
    if (yx[0] == yx[-1]).all():
        moved[-1] = moved[0]
    return moved, usual


def _edges(yx: Floats, toward: Floats, soft: Soft, width_px: float) -> Edges:
    step = max(1.0, width_px / _STEPS_PER_WIDTH)
    steps = np.arange(0.0, _REACH_WIDTHS * width_px + step, step)
    at = yx[:, None] + steps[:, None] * toward[:, None]
    grey = sampled(soft, at)
    below = grey < 0.5
    is_edge = below[:, 1:] & ~below[:, :-1]
    first = is_edge.argmax(axis=1)
    rows = np.arange(len(yx))
    before, after = grey[rows, first], grey[rows, first + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        far = (first + (before - 0.5) / (before - after)) * step
    found = is_edge.any(axis=1) & ~below[:, 0]
    stop = np.where(found, far, steps[-1])
    outside = ~inside(yx + stop[:, None] * toward, soft.shape)
    return Edges(np.where(found & ~outside, far, np.nan), outside)


def sampled(soft: Soft, yx: Floats) -> NDArray[np.float32]:
    """Return the values (...,) at places (..., 2), bilinear; beyond the image as at its border."""
    values = ndimage.map_coordinates(
        soft, np.moveaxis(yx, -1, 0), order=1, mode="nearest", prefilter=False
    )
    return np.asarray(values, np.float32)


def inside(yx: Floats, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Whether places (..., 2) lie on the grid of pixel centres."""
    return np.asarray(((yx >= 0) & (yx <= np.array(shape) - 1.0)).all(axis=-1))
