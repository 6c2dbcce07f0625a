"""Membrane lines of a simulated scene: the podocyte side of capillary loops, in nanometres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

STEP_NM = 8.0
MIN_VISIBLE_NM = 2500.0
TRIES = 60
COARSE = 8

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LineStyle:
    """How membrane lines run.

    Attributes
    ----------
    radius_nm : range of the mean radius of a loop
    bulge : how far loops are from round
    orders : highest wave around a loop
    wave_nm : largest standard deviation of the waves along a line
    wave_length_nm : range of how smooth these waves are
    clearance_nm : range of the least distance between two lines
    tries : how many lines are tried
    visible_nm : how much of a line shows at least
    """

    radius_nm: tuple[float, float] = (1500, 5500)
    bulge: float = 0.16
    orders: int = 6
    wave_nm: float = 60
    wave_length_nm: tuple[float, float] = (250, 700)
    clearance_nm: tuple[float, float] = (900, 2200)
    tries: int = TRIES
    visible_nm: float = MIN_VISIBLE_NM


PLAIN = LineStyle()


@dataclass(frozen=True)
class MembraneLine:
    """A closed line around a capillary, sampled evenly.

    Attributes
    ----------
    yx_nm : (K, 2) float64
        Points along the line.
    normal : (K, 2) float64
        Unit vectors that point away from the capillary, to the podocytes.
    length_nm : float
        Length of the whole line.
    """

    yx_nm: Floats
    normal: Floats
    length_nm: float

    @property
    def step_nm(self) -> float:
        """Distance between neighbouring points."""
        return self.length_nm / len(self.yx_nm)

    def at(self, arc_nm: Floats) -> Floats:
        """Points (N, 2) in nm at positions (N,) along the line."""
        place = np.asarray(arc_nm) / self.step_nm
        first = np.floor(place).astype(int)
        part = (place - first)[:, None]
        n = len(self.yx_nm)
        return np.asarray(self.yx_nm[first % n] * (1 - part) + self.yx_nm[(first + 1) % n] * part)


def wander(rng: np.random.Generator, n: int, amplitude: float, smooth: float) -> Floats:
    """Smooth periodic random curve (n,) with a standard deviation of `amplitude`."""
    curve = ndimage.gaussian_filter1d(rng.normal(size=n), smooth, mode="wrap")
    return np.asarray(amplitude * curve / (curve.std() + 1e-9))


def grow_lines(
    rng: np.random.Generator,
    field_nm: tuple[float, float],
    count: int,
    style: LineStyle = PLAIN,
) -> list[MembraneLine]:
    """Up to `count` lines that show in the field and keep clear of one another."""
    lines: list[MembraneLine] = []
    for _ in range(style.tries):
        if len(lines) == count:
            break
        line = _loop(rng, field_nm, style)
        clearance = rng.uniform(*style.clearance_nm)
        if _visible_nm(line, field_nm) >= style.visible_nm and not any(
            _collide(line, other, clearance) for other in lines
        ):
            lines.append(line)
    return lines


def _loop(
    rng: np.random.Generator, field_nm: tuple[float, float], style: LineStyle
) -> MembraneLine:
    radius = rng.uniform(*style.radius_nm)
    centre = rng.uniform(-0.35, 1.35, 2) * np.array(field_nm)
    angle = np.linspace(0, 2 * np.pi, int(7.5 * radius / STEP_NM), endpoint=False)
    orders = range(2, style.orders + 1)
    bulges = sum(_bulge(rng, style.bulge / order, order, angle) for order in orders)
    reach = radius * np.maximum(1 + bulges, 0.25)
    outline = np.stack([np.sin(angle) * reach, np.cos(angle) * reach * rng.uniform(0.55, 1)], 1)
    points = _even(outline @ _rotation(rng.uniform(0, 2 * np.pi)).T + centre)
    points = ndimage.gaussian_filter1d(points, 60 / STEP_NM, axis=0, mode="wrap")
    height, length = rng.uniform(0, style.wave_nm), rng.uniform(*style.wave_length_nm)
    waves = wander(rng, len(points), height, length / STEP_NM)
    return _line(points + _outward(points) * waves[:, None])


def _bulge(rng: np.random.Generator, spread: float, order: int, angle: Floats) -> Floats:
    return np.asarray(rng.normal(0, spread) * np.cos(order * angle + rng.uniform(0, 2 * np.pi)))


def _rotation(angle: float) -> Floats:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _line(points: Floats) -> MembraneLine:
    even = _even(points)
    length = float(np.linalg.norm(np.roll(even, -1, axis=0) - even, axis=1).sum())
    return MembraneLine(even, _outward(even), length)


def _even(points: Floats) -> Floats:
    """Resample a closed outline to steps of about ``STEP_NM``."""
    closed = np.vstack([points, points[:1]])
    arc = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    places = np.linspace(0, arc[-1], int(arc[-1] / STEP_NM), endpoint=False)
    return np.stack([np.interp(places, arc, closed[:, axis]) for axis in (0, 1)], axis=1)


def _outward(points: Floats) -> Floats:
    along = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    return normal if np.sum((points - points.mean(0)) * normal) > 0 else -normal


def _visible_nm(line: MembraneLine, field_nm: tuple[float, float]) -> float:
    inside = ((line.yx_nm > 0) & (line.yx_nm < np.array(field_nm))).all(axis=1)
    return float(inside.sum() * line.step_nm)


def _collide(line: MembraneLine, other: MembraneLine, clearance_nm: float) -> bool:
    return (
        _closer(line, other, clearance_nm)
        or _encloses(line.yx_nm, other.yx_nm[0])
        or _encloses(other.yx_nm, line.yx_nm[0])
    )


def _closer(line: MembraneLine, other: MembraneLine, clearance_nm: float) -> bool:
    """Whether the lines come closer than that; every point is looked at in close cases only."""
    tree = cKDTree(line.yx_nm[::COARSE])
    apart = float(tree.query(other.yx_nm[::COARSE])[0].min())
    if apart < clearance_nm or apart > clearance_nm + COARSE * (line.step_nm + other.step_nm):
        return apart < clearance_nm
    return float(cKDTree(line.yx_nm).query(other.yx_nm)[0].min()) < clearance_nm


def _encloses(outline: Floats, point: Floats) -> bool:
    y, x = (outline - point).T
    bearing = np.unwrap(np.arctan2(y, x))
    return bool(abs(bearing[-1] - bearing[0]) > np.pi)
