"""The canvas of a tissue-like scene: many textures quickly, and the membrane line seen exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_slitseg.core.simulate_around import Around, look_around
from napari_slitseg.core.simulate_canvas import Canvas, Image, Plane
from napari_slitseg.core.simulate_line import Floats, MembraneLine

BAND_NM = 2000.0
LONGEST_STEP_NM = 120.0


class Sheet(Canvas):
    """A canvas that makes coarse textures by two small products of matrices."""

    def cut(self, grain_nm: float, window: tuple[slice, slice]) -> Image:
        """Unit-variance noise of a grain for a window of the canvas."""
        if grain_nm not in self._textures:
            self._textures[grain_nm] = self._new_texture(grain_nm)
        axes = [
            (np.arange(part.start, part.stop) + int(self.grain.integers(side))) % side
            for part, side in zip(window, self.shape, strict=True)
        ]
        return np.asarray(self._textures[grain_nm][axes[0]][:, axes[1]])

    def over(self, tone: Image) -> Sheet:
        """Another canvas over the same field, with the same textures."""
        return Sheet(tone, self.nm, self.soft_nm, self.rng, self.grain, self._textures)

    def _new_texture(self, grain_nm: float) -> Image:
        sigma = max(grain_nm / self.nm, 0.3)
        coarse = max(1.0, sigma / 2)
        size = [max(4, round(side / coarse)) for side in self.shape]
        noise = self.grain.standard_normal(size, dtype=np.float32)
        noise = ndimage.gaussian_filter(noise, sigma / coarse, mode="wrap", truncate=3)
        if coarse > 1:
            noise = spread(self.shape[0], size[0]) @ noise @ spread(self.shape[1], size[1]).T
        noise -= noise.mean()
        return np.asarray(noise / (noise.std() + 1e-6), dtype=np.float32)


def spread(side: int, coarse: int) -> Image:
    """Matrix (side, coarse) that interpolates smoothly and periodically from coarse samples."""
    return _splines(np.arange(side) * (coarse / side), coarse, wrap=True)


def _splines(place: Plane, samples: int, *, wrap: bool) -> Image:
    """Matrix of cubic B-splines (places, samples): smooth, and smoothing a little."""
    below = np.floor(place).astype(int)
    part = place - below
    weights = np.zeros((len(place), samples), np.float32)
    cubic = [
        (1 - part) ** 3 / 6,
        (3 * part**3 - 6 * part**2 + 4) / 6,
        (-3 * part**3 + 3 * part**2 + 3 * part + 1) / 6,
        part**3 / 6,
    ]
    for step, weight in enumerate(cubic, start=-1):
        at = (below + step) % samples if wrap else np.clip(below + step, 0, samples - 1)
        np.add.at(weights, (np.arange(len(place)), at), weight)
    return weights


@dataclass(frozen=True)
class Closely(Around):
    """Every pixel seen from a membrane line, with curves that are spread without steps."""

    def along(self, curve: Floats) -> Image:
        """Spread a curve, sampled evenly over the line, to the pixels."""
        place = self.arc * np.float32(len(curve) / self.line.length_nm)
        whole = np.floor(place)
        below = whole.astype(np.int64) % len(curve)
        values = np.append(curve, curve[0]).astype(np.float32)
        low = values[below]
        return np.asarray(low + (place - whole) * (values[below + 1] - low), dtype=np.float32)


def look_closely(line: MembraneLine, canvas: Canvas) -> Closely:
    """Find the nearest point of the line for every pixel, to a fraction of a sample."""
    around = look_around(line, canvas)
    band = np.flatnonzero(np.abs(around.depth) < BAND_NM)
    rows, columns = np.divmod(band, canvas.shape[1])
    y, x = (part.astype(np.float32) * np.float32(canvas.nm) for part in (rows, columns))
    arc = around.arc.ravel()[band]
    table = _table(line)
    for _ in range(3):
        depth, off, curve = _seen_from(table, line, arc, y, x)
        step = off / np.clip(1 + curve * depth, 0.35, 4)
        arc = arc + np.clip(step, -LONGEST_STEP_NM, LONGEST_STEP_NM)
    depth, off, _ = _seen_from(table, line, arc, y, x)
    around.arc.ravel()[band] = arc
    better = np.abs(off) < 0.3 * np.abs(depth) + 4
    around.depth.ravel()[band] = np.where(better, depth, around.depth.ravel()[band])
    return Closely(line, around.depth, around.arc)


def _table(line: MembraneLine) -> Image:
    """Rows of y, x, tangent y, x and curvature for each sample of the line."""
    ahead = np.roll(line.yx_nm, -1, axis=0) - np.roll(line.yx_nm, 1, axis=0)
    tangent = ahead / (np.linalg.norm(ahead, axis=1, keepdims=True) + 1e-9)
    turning = np.roll(line.normal, -1, axis=0) - np.roll(line.normal, 1, axis=0)
    curve = np.sum(turning * tangent, axis=1) / (2 * line.step_nm)
    curve = ndimage.gaussian_filter1d(curve, 3, mode="wrap")
    return np.concatenate([line.yx_nm, tangent, line.normal, curve[:, None]], 1).astype(np.float32)


def _seen_from(
    table: Image, line: MembraneLine, arc: Image, y: Image, x: Image
) -> tuple[Image, Image, Image]:
    """Depth, distance along the line and curvature of pixels, from places along the line."""
    place = np.mod(arc * np.float32(1 / line.step_nm), len(table))
    near = table[np.minimum(place.astype(np.int64), len(table) - 1)]
    part = (place - np.floor(place)) * np.float32(line.step_nm)
    dy = y - near[:, 0] - part * near[:, 2]
    dx = x - near[:, 1] - part * near[:, 3]
    return dy * near[:, 4] + dx * near[:, 5], dy * near[:, 2] + dx * near[:, 3], near[:, 6]


def enlarge(coarse: Plane, canvas: Canvas, step_nm: float) -> Image:
    """Bring values sampled every `step_nm` to the pixels of a canvas, smoothly."""
    upright, level = (
        _splines(np.arange(side) * (canvas.nm / step_nm), coarse.shape[axis], wrap=False)
        for axis, side in enumerate(canvas.shape)
    )
    return np.asarray(upright @ coarse.astype(np.float32) @ level.T, dtype=np.float32)
