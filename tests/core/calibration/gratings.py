"""Photographs of grating replicas, simulated, with their true period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

PITCH_NM = 1e6 / 2160


@dataclass(frozen=True)
class Look:
    """How a grating looks."""

    nm_per_px: float = 9.7
    angle_deg: float = 12.0
    shape: tuple[int, int] = (1024, 1024)
    profile: str = "any"
    noise: float = 0.3
    light: float = 0.4
    blur_px: float = 0.8
    dirt: int = 5
    text: bool = True
    waviness_px: float = 0.3
    bend: float = 0.0
    cross: bool = False
    stretch: float = 1.0
    levels: int = 256


def grating(look: Look, seed: int) -> NDArray[np.uint8 | np.uint16]:
    """Draw a grating; `angle_deg` is that across its lines, from the rows downwards."""
    rng = np.random.default_rng(seed)
    y, x = np.meshgrid(*(np.arange(size) - size / 2.0 for size in look.shape), indexing="ij")
    theta = np.deg2rad(look.angle_deg)
    period = PITCH_NM / look.nm_per_px
    profile = _profile(look.profile, rng)
    across, along = np.cos(theta) * x + np.sin(theta) * y, np.cos(theta) * y - np.sin(theta) * x
    across = across + _wave(along, look.waviness_px, max(look.shape), rng)
    across = across + look.bend * across**2 / max(look.shape)
    picture = profile((across / period + rng.random()) % 1)
    if look.cross:
        other = profile((along / (period * look.stretch) + rng.random()) % 1)
        picture = (picture + 0.3) * (other + 0.3)
    picture = (picture - picture.mean()) / picture.std()
    picture = ndimage.gaussian_filter(picture, look.blur_px)
    picture = (picture * 0.2 + 1) * _light(y, x, look, rng)
    picture = _dirty(picture, look, rng)
    picture = picture + 0.2 * look.noise * rng.normal(size=look.shape)
    if look.text:
        height, width = look.shape
        picture[height - height // 25 :, : width // 3] = 2.0
        picture[height - height // 40 : height - height // 50, width // 20 : width // 4] = 0.0
    top = look.levels - 1
    low, high = np.quantile(picture, [0.001, 0.999])
    whole = np.clip((picture - low) / (high - low), 0, 1) * top
    return np.round(whole).astype(np.uint8 if look.levels <= 256 else np.uint16)


def _profile(kind: str, rng: np.random.Generator):
    kinds = ("sine", "saw", "binary", "thin", "odd")
    kind = kinds[rng.integers(len(kinds))] if kind == "any" else kind
    duty = rng.uniform(0.2, 0.8)
    table = np.arange(512) / 512
    values = {
        "sine": np.cos(2 * np.pi * table),
        "saw": np.where(table < duty, table / duty, (1 - table) / (1 - duty)),
        "binary": (table < duty).astype(float),
        "thin": (table < 0.08).astype(float),
        "odd": sum(
            a * np.cos(2 * np.pi * (h * table + p))
            for h, a, p in zip((1, 2, 3, 5), (0.15, 1.0, 0.8, 0.4), rng.random(4), strict=True)
        ),
        "weak": sum(
            a * np.cos(2 * np.pi * (h * table + p))
            for h, a, p in ((1, 0.09, 0), (2, 1, 0.3), (3, 0.1, 0.1), (4, 0.2, 0.7), (6, 0.02, 0.2))
        ),
        "missing": np.cos(4 * np.pi * table) + 0.8 * np.cos(6 * np.pi * table + 1),
    }[kind]
    values = values - values.min()
    return lambda phase: np.interp(phase, table, values, period=1)


def _wave(along, size_px: float, side: int, rng: np.random.Generator):
    waves = rng.uniform(1, 4, 3)
    return sum(
        size_px / 2 * np.sin(2 * np.pi * (w * along / side + p))
        for w, p in zip(waves, rng.random(3), strict=True)
    )


def _light(y, x, look: Look, rng: np.random.Generator):
    side = max(look.shape)
    cy, cx = rng.uniform(-0.4, 0.4, 2) * side
    return 1 - look.light * (((y - cy) ** 2 + (x - cx) ** 2) / side**2)


def _dirty(picture, look: Look, rng: np.random.Generator):
    picture = picture.copy()
    height, width = look.shape
    for _ in range(look.dirt):
        cy, cx, r = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(0.01, 0.05) * width
        yy, xx = np.ogrid[:height, :width]
        picture[(yy - cy) ** 2 + (xx - cx) ** 2 < r**2] *= rng.uniform(0.2, 0.7)
    return picture
