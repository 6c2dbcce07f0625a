"""Training examples of the bundled model: simulated scenes and, where present, real micrographs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from napari_slitseg.core.image import Normalisation, read_image
from napari_slitseg.core.points import read_points
from napari_slitseg.core.simulate import SceneOptions, simulate
from napari_slitseg.core.targets import dots

PIXEL_SIZE_NM = 10.0
UNCERTAIN_NM = 100.0
TRACED_NM = 400.0
NORMALISATION = Normalisation()
PARTLY_TRACED = ("bad",)

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Example:
    """One normalised micrograph at ``PIXEL_SIZE_NM`` with its truth.

    Attributes
    ----------
    name : str
        Where it comes from.
    layers : (3, H, W) float32
        Normalised grey values; membrane stripe in [0, 1]; weight, 0 where the truth is unknown.
    slits : (N, 2) float64
        Certain slits (y, x), px.
    """

    name: str
    layers: Array
    slits: NDArray[np.float64]


def simulated(seed: int, options: SceneOptions) -> Example:
    """One simulated scene, normalised."""
    scene = simulate(seed, options)
    layers = [
        normalised(scene.image),
        scene.membrane.astype(np.float32),
        np.ones(scene.image.shape, np.float32),
    ]
    return Example(f"simulated {seed}", np.stack(layers), np.asarray(scene.slits, np.float64))


def normalised(pixels: NDArray[np.generic]) -> Array:
    """Normalise as the shipped model does at inference."""
    low, high = NORMALISATION.range_of(pixels)
    return NORMALISATION.apply(pixels, low, high)


def real(folder: Path, name: str) -> Example:
    """One real micrograph of the development data, brought to ``PIXEL_SIZE_NM``."""
    sizes = pd.read_csv(folder / "images.csv").set_index("image")["pixel_size_nm"]
    zoom = float(sizes[f"{name}.png"]) / PIXEL_SIZE_NM
    points = read_points(folder / "slits" / f"{name}.csv")
    membrane = read_image(folder / "membrane" / f"{name}.png").pixels > 0
    pixels = normalised(read_image(folder / "images" / f"{name}.png").pixels)
    slits = (points.yx + 0.5) * zoom - 0.5
    stripe = rescaled(membrane.astype(np.float32), zoom)
    weight = known(stripe, slits[points.uncertain], partly=name in PARTLY_TRACED)
    return Example(
        name, np.stack([rescaled(pixels, zoom), stripe, weight]), slits[~points.uncertain]
    )


def rescaled(pixels: Array, zoom: float) -> Array:
    """Resample with a linear spline on pixel centres."""
    if abs(zoom - 1) < 1e-6:
        return pixels
    smooth = ndimage.gaussian_filter(pixels, max(0.0, 0.4 * (1 / zoom - 1)))
    return np.asarray(ndimage.zoom(smooth, zoom, order=1, grid_mode=True, mode="nearest"))


def known(membrane: Array, uncertain: NDArray[np.float64], *, partly: bool) -> Array:
    """Weight map: 0 around uncertain slits and, if partly traced, far from the membrane."""
    weight = 1 - dots(uncertain, membrane.shape, UNCERTAIN_NM / PIXEL_SIZE_NM)
    if partly:
        away = ndimage.distance_transform_edt(membrane < 0.5)
        weight *= away <= TRACED_NM / PIXEL_SIZE_NM
    return np.asarray(weight, np.float32)
