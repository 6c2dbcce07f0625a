"""Random crops of the training examples: turned, scaled, bent, and recoloured."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from micrographs import PIXEL_SIZE_NM, Array, Example
from numpy.typing import NDArray
from scipy import ndimage
from torch.nn.functional import grid_sample, interpolate

from napari_slitseg.core.targets import dots

SLIT_RADIUS_NM = 35.0
SLIT_RADIUS_PX = SLIT_RADIUS_NM / PIXEL_SIZE_NM
SHARE_AT_SLITS = 0.45
SHARE_AT_ERRORS = 0.3
ZOOMS = (0.68, 1.5)

Points = NDArray[np.float64]
Random = np.random.Generator


@dataclass(frozen=True)
class Patch:
    """One augmented crop: (S, S) arrays, float32."""

    pixels: Array
    membrane: Array
    slits: Array
    weight: Array


def draw_patch(
    example: Example, donor: Example, size_px: int, rng: Random, errors: Points | None = None
) -> Patch:
    """Cut a crop, turned, scaled, mirrored and bent at random; slits are drawn anew.

    Parameters
    ----------
    example, donor : Example
        What is cut; what lends its grey values and grain now and then.
    size_px : int
        Side of the crop.
    rng : numpy Generator
        Source of all that is random.
    errors : (N, 2) float, optional
        Where the network found a slit and there is none, px.
    """
    turn = random_turn(rng)
    bend = random_bend(size_px, rng)
    places = (turn @ (grid(size_px) + bend).reshape(2, -1)).reshape(2, size_px, size_px)
    places += centre(example, rng, errors)[:, None, None]
    pixels, membrane, weight = sample(example.layers, places)
    yx = unbend(example.slits, places, turn)
    shape = (size_px, size_px)
    return Patch(
        pixels=recoloured(borrowed(pixels, donor, rng), rng),
        membrane=membrane,
        slits=dots(yx, shape, SLIT_RADIUS_PX),
        weight=weight,
    )


def grid(size_px: int) -> NDArray[np.float64]:
    """Offsets (2, S, S) of a crop's pixels from its middle, px."""
    return np.asarray(np.indices((size_px, size_px)) - (size_px - 1) / 2, np.float64)


def centre(example: Example, rng: Random, errors: Points | None = None) -> NDArray[np.float64]:
    """Middle of a crop: mostly near a slit, or where the network was wrong; otherwise anywhere."""
    chance = rng.random()
    if len(example.slits) and chance < SHARE_AT_SLITS:
        return near_one(example.slits, rng)
    if errors is not None and len(errors) and chance < SHARE_AT_SLITS + SHARE_AT_ERRORS:
        return near_one(errors, rng)
    return np.asarray(rng.uniform(0.08, 0.92, 2) * example.layers.shape[1:])


def near_one(yx: Points, rng: Random) -> NDArray[np.float64]:
    """Return a place (2,) up to 80 px from one of the points."""
    return np.asarray(yx[rng.integers(len(yx))] + rng.uniform(-80, 80, 2))


def random_turn(rng: Random) -> NDArray[np.float64]:
    """Turn, mirror, scale and stretch: (2, 2), from a crop's offsets to the example's."""
    angle, skew = rng.uniform(0, 2 * np.pi, 2)
    zoom = np.exp(rng.uniform(*np.log(ZOOMS)))
    stretch = np.exp(rng.uniform(-0.12, 0.12))
    turn = rotation(angle) @ np.diag([zoom * stretch, zoom / stretch]) @ rotation(skew)
    return np.asarray(turn @ np.diag([1, rng.choice([-1, 1])]))


