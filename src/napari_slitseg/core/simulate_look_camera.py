"""What microscope, film and file add to a tissue-like scene."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from napari_slitseg.core.simulate_canvas import Canvas, Image


def photograph(canvas: Canvas, noise: float | None, blur_nm: float | None) -> NDArray[np.uint8]:
    """Uneven light, defocus, drift, grain, gamma, sharpening and compression: (H, W) uint8."""
    rng = canvas.rng
    grey = canvas.grey + _uneven_light(canvas)
    grey = _defocus(grey, canvas, blur_nm)
    grey = _grain(grey, canvas, noise)
    if rng.random() < 0.3:
        soft = ndimage.gaussian_filter(grey, rng.uniform(0.8, 2.5))
        grey = grey + rng.uniform(0.2, 1.2) * (grey - soft)
    levels = 255 * _develop(grey, rng)
    if rng.random() < 0.25:
        levels = _compress(levels, rng.uniform(4, 22))
    return np.asarray(np.clip(np.round(levels), 0, 255), dtype=np.uint8)


def _uneven_light(canvas: Canvas) -> Image:
    rng = canvas.rng
    rows, columns = (np.linspace(-1, 1, side, dtype=np.float32) for side in canvas.shape)
    turn, slope, bowl = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.03), rng.normal(0, 0.02)
    plane = slope * (rows[:, None] * np.cos(turn) + columns[None] * np.sin(turn))
    blotch = 0.02 * rng.uniform(0, 1.5) * canvas.texture(2500)
    return np.asarray(plane + bowl * (rows[:, None] ** 2 + columns[None] ** 2) + blotch)


def _defocus(grey: Image, canvas: Canvas, blur_nm: float | None) -> Image:
    """Blur all round, and now and then along one direction."""
    rng = canvas.rng
    drawn = rng.uniform(2, 10) if rng.random() < 0.8 else rng.uniform(10, 20)
    drifts, turn, reach = rng.random() < 0.15, rng.uniform(0, np.pi), rng.uniform(10, 35)
    blur = drawn if blur_nm is None else blur_nm
    grey = ndimage.gaussian_filter(grey, blur / canvas.nm)
    if drifts and blur_nm is None:
        steps = np.linspace(-1, 1, 5) * reach / canvas.nm
        moved = [
            ndimage.shift(grey, (s * np.cos(turn), s * np.sin(turn)), order=1, mode="nearest")
            for s in steps
        ]
        grey = np.mean(moved, axis=0)
    return grey


def _grain(grey: Image, canvas: Canvas, noise: float | None) -> Image:
    """Film or detector grain, a little correlated, stronger where it is dark or bright."""
    rng = canvas.rng
    drawn, size = np.exp(rng.uniform(np.log(0.008), np.log(0.06))), rng.uniform(0, 0.9)
    strength = drawn if noise is None else noise
    field = canvas.grain.standard_normal(grey.shape, dtype=np.float32)
    if size > 0.35:
        field = ndimage.gaussian_filter(field, size)
        field /= field.std() + 1e-6
    tilt = rng.uniform(-0.5, 0.5)
    return grey + strength * (1 + tilt * (2 * np.clip(grey, 0, 1) - 1)) * field


def _develop(grey: Image, rng: np.random.Generator) -> Image:
    """Contrast, brightness and gamma."""
    weak = rng.random() < 0.25
    gain = rng.uniform(0.3, 0.6) if weak else rng.uniform(0.6, 1.1)
    middle = rng.uniform(0.4, 0.62)
    grey = middle + (grey - 0.5) * gain
    knee = rng.uniform(0.05, 0.3)
    over, under = np.maximum(grey - 1 + knee, 0), np.maximum(knee - grey, 0)
    grey = grey - over + knee * np.tanh(over / knee) + under - knee * np.tanh(under / knee)
    return np.asarray(np.clip(grey, 0.004, 1) ** np.exp(rng.normal(0, 0.22)))


def _compress(levels: Image, step: float) -> Image:
    """Round 8 x 8 blocks of the picture as JPEG does."""
    height, width = (side // 8 * 8 for side in levels.shape)
    blocks = levels[:height, :width].reshape(height // 8, 8, width // 8, 8)
    rank = np.add.outer(np.arange(8), np.arange(8))
    table = (step * (0.5 + rank / 5)).astype(np.float32)[None, :, None, :]
    waves = fft.dctn(blocks, axes=(1, 3), norm="ortho")
    kept = fft.idctn(np.round(waves / table) * table, axes=(1, 3), norm="ortho")
    levels = levels.copy()
    levels[:height, :width] = kept.reshape(height, width)
    return levels
