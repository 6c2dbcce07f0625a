"""Tones and habits of a tissue-like scene: species, staining and disease differ between scenes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DROPS = {
    "dark": (0.08, 0.28),
    "equal": (-0.02, 0.07),
    "faint": (-0.03, 0.1),
    "light": (-0.14, -0.02),
}


@dataclass(frozen=True)
class Palette:
    """Grey of each tissue, 0 black to 1 white, and how tissues are drawn.

    Attributes
    ----------
    space, lumen, membrane, foot, body, endothelium, matrix : tone of each tissue
    outline : how much darker plasma membranes are than what they enclose
    band : how much darker foot processes are close to the basement membrane
    speckle : granularity of cytoplasm
    rim : how much lighter the edges of the basement membrane are
    """

    space: float
    lumen: float
    membrane: float
    foot: float
    body: float
    endothelium: float
    matrix: float
    outline: float
    band: float
    speckle: float
    rim: float


def draw_palette(rng: np.random.Generator, contrast: float | None) -> Palette:
    """Draw tones; `contrast` in [0, 1] sets how far feet stand out from the membrane."""
    kind = str(rng.choice(list(DROPS), p=[0.42, 0.3, 0.18, 0.1]))
    membrane = rng.uniform(0.36, 0.62)
    drop = rng.uniform(*DROPS[kind]) if contrast is None else 0.3 * contrast
    foot = max(membrane - drop, 0.14)
    space = min(
        membrane + (rng.uniform(0.1, 0.25) if kind == "faint" else rng.uniform(0.25, 0.5)), 0.96
    )
    faint_outline = kind == "dark" and rng.random() < 0.7
    return Palette(
        space=space,
        lumen=space - rng.uniform(-0.03, 0.15),
        membrane=membrane,
        foot=foot,
        body=foot + rng.uniform(-0.03, 0.12),
        endothelium=foot + rng.uniform(-0.04, 0.1),
        matrix=membrane + rng.uniform(-0.08, 0.03),
        outline=rng.uniform(0, 0.12) if faint_outline else rng.uniform(0.15, 0.45),
        band=rng.uniform(0.05, 0.2) if rng.random() < 0.5 else 0.0,
        speckle=rng.uniform(0.035, 0.12) * (0.6 if kind == "faint" else 1),
        rim=rng.uniform(0, 0.08) if rng.random() < 0.5 else 0.0,
    )