def rotation(angle: float) -> NDArray[np.float64]:
    """Rotation matrix (2, 2)."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def random_bend(size_px: int, rng: Random) -> NDArray[np.float64]:
    """Smooth displacements (2, S, S), px."""
    if rng.random() < 0.5:
        return np.zeros((2, size_px, size_px))
    return np.asarray(rng.uniform(1, 6) * smooth_fields(2, 5, size_px, rng), np.float64)


def sample(layers: Array, places: NDArray[np.float64]) -> Array:
    """Layers at places (2, S, S) px, linear; mirrored beyond the border, where nothing is known."""
    sides = np.array(layers.shape[1:])
    unit = 2 * (places + 0.5) / sides[:, None, None] - 1
    flow = torch.from_numpy(unit[::-1].copy().astype(np.float32)).permute(1, 2, 0)[None]
    cut = grid_sample(
        torch.from_numpy(layers)[None], flow, padding_mode="reflection", align_corners=False
    )[0].numpy()
    cut[2] *= (np.abs(unit) <= 1).all(axis=0)
    return cut


def unbend(slits: Points, places: NDArray[np.float64], turn: NDArray[np.float64]) -> Points:
    """Slits (y, x) of the example in px of the crop: the pixel that shows them, then its rest."""
    low, high = places.min(axis=(1, 2)) - 8, places.max(axis=(1, 2)) + 8
    near = slits[((slits > low) & (slits < high)).all(axis=1)]
    if not len(near):
        return np.empty((0, 2))
    flat = places.reshape(2, -1).T
    size_px = places.shape[1]
    nearest = np.array([((flat - slit) ** 2).sum(axis=1).argmin() for slit in near])
    rest = (near - flat[nearest]) @ np.linalg.inv(turn).T
    found = np.stack(np.divmod(nearest, size_px), axis=1) + rest
    return np.asarray(found[(np.abs(rest) < SLIT_RADIUS_PX).all(axis=1)])


def borrowed(pixels: Array, donor: Example, rng: Random) -> Array:
    """Give a crop the grey values, or the grain, of a piece of another picture."""
    size_px = len(pixels)
    y, x = (rng.integers(side - size_px) for side in donor.layers.shape[1:])
    piece = donor.layers[0, y : y + size_px, x : x + size_px]
    chance = rng.random()
    if chance < 0.2:
        shares = np.linspace(0, 1, 64)
        tones = np.interp(pixels, np.quantile(pixels, shares), np.quantile(piece, shares))
        pixels = np.asarray(pixels + rng.uniform(0.3, 1) * (tones - pixels), np.float32)
    if 0.1 < chance < 0.4:
        grain = piece - ndimage.gaussian_filter(piece, rng.uniform(1, 3))
        pixels = pixels + rng.uniform(0.3, 1.2) * grain
    return np.asarray(pixels, np.float32)


def recoloured(pixels: Array, rng: Random) -> Array:
    """Tone curve, uneven light, blur or sharpening, coloured and white noise."""
    unit = np.clip((pixels + 1) / 2, 0, 1.5) ** math.exp(rng.uniform(-0.7, 0.7))
    out = (2 * unit - 1) * rng.uniform(0.55, 1.35) + rng.uniform(-0.35, 0.35)
    if rng.random() < 0.4:
        out = out + rng.uniform(0.05, 0.35) * smooth_fields(1, 3, len(out), rng)[0]
    sharpness = rng.random()
    if sharpness < 0.35:
        out = ndimage.gaussian_filter(out, rng.uniform(0.4, 2.0, 2))
    elif sharpness < 0.55:
        out = out + rng.uniform(0.3, 1.5) * (out - ndimage.gaussian_filter(out, rng.uniform(1, 2)))
    if rng.random() < 0.3:
        grain = ndimage.gaussian_filter(white(out.shape, rng), rng.uniform(0.6, 1.6))
        out = out + rng.uniform(0, 0.15) * grain / float(grain.std())
    out = out + rng.uniform(0, 0.22) * rng.random() * white(out.shape, rng)
    return np.asarray(np.clip(out, -3, 3), dtype=np.float32)


def white(shape: tuple[int, ...], rng: Random) -> Array:
    """White noise of standard deviation 1."""
    return rng.standard_normal(shape, dtype=np.float32)


def smooth_fields(number: int, knots: int, size_px: int, rng: Random) -> Array:
    """Smooth fields (N, S, S) through `knots` x `knots` random numbers of standard deviation 1."""
    coarse = torch.from_numpy(white((1, number, knots, knots), rng))
    side = -(-size_px // 4)
    cubic = interpolate(coarse, (side, side), mode="bicubic", align_corners=True)
    fine = interpolate(cubic, (size_px, size_px), mode="bilinear", align_corners=True)
    return np.asarray(fine[0].numpy())
