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
SLIT_RADIUS_PX = 3.5
UNCERTAIN_RADIUS_PX = 10.0
TRACED_RADIUS_PX = 40.0
NORMALISATION = Normalisation()

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Example:
    """One normalised micrograph at ``PIXEL_SIZE_NM`` with its truth.

    Attributes
    ----------
    name : str
        Where it comes from.
    pixels, membrane : (H, W) float32
        Normalised grey values; membrane stripe in [0, 1].
    slits : (N, 2) float64
        Annotated slits (y, x), px.
    weight : (H, W) float32
        0 where the truth is unknown, else 1.
    """

    name: str
    pixels: Array
    membrane: Array
    slits: NDArray[np.float64]
    weight: Array


def simulated(seed: int, *, shape: tuple[int, int] = (640, 640)) -> Example:
    """One simulated scene, normalised."""
    scene = simulate(seed, SceneOptions(shape=shape, pixel_size_nm=PIXEL_SIZE_NM))
    return Example(
        name=f"simulated {seed}",
        pixels=normalised(scene.image),
        membrane=scene.membrane.astype(np.float32),
        slits=np.asarray(scene.slits, dtype=np.float64),
        weight=np.ones(scene.image.shape, np.float32),
    )


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
    return Example(
        name=name,
        pixels=rescaled(pixels, zoom),
        membrane=stripe,
        slits=slits[~points.uncertain],
        weight=known(stripe, slits[points.uncertain], partly=name == "bad"),
    )


def rescaled(pixels: Array, zoom: float) -> Array:
    """Resample with a linear spline on pixel centres."""
    if zoom == 1:
        return pixels
    smooth = ndimage.gaussian_filter(pixels, max(0.0, 0.4 * (1 / zoom - 1)))
    return np.asarray(ndimage.zoom(smooth, zoom, order=1, grid_mode=True, mode="nearest"))


def known(membrane: Array, uncertain: NDArray[np.float64], *, partly: bool) -> Array:
    """Weight map: 0 around uncertain slits and, if partly traced, far from the membrane."""
    weight = 1 - dots(uncertain, membrane.shape, UNCERTAIN_RADIUS_PX)
    if partly:
        weight *= ndimage.distance_transform_edt(membrane < 0.5) <= TRACED_RADIUS_PX
    return weight.astype(np.float32)


@dataclass(frozen=True)
class Patch:
    """One augmented crop: (S, S) arrays, float32."""

    pixels: Array
    membrane: Array
    slits: Array
    weight: Array


def draw_patch(example: Example, size_px: int, rng: np.random.Generator) -> Patch:
    """Cut a crop, turned, scaled and mirrored at random, slits redrawn exactly."""
    centre = _centre(example, rng)
    turn = _random_turn(rng)
    offset = centre - turn @ np.full(2, (size_px - 1) / 2)

    def cut(array: Array, *, order: int, outside: str) -> Array:
        return np.asarray(
            ndimage.affine_transform(
                array, turn, offset, (size_px, size_px), order=order, mode=outside, prefilter=False
            )
        )

    yx = (example.slits - offset) @ np.linalg.inv(turn).T
    return Patch(
        pixels=recoloured(cut(example.pixels, order=1, outside="reflect"), rng),
        membrane=cut(example.membrane, order=1, outside="constant"),
        slits=dots(yx, (size_px, size_px), SLIT_RADIUS_PX),
        weight=cut(example.weight, order=0, outside="constant"),
    )


def _centre(example: Example, rng: np.random.Generator) -> NDArray[np.float64]:
    shape = np.array(example.pixels.shape)
    if len(example.slits) and rng.random() < 0.7:
        slit = example.slits[rng.integers(len(example.slits))]
        return np.asarray(slit + rng.uniform(-60, 60, 2))
    return np.asarray(rng.uniform(0.15, 0.85, 2) * shape)


def _random_turn(rng: np.random.Generator) -> NDArray[np.float64]:
    angle = rng.uniform(0, 2 * np.pi)
    zoom = np.exp(rng.uniform(np.log(0.75), np.log(1.3)))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * zoom
    if rng.random() < 0.5:
        turn[:, 0] *= -1
    return np.asarray(turn)


def recoloured(pixels: Array, rng: np.random.Generator) -> Array:
    """Gain, offset, gamma, blur and noise as microscopes and stains vary."""
    unit = np.clip((pixels + 1) / 2, 0, 1.5)
    unit = unit ** np.exp(rng.uniform(-0.5, 0.5))
    out = (2 * unit - 1) * rng.uniform(0.65, 1.3) + rng.uniform(-0.3, 0.3)
    if rng.random() < 0.3:
        out = ndimage.gaussian_filter(out, rng.uniform(0.4, 1.3))
    out = out + rng.normal(0, rng.uniform(0, 0.2), out.shape)
    return np.asarray(out, dtype=np.float32)
