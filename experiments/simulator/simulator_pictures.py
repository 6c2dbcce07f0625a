"""Micrographs to compare: patches along the membrane, and the slits, at 10 nm per px."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from scipy.spatial import cKDTree

from napari_slitseg.core.simulate import SceneOptions, simulate
from napari_slitseg.core.simulate_options import Look

NM: Final = 10.0
PATCH_PX: Final = 160
MOST_PATCHES: Final = 12

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Picture:
    """A micrograph in [0, 1], (H, W), its membrane lines and certain slits, (N, 2) px."""

    name: str
    grey: Array
    lines: list[Array]
    slits: Array

    def patches(self) -> Iterator[Array]:
        """Cut patches centred on the membrane, evenly along it."""
        points = np.concatenate(self.lines)
        picks = np.linspace(0, len(points) - 1, MOST_PATCHES + 2)[1:-1].astype(int)
        for y, x in points[picks]:
            top, left = (
                int(np.clip(at - PATCH_PX / 2, 0, side - PATCH_PX))
                for at, side in zip((y, x), self.grey.shape, strict=True)
            )
            yield self.grey[top : top + PATCH_PX, left : left + PATCH_PX]

    def slit_contrasts(self) -> Array:
        """How much brighter each slit is than the membrane line 60 to 120 nm beside it."""
        if not len(self.slits):
            return np.empty(0)
        smooth = ndimage.gaussian_filter(self.grey, 1)
        points = np.concatenate([_every_px(line) for line in self.lines])
        values = ndimage.map_coordinates(smooth, points.T, order=1, mode="nearest")
        tree = cKDTree(points)
        near = tree.query_ball_point(self.slits, 15 / NM)
        wide, inner = (tree.query_ball_point(self.slits, reach / NM) for reach in (120, 60))
        found = [
            values[at].mean() - np.median(values[sorted(set(far) - set(close))])
            for at, far, close in zip(near, wide, inner, strict=True)
            if at and set(far) - set(close)
        ]
        return np.array(found)


def _every_px(line: Array) -> Array:
    arc = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    places = np.arange(0, arc[-1], 1.0)
    return np.stack([np.interp(places, arc, line[:, axis]) for axis in (0, 1)], axis=1)


def real_pictures(folder: Path) -> list[Picture]:
    """Read annotated micrographs, brought to 10 nm per px."""
    table = pd.read_csv(folder / "images.csv")
    return [
        _real(folder, Path(str(name)).stem, float(nm))
        for name, nm in zip(table["image"], table["pixel_size_nm"], strict=True)
    ]


def _real(folder: Path, name: str, nm: float) -> Picture:
    with Image.open(folder / "images" / f"{name}.png") as file:
        pixels = np.asarray(file.convert("L"), dtype=float) / 255
    scale = nm / NM
    lines = pd.read_csv(folder / "membrane" / f"{name}_interface.csv")
    slits = pd.read_csv(folder / "slits" / f"{name}.csv")
    certain = slits[slits["uncertain"] == 0]
    return Picture(
        name,
        pixels if scale == 1 else np.asarray(ndimage.zoom(pixels, scale, order=1)),
        [part[["axis-0", "axis-1"]].to_numpy(float) * scale for _, part in lines.groupby("line")],
        certain[["axis-0", "axis-1"]].to_numpy(float) * scale,
    )


def simulated_pictures(look: Look, count: int, side_px: int) -> list[Picture]:
    """Draw scenes of one look that show a membrane."""
    found: list[Picture] = []
    seed = 0
    while len(found) < count:
        options = SceneOptions(shape=(side_px, side_px), pixel_size_nm=NM, look=look)
        scene = simulate(seed, options)
        seed += 1
        if scene.membrane_lines:
            grey = scene.image.astype(float) / 255
            name = f"{look} {scene.seed}"
            found.append(Picture(name, grey, list(scene.membrane_lines), scene.slits))
    return found
