"""Open and closed curves of corners (K, 2), px: resampled, smoothed, crossed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy import ndimage

from napari_slitseg.core.morphometry.path import Floats


class Curves:
    """Many curves, of which only those near a place are looked at."""

    def __init__(self, curves: Iterable[Floats]) -> None:
        self._curves: list[Floats] = []
        self._boxes: list[Floats] = []
        for curve in curves:
            self.add(curve)

    def add(self, curve: Floats) -> None:
        """Take in another one."""
        self._curves.append(curve)
        self._boxes.append(np.stack([curve.min(axis=0), curve.max(axis=0)]))

    def near(self, yx: Floats) -> list[Floats]:
        """Return those whose box meets the box of some places (K, 2)."""
        boxes = np.reshape(self._boxes, (-1, 2, 2))
        meets = (boxes[:, 0] <= yx.max(axis=0)) & (boxes[:, 1] >= yx.min(axis=0))
        return [self._curves[index] for index in np.flatnonzero(meets.all(axis=1)).tolist()]


def is_loop(yx: Floats) -> bool:
    """Whether the first corner is repeated at the end."""
    return len(yx) > 3 and bool((yx[0] == yx[-1]).all())


def arcs_of(yx: Floats) -> Floats:
    """Return the length (K,) from the start to every corner."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(yx, axis=0).T))])


def resampled(yx: Floats, step_px: float) -> Floats:
    """Return corners about a step apart; the ends stay, a loop stays one."""
    arc = arcs_of(yx)
    parts = max(1, 4 if is_loop(yx) else 1, round(float(arc[-1]) / step_px))
    at = np.linspace(0.0, arc[-1], parts + 1)
    even = np.stack([np.interp(at, arc, yx[:, axis]) for axis in (0, 1)], axis=1)
    if is_loop(yx):
        even[-1] = even[0]
    return even


def smoothed(yx: Floats, sigma: float) -> Floats:
    """Return a curve smoothed by a Gaussian of so many corners; ends stay where they are.

    What one smoothing takes away is smoothed and given back once, so a circle of radius R loses
    about (sigma / R)**4 / 4 of its radius and not (sigma / R)**2 / 2 (Tukey's twicing).
    """
    if sigma <= 0 or len(yx) < 3:
        return yx
    if is_loop(yx):
        ring = _twice(yx[:-1], sigma, "wrap")
        return np.vstack([ring, ring[:1]])
    turned = np.vstack([2 * yx[0] - yx[:0:-1], yx, 2 * yx[-1] - yx[-2::-1]])
    return _twice(turned, sigma, "nearest")[len(yx) - 1 : 2 * len(yx) - 1]


def _twice(yx: Floats, sigma: float, mode: str) -> Floats:
    once = ndimage.gaussian_filter1d(yx, sigma, axis=0, mode=mode)
    lost = ndimage.gaussian_filter1d(yx - once, sigma, axis=0, mode=mode)
    return np.asarray(once + lost, np.float64)


def normals_of(yx: Floats) -> Floats:
    """Return unit normals (K, 2) at the corners, on the same side all along."""
    if is_loop(yx):
        along = np.roll(yx[:-1], -1, axis=0) - np.roll(yx[:-1], 1, axis=0)
        along = np.vstack([along, along[:1]])
    else:
        along = np.gradient(yx, axis=0)
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-12)
    return np.stack([-along[:, 1], along[:, 0]], axis=1) / length[:, None]


def heading(yx: Floats, reach_px: float) -> Floats:
    """Return the unit direction (2,) in which a curve leaves its last corner.

    From a parabola through the last stretch of it, or a straight line where that is short.
    """
    back = arcs_of(yx[::-1])
    near = back <= max(reach_px, float(back[1]))
    order = 2 if np.count_nonzero(near) >= 8 and back[-1] >= reach_px else 1
    fit = np.polynomial.polynomial.polyfit(-back[near], yx[::-1][near], order)
    along = np.asarray(fit[1], np.float64)
    return along / max(float(np.hypot(*along)), 1e-12)


def first_crossing(of: Floats, other: Floats) -> tuple[float, Floats] | None:
    """Return where a curve first meets another one: corners gone so far, and the place (2,)."""
    start, along = of[:-1, None], np.diff(of, axis=0)[:, None]
    first, across = other[None, :-1], np.diff(other, axis=0)[None]
    turn = along[..., 0] * across[..., 1] - along[..., 1] * across[..., 0]
    apart = first - start
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (apart[..., 0] * across[..., 1] - apart[..., 1] * across[..., 0]) / turn
        u = (apart[..., 0] * along[..., 1] - apart[..., 1] * along[..., 0]) / turn
    rows, columns = np.nonzero((t >= 0) & (t <= 1) & (u >= 0) & (u <= 1))
    if not len(rows):
        return None
    gone = rows + t[rows, columns]
    best = int(gone.argmin())
    row = rows[best]
    return float(gone[best]), of[row] + t[row, columns[best]] * (of[row + 1] - of[row])
