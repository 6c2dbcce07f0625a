"""Every pixel of a simulated scene seen from a membrane line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_slitseg.core.simulate_canvas import Canvas, Image
from napari_slitseg.core.simulate_line import Floats, MembraneLine

MARGIN_PX = 96

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Around:
    """Every pixel seen from a membrane line, (H, W), nm.

    Attributes
    ----------
    depth : signed distance, positive on the podocyte side
    arc : position of the nearest point along the line
    """

    line: MembraneLine
    depth: Image
    arc: Image

    def along(self, curve: Floats) -> Image:
        """Spread a curve, sampled evenly over the line, to the pixels."""
        place = self.arc * np.float32(len(curve) / self.line.length_nm)
        return np.asarray(curve[place.astype(np.int64) % len(curve)], dtype=np.float32)


def look_around(line: MembraneLine, canvas: Canvas) -> Around:
    """Find the nearest point of the line for every pixel."""
    nearest = _nearest_sample(line.yx_nm / canvas.nm, canvas.shape)
    dy = np.arange(canvas.shape[0])[:, None] * canvas.nm - line.yx_nm[nearest, 0]
    dx = np.arange(canvas.shape[1])[None] * canvas.nm - line.yx_nm[nearest, 1]
    ny, nx = line.normal[nearest, 0], line.normal[nearest, 1]
    depth = dy * ny + dx * nx
    far = np.hypot(dy, dx)
    oblique = np.abs(depth) < 0.9 * far
    depth = np.where(oblique, np.where(depth >= 0, far, -far), depth)
    arc = nearest * line.step_nm + _forward(line) * (dx * ny - dy * nx)
    return Around(line, depth.astype(np.float32), arc.astype(np.float32))


def _forward(line: MembraneLine) -> float:
    """+1 where the line runs so that its normal lies to the left in (y, x), else -1."""
    along = line.yx_nm[1] - line.yx_nm[0]
    ny, nx = line.normal[0]
    return float(np.sign(along[1] * ny - along[0] * nx))


def _nearest_sample(yx_px: Floats, shape: tuple[int, int]) -> Indices:
    grid = np.full([side + 2 * MARGIN_PX for side in shape], -1, dtype=np.int64)
    at = np.round(yx_px).astype(int) + MARGIN_PX
    known = np.flatnonzero(((at >= 0) & (at < grid.shape)).all(axis=1))
    grid[at[known, 0], at[known, 1]] = known
    rows, columns = ndimage.distance_transform_edt(
        grid < 0, return_distances=False, return_indices=True
    )
    crop = slice(MARGIN_PX, -MARGIN_PX)
    return np.asarray(grid[rows[crop, crop], columns[crop, crop]])
