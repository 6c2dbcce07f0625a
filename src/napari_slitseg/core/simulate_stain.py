"""Grey tones of a simulated section, and what the microscope adds to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_slitseg.core.simulate_canvas import Canvas, Image


@dataclass(frozen=True)
class Stain:
    """Grey of each tissue, 0 black to 1 white."""

    space: float
    membrane: float
    cytoplasm: float
    outline: float
    lumen: float
    body: float


def draw_stain(rng: np.random.Generator, contrast: float | None) -> Stain:
    """Draw tones; `contrast` in [0, 1] sets how far cytoplasm stands out from the membrane."""
    membrane = rng.uniform(0.38, 0.62)
    weak = rng.random() < 0.3 if contrast is None else contrast < 0.3
    drop = rng.uniform(-0.06, 0.04) if weak else rng.uniform(0.05, 0.28)
    if contrast is not None and not weak:
        drop = 0.05 + 0.23 * contrast
    cytoplasm = max(membrane - drop, 0.12)
    return Stain(
        space=rng.uniform(0.72, 0.95),
        membrane=membrane,
        cytoplasm=cytoplasm,
        outline=cytoplasm - rng.uniform(0.1, 0.3),
        lumen=rng.uniform(0.55, 0.95),
        body=cytoplasm + rng.uniform(-0.02, 0.15),
    )


def expose(canvas: Canvas, noise: float | None, blur_nm: float | None) -> NDArray[np.uint8]:
    """Uneven light, defocus, contrast, grain, dirt: (H, W) uint8."""
    rng = canvas.rng
    grey = canvas.grey + 0.06 * rng.uniform(0, 1.5) * canvas.texture(3000)
    blur = rng.uniform(3, 14) if blur_nm is None else blur_nm
    grey = ndimage.gaussian_filter(grey, blur / canvas.nm)
    grey = 0.5 + (grey - 0.5) * rng.uniform(0.55, 1.1)
    grain = rng.uniform(0.01, 0.07) if noise is None else noise
    grey = grey + canvas.grain.normal(0, 1, grey.shape) * grain
    grey = np.clip(grey, 0.01, 1) ** np.exp(rng.uniform(-0.4, 0.4))
    return np.asarray(np.clip(np.round(_dirty(grey, canvas) * 255), 0, 255), dtype=np.uint8)


def _dirty(grey: Image, canvas: Canvas) -> Image:
    """Add specks of stain and holes, and now and then a burnt-in bar."""
    rng = canvas.rng
    extent = np.array(canvas.shape) * canvas.nm
    for _ in range(rng.poisson(0.7)):
        dy, dx = canvas.offsets_nm(rng.uniform(0, 1, 2) * extent)
        grey = np.where(np.hypot(dy, dx) < rng.uniform(20, 90), rng.choice([0.02, 0.98]), grey)
    if rng.random() < 0.15:
        top, left = (int(rng.uniform(0, 0.9) * side) for side in canvas.shape)
        grey[top : top + int(rng.integers(4, 20)), left : left + int(rng.integers(60, 190))] = (
            rng.choice([0.0, 1.0])
        )
    return grey
