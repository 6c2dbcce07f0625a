"""Where lines end: at the image's border, at the end of the stripe, at another line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.morphometry.centre import Soft, inside, sampled
from napari_slitseg.core.morphometry.curve import arcs_of, first_crossing, heading, is_loop
from napari_slitseg.core.morphometry.path import EndKind, Floats

HEADING_WIDTHS: Final = 3.0
_SKELETON_BENDS_WIDTHS: Final = 1.1
FARTHEST_WIDTHS: Final = 3.0
_RAY_STEP_PX: Final = 0.5
_RAYS: Final = np.linspace(-0.75, 0.75, 9)
_CAP: Final = np.sqrt(1 - _RAYS**2)
_IS_MIDDLE: Final = np.abs(_RAYS) < 0.25
_IS_OUTER: Final = np.abs(_RAYS) > 0.5


@dataclass(frozen=True, eq=False)
class Piece:
    """A centre line and how it ends; both ends are "none" where it is a loop.

    `joined` holds stretches of it, as arcs, that bridge a gap.
    """

    yx: Floats
    start: EndKind
    end: EndKind
    joined: tuple[tuple[float, float], ...] = ()

    @property
    def length_px(self) -> float:
        """Length, px."""
        return float(arcs_of(self.yx)[-1])


def ended_at_tip(yx: Floats, soft: Soft, sharp: Soft, width_px: float) -> tuple[Floats, EndKind]:
    """Return a curve that goes on from its last corner to where the stripe ends, and how it ends.

    The last stretch of a skeleton turns into a corner of the stripe, so it is replaced by a
    straight one. At the image's border the curve goes on beyond it.

    Parameters
    ----------
    yx : (K, 2) float64
    soft, sharp : (H, W) float32
        The stripe, slightly blurred and as it is.
    width_px : float
        Its width along this curve.
    """
    arc = arcs_of(yx)
    yx = yx[arc <= max(arc[-1] - _SKELETON_BENDS_WIDTHS * width_px, 0.6 * arc[-1], arc[1])]
    along = heading(yx, HEADING_WIDTHS * width_px)
    steps = np.arange(0.0, FARTHEST_WIDTHS * width_px, _RAY_STEP_PX)
    ray = yx[-1] + steps[:, None] * along
    outside, beyond = ~inside(ray, soft.shape), sampled(soft, ray) < 0.5
    leaves = steps[outside.argmax()] if outside.any() else np.inf
    stops = steps[beyond.argmax()] if beyond.any() else steps[-1]
    if leaves <= stops + width_px / 2:
        return _longer(yx, along, float(leaves) + width_px), "border"
    return _longer(yx, along, _tip(sharp, yx[-1], along, width_px / 2)), "free"


def _longer(yx: Floats, along: Floats, by_px: float) -> Floats:
    steps = np.arange(1.0, max(by_px, 0.0) + 0.5)
    return np.vstack([yx, yx[-1] + steps[:, None] * along])


def _tip(sharp: Soft, start: Floats, along: Floats, radius_px: float) -> float:
    """How far ahead the line ends, px.

    A stripe cut straight ends where its edge is; a round cap is drawn around the line's end, half
    a width before the stripe's. Rays beside each other tell which it is, or how much of it.
    """
    across = np.array([-along[1], along[0]])
    steps = np.arange(0.0, 2 * FARTHEST_WIDTHS * radius_px, _RAY_STEP_PX)
    rays = start + (_RAYS * radius_px)[:, None, None] * across + steps[:, None] * along
    beyond = sampled(sharp, rays) < 0.5
    far = np.where(beyond.any(axis=1), steps[beyond.argmax(axis=1)], steps[-1])
    round_by = float(far[_IS_MIDDLE].mean() - far[_IS_OUTER].mean())
    full = radius_px * float(_CAP[_IS_MIDDLE].mean() - _CAP[_IS_OUTER].mean())
    share = float(np.clip(round_by / full, 0.0, 1.0))
    return float(far.mean()) - share * radius_px * float(_CAP.mean())


def clipped(piece: Piece, shape: tuple[int, ...]) -> list[Piece]:
    """Return the parts of a curve on the grid of pixel centres; cut ends are at the border."""
    yx, here = piece.yx, inside(piece.yx, shape)
    if here.all():
        return [piece]
    if is_loop(yx):
        first = int((~here).argmax())
        yx = np.vstack([yx[first:-1], yx[: first + 1]])
        here = inside(yx, shape)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], here, [False]]).astype(np.int8)))
    return [_part(piece, yx, shape, a, b) for a, b in edges.reshape(-1, 2).tolist()]


def _part(piece: Piece, yx: Floats, shape: tuple[int, ...], first: int, stop: int) -> Piece:
    """Corners from the first up to a stop, and where the border cuts before and after them."""
    corners = [yx[first:stop]]
    start, end = piece.start, piece.end
    if first > 0:
        corners.insert(0, _at_border(yx[first], yx[first - 1], shape)[None])
        start = "border"
    if stop < len(yx):
        corners.append(_at_border(yx[stop - 1], yx[stop], shape)[None])
        end = "border"
    return Piece(np.vstack(corners), start, end)


def _at_border(within: Floats, without: Floats, shape: tuple[int, ...]) -> Floats:
    limit = np.clip(without, 0, np.array(shape) - 1.0)
    step = without - within
    shares: NDArray[np.float64] = (limit - within)[step != 0] / step[step != 0]
    return np.asarray(within + np.clip(shares.min(), 0, 1) * step, np.float64)


def ended_at_fork(yx: Floats, fork: Floats, others: list[Floats], width_px: float) -> Floats:
    """Return a curve that goes straight on to the first other line, or else to the fork."""
    along = heading(yx, HEADING_WIDTHS * width_px)
    ray = np.stack([yx[-1], yx[-1] + FARTHEST_WIDTHS * width_px * along])
    meets = [hit for other in others if (hit := first_crossing(ray, other)) is not None]
    place = min(meets, key=lambda hit: hit[0])[1] if meets else fork
    return yx if (place == yx[-1]).all() else np.vstack([yx, place])
