"""Rough lines moved to the stripe's middle, and taken to where they end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from napari_slitseg.core.morphometry.branches import RoughLine
from napari_slitseg.core.morphometry.centre import Soft, centred
from napari_slitseg.core.morphometry.curve import Curves, is_loop, resampled, smoothed
from napari_slitseg.core.morphometry.ends import (
    FARTHEST_WIDTHS,
    Piece,
    clipped,
    ended_at_fork,
    ended_at_tip,
)
from napari_slitseg.core.morphometry.path import EndKind, Floats

_ROUGH_WIDTHS: Final = 0.35
_LEAST_ROUGH_PX: Final = 2.5


@dataclass(frozen=True, eq=False)
class Ground:
    """The stripe that lines are moved on.

    Attributes
    ----------
    soft, sharp : (H, W) float32
        Slightly blurred, and as it is.
    width_px : float
        Its mean width.
    smooth_px : float
        Standard deviation of the last smoothing along a line.
    """

    soft: Soft
    sharp: Soft
    width_px: float
    smooth_px: float


def traced(lines: list[RoughLine], ground: Ground) -> list[Piece]:
    """Return the centre lines in the image; those that end at a fork reach the line they meet."""
    shape = ground.soft.shape
    pieces = [piece for line in lines for piece in clipped(_ended(line, ground), shape)]
    pieces = [piece for piece in pieces if len(piece.yx) > 1]
    forks = [fork for line in lines for fork in (line.start, line.end) if fork is not None]
    curves = Curves(piece.yx for piece in pieces)
    return [_at_forks(piece, curves, forks, ground.width_px) for piece in pieces]


def _ended(line: RoughLine, ground: Ground) -> Piece:
    """Move a line to the stripe's middle, on beyond the image's border, but not up to a fork."""
    sigma = max(_LEAST_ROUGH_PX, _ROUGH_WIDTHS * ground.width_px)
    rough = smoothed(resampled(line.yx, 1.0), sigma)
    yx, width_px = centred(rough, ground.soft, ground.width_px)
    kinds: tuple[EndKind, EndKind] = ("none", "none")
    if not is_loop(yx):
        yx, end = _end(yx, line.end, ground, width_px)
        yx, start = _end(yx[::-1], line.start, ground, width_px)
        yx, kinds = yx[::-1], (start, end)
    yx, _ = centred(resampled(yx, 1.0), ground.soft, ground.width_px)
    return Piece(smoothed(resampled(yx, 1.0), ground.smooth_px), *kinds)


def _end(
    yx: Floats, fork: Floats | None, ground: Ground, width_px: float
) -> tuple[Floats, EndKind]:
    if fork is not None:
        return yx, "fork"
    return ended_at_tip(yx, ground.soft, ground.sharp, width_px)


def _at_forks(piece: Piece, curves: Curves, forks: list[Floats], width_px: float) -> Piece:
    yx, reach_px = piece.yx, FARTHEST_WIDTHS * width_px
    for kind in (piece.end, piece.start):
        if kind == "fork":
            near = curves.near(np.stack([yx[-1] - reach_px, yx[-1] + reach_px]))
            others = [other for other in near if other is not piece.yx]
            apart = np.hypot(*(np.array(forks) - yx[-1]).T)
            yx = ended_at_fork(yx, forks[int(apart.argmin())], others, width_px)
        yx = yx[::-1]
    return replace(piece, yx=yx)
