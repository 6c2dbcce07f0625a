"""Slits given to lines and put in order, and the widths between them, by the published rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from napari_slitseg.core.morphometry.fpw_dl_v1_borders import Corners

FARTHEST_PX: Final = 15.0
CERTAIN_PX: Final = 3.0
FEWEST_SLITS: Final = 2
_PARTS: Final = 8

Floats = NDArray[np.float64]


def nearest_lines(lines: Sequence[Corners], slits: Floats) -> NDArray[np.int64]:
    """Return to which line each slit is counted, -1 where there is none.

    A line is taken for a polygon, closed by the straight way from its end to its start: a slit
    inside it is counted to it at once, however far away; else the nearest line gets it, at any
    distance.

    Parameters
    ----------
    lines : sequence of (K, 2)
        Pixels (y, x); a line without any is passed over.
    slits : (N, 2)
        Places (y, x), px.
    """
    apart = np.full((len(slits), len(lines)), np.inf)
    for index, line in enumerate(lines):
        if len(line):
            distance = _distance_to_polygon(line.astype(np.float64), slits)
            apart[:, index] = np.where(_is_inside(line, slits), -1.0, distance)
    if not apart.size:
        return np.full(len(slits), -1)
    is_in = apart <= 0
    chosen = np.where(is_in.any(axis=1), is_in.argmax(axis=1), apart.argmin(axis=1))
    return np.where(np.isfinite(apart.min(axis=1)), chosen, -1)


def _distance_to_polygon(corners: Floats, points: Floats) -> Floats:
    along = np.roll(corners, -1, axis=0) - corners
    square = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip(((points[:, None] - corners) * along).sum(axis=2) / square, 0, 1)
    off = points[:, None] - (corners + share[..., None] * along)
    return np.asarray(np.hypot(off[..., 0], off[..., 1]).min(axis=1))


def _is_inside(corners: Corners, points: Floats) -> NDArray[np.bool_]:
    """Even-odd rule."""
    after = np.roll(corners, -1, axis=0)
    y, x = points[:, :1], points[:, 1:]
    crosses = (corners[:, 0] > y) != (after[:, 0] > y)
    height = np.where(after[:, 0] == corners[:, 0], 1, after[:, 0] - corners[:, 0])
    at = corners[:, 1] + (y - corners[:, 0]) / height * (after[:, 1] - corners[:, 1])
    return np.asarray((crosses & (x < at)).sum(axis=1) % 2 == 1)


def take_in_order(line: Corners, slits: Floats) -> tuple[Floats, Floats]:
    """Walk along a line and take the slits that are met; return those taken and those left.

    At each pixel of the line at most one slit is taken: the first of the list that lies within 3
    px, else the nearest within 15 px unless the line comes nearer to it later on.

    Parameters
    ----------
    line : (K, 2)
    slits : (N, 2)
        All slits of the image that no line before took, whichever line they were counted to.

    Returns
    -------
    tuple of (M, 2), (N - M, 2)
    """
    apart = cdist(line, slits)
    later = np.minimum.accumulate(apart[::-1], axis=0)[::-1]
    later = np.concatenate([later[1:], np.full((1, len(slits)), np.inf)])
    is_candidate = (apart < FARTHEST_PX) & (later >= apart)
    taken: list[int] = []
    for index in np.flatnonzero((is_candidate | (apart < CERTAIN_PX)).any(axis=1)):
        best = _choose(apart[index], is_candidate[index], taken)
        taken += [] if best is None else [best]
    return slits[taken], np.delete(slits, taken, axis=0)


def _choose(apart: Floats, is_candidate: NDArray[np.bool_], taken: list[int]) -> int | None:
    free = np.ones(len(apart), np.bool_)
    free[taken] = False
    certain = free & (apart < CERTAIN_PX)
    if certain.any():
        return int(certain.argmax())
    candidates = np.where(free & is_candidate, apart, np.inf)
    best = int(candidates.argmin())
    return best if np.isfinite(candidates[best]) else None


def widths_between(line: Corners, slits: Floats) -> Floats:
    """Return the lengths along a line from slit to slit, px; 0 where the next one lies behind.

    Slits lose the fractions of their places; the line is divided eight times from pixel to pixel,
    and the division nearest to a slit stands for it.
    """
    if len(slits) < FEWEST_SLITS:
        return np.zeros(0)
    at = np.arange((len(line) - 1) * _PARTS + 1) / _PARTS
    places = np.stack([np.interp(at, np.arange(len(line)), axis) for axis in line.T], axis=1)
    steps = np.hypot(*np.diff(places, axis=0).T)
    arc = np.concatenate([[0.0], np.cumsum(steps)])
    nearest = cdist(places, np.trunc(slits)).argmin(axis=0)
    return np.asarray(np.maximum(np.diff(arc[nearest]), 0.0))
