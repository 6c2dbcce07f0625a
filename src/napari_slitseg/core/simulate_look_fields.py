"""Shapes as fields: joining, rounding and measuring them in a tissue-like scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.simulate_canvas import Image, Plane, inside
from napari_slitseg.core.simulate_line import Floats
from napari_slitseg.core.simulate_look_sheet import Sheet


def round_min(fields: list[Plane], radius: Plane | float) -> Plane:
    """Smallest of several fields, rounded where they meet."""
    least = fields[0]
    for other in fields[1:]:
        near = np.maximum(radius - np.abs(least - other), 0) / radius
        least = np.minimum(least, other) - near * near * radius / 4
    return least


def true_distance(field: Plane, nm: float) -> Image:
    """Signed distance close to the edge of a shape, of any smooth field positive in it."""
    gy, gx = np.gradient(field)
    slope = np.sqrt(gy * gy + gx * gx) / np.float32(nm)
    return np.asarray(field / np.clip(slope, 0.4, 3), dtype=np.float32)


def ridge(field: Plane, width: float) -> Image:
    """1 where a field is 0, falling off to both sides."""
    return np.asarray(np.exp(-((field / width) ** 2)), dtype=np.float32)


@dataclass(frozen=True)
class Patch:
    """A window of a canvas around a point.

    Attributes
    ----------
    canvas : the whole canvas
    window : rows and columns of the window
    dy, dx : (h, 1) and (1, w) distances from the point, nm
    """

    canvas: Sheet
    window: tuple[slice, slice]
    dy: Image
    dx: Image

    @property
    def empty(self) -> bool:
        """Whether the window lies outside the canvas."""
        return self.dy.size == 0 or self.dx.size == 0

    def turned(self, turn: float) -> tuple[Image, Image]:
        """Distances along and across a direction, nm."""
        along = self.dy * np.float32(np.cos(turn)) + self.dx * np.float32(np.sin(turn))
        return along, self.dx * np.float32(np.cos(turn)) - self.dy * np.float32(np.sin(turn))

    def texture(self, grain_nm: float) -> Image:
        """Unit-variance noise of a grain."""
        return self.canvas.cut(grain_nm, self.window)

    def shade(
        self, edge: Plane, tone: Plane | float, outline: float, mask: Image | None = None
    ) -> None:
        """Lay a shape with a rim darker by `outline`, only where a mask lets it."""
        cover = inside(edge, self.canvas.soft_nm)
        if mask is not None:
            cover = cover * mask[self.window]
        grey = self.canvas.grey[self.window]
        grey += cover * (tone - outline * ridge(edge - 5, 9) - grey)


def patch(canvas: Sheet, centre_nm: Floats, reach_nm: float) -> Patch:
    """Window of a canvas, `reach_nm` to each side of a point."""
    low = np.floor((centre_nm - reach_nm) / canvas.nm).astype(int)
    high = np.ceil((centre_nm + reach_nm) / canvas.nm).astype(int) + 1
    low, high = (np.clip(side, 0, canvas.shape) for side in (low, high))
    y, x = (_away(canvas, axis, low, high, centre_nm) for axis in (0, 1))
    return Patch(canvas, (slice(low[0], high[0]), slice(low[1], high[1])), y[:, None], x[None])


def _away(
    canvas: Sheet, axis: int, low: NDArray[np.int64], high: NDArray[np.int64], centre_nm: Floats
) -> Image:
    pixels = np.arange(low[axis], high[axis], dtype=np.float32) * canvas.nm
    return np.asarray(pixels - centre_nm[axis], dtype=np.float32)


def ellipse(window: Patch, axes: tuple[float, float], turn: float) -> Image:
    """Signed distance to an ellipse in a window, about right near its edge."""
    along, across = window.turned(turn)
    share = np.hypot(along / np.float32(axes[0]), across / np.float32(axes[1]))
    return np.asarray((1 - share) * min(axes), dtype=np.float32)


def anywhere(rng: np.random.Generator, canvas: Sheet) -> Floats:
    """Draw a point of the scene, nm."""
    return np.asarray(rng.uniform(0, 1, 2) * np.array(canvas.shape) * canvas.nm)
