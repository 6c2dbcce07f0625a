"""A canvas in nanometres: soft edges, outlines and textures on a pixel grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Image = NDArray[np.float32]
Plane = NDArray[np.floating[Any]]


def inside(distance_nm: Plane, softness_nm: float) -> Image:
    """Coverage in [0, 1] of a shape from the signed distance to its edge (positive inside)."""
    steep = np.clip(distance_nm / softness_nm, -30, 30)
    return np.asarray(1 / (1 + np.exp(-steep)), dtype=np.float32)


@dataclass
class Canvas:
    """Grey values being painted, with one random source and one table of textures.

    Attributes
    ----------
    grey : (H, W) float32
        What has been painted so far.
    nm : float
        Nanometres per pixel.
    soft_nm : float
        Half width of every edge.
    rng : numpy.random.Generator
        Source of sizes and places; drawn from equally often at every pixel size.
    grain : numpy.random.Generator
        Source of noise fields, whose number of draws depends on the pixel size.
    """

    grey: Image
    nm: float
    soft_nm: float
    rng: np.random.Generator
    grain: np.random.Generator
    _textures: dict[float, Image] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, px."""
        return self.grey.shape[0], self.grey.shape[1]

    def texture(self, grain_nm: float) -> Image:
        """Unit-variance noise of a grain; each call shifts one stored field to a new place."""
        if grain_nm not in self._textures:
            self._textures[grain_nm] = self._new_texture(grain_nm)
        shift = tuple(int(self.grain.integers(size)) for size in self.shape)
        return np.roll(self._textures[grain_nm], shift, axis=(0, 1))

    def _new_texture(self, grain_nm: float) -> Image:
        sigma = max(grain_nm / self.nm, 0.3)
        coarse = max(1, int(sigma / 1.5))
        size = [max(4, -(-side // coarse)) for side in self.shape]
        noise = self.grain.normal(size=size).astype(np.float32)
        noise = ndimage.gaussian_filter(noise, sigma / coarse, mode="wrap")
        if coarse > 1:
            factors = [side / small for side, small in zip(self.shape, size, strict=True)]
            noise = ndimage.zoom(noise, factors, order=1, mode="grid-wrap", grid_mode=True)
        noise = noise - noise.mean()
        return np.asarray(noise / (noise.std() + 1e-6), dtype=np.float32)

    def offsets_nm(self, centre_nm: NDArray[np.float64]) -> tuple[Image, Image]:
        """Distances in y (H, 1) and x (1, W) of every pixel centre from a point, nm."""
        y, x = (np.arange(side, dtype=np.float32) * self.nm for side in self.shape)
        return y[:, None] - np.float32(centre_nm[0]), x[None] - np.float32(centre_nm[1])

    def cover(self, coverage: Plane, tone: Plane | float) -> None:
        """Lay a tone over the canvas where coverage is 1."""
        self.grey += np.asarray(coverage * (tone - self.grey), dtype=np.float32)

    def shade(
        self,
        distance_nm: Plane,
        tone: Plane | float,
        outline: Plane | float,
        rim_nm: float = 12.0,
    ) -> None:
        """Lay a shape with a darker rim, from the signed distance to its edge."""
        rim = np.exp(-(((distance_nm - 0.6 * rim_nm) / rim_nm) ** 2))
        self.cover(inside(distance_nm, self.soft_nm), tone + rim * (outline - tone))


def ellipse_nm(
    canvas: Canvas, centre: NDArray[np.float64], axes: tuple[float, float], turn: float
) -> Image:
    """Approximate signed distance (H, W) to an ellipse with half axes in nm, positive inside."""
    dy, dx = canvas.offsets_nm(centre)
    u = (dy * np.cos(turn) + dx * np.sin(turn)) / axes[0]
    v = (-dy * np.sin(turn) + dx * np.cos(turn)) / axes[1]
    return np.asarray((1 - np.hypot(u, v)) * min(axes), dtype=np.float32)
