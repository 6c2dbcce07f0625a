"""What lies inside the capillaries of a tissue-like scene, and the urinary space around them."""

from __future__ import annotations

import numpy as np

from napari_slitseg.core.simulate_around import Around
from napari_slitseg.core.simulate_canvas import Image, Plane, inside
from napari_slitseg.core.simulate_line import Floats
from napari_slitseg.core.simulate_look_cells import pack_cells, shade_cells
from napari_slitseg.core.simulate_look_fields import anywhere, patch, ridge, true_distance
from napari_slitseg.core.simulate_look_palette import Palette
from napari_slitseg.core.simulate_look_sheet import Sheet


def precipitate(canvas: Sheet, tone: float) -> Image:
    """Fluid with what the fixative left in it: nothing, grains, clouds or a web."""
    rng = canvas.rng
    kind = int(rng.integers(4))
    strength = rng.uniform(0.02, 0.11)
    fine = 0.8 * canvas.texture(14) + 0.7 * canvas.texture(26)
    grey = tone + rng.uniform(0.005, 0.03) * fine + 0.02 * canvas.texture(700)
    if kind == 1:
        grey = grey - strength * np.tanh(rng.uniform(0.4, 1.0) * fine)
    elif kind == 2:
        cloudy = np.clip(0.5 + canvas.texture(300), 0, 1.5)
        grey = grey - strength * cloudy * np.maximum(fine + 0.4, 0)
    elif kind == 3:
        web = ridge(canvas.texture(45) + 0.3 * canvas.texture(14), 0.22)
        grey = grey - 2 * strength * web * inside(canvas.texture(90) + 0.6, 0.3)
        grey = grey - strength * np.maximum(fine - 0.8, 0)
    return np.asarray(grey, dtype=np.float32)


def paint_inside(
    canvas: Sheet, inner: Sheet, palette: Palette, around: Around, below: Image
) -> Sheet:
    """Layer with the lumen, its blood cells and the mesangium beside it."""
    rng = canvas.rng
    lumen = canvas.over(precipitate(canvas, palette.lumen))
    middle = around.line.yx_nm.mean(0)
    if rng.random() < 0.45:
        for _ in range(int(rng.integers(1, 3))):
            _red_cell(lumen, middle + rng.normal(0, 1300, 2))
    if rng.random() < 0.4:
        _loose_cells(lumen, inner, palette)
    if rng.random() < 0.4:
        _mesangium(lumen, inner, palette, around, below)
    return lumen


def _loose_cells(lumen: Sheet, inner: Sheet, palette: Palette) -> None:
    rng = lumen.rng
    cells = pack_cells(lumen, rng.uniform(500, 2200), rng.uniform(0.1, 0.5), rng.uniform(100, 500))
    tone = cells.tone + palette.endothelium - palette.body
    shade_cells(lumen, inner, cells.edge, palette, tone)


def _mesangium(lumen: Sheet, inner: Sheet, palette: Palette, around: Around, below: Image) -> None:
    """Streaky matrix with cells in it, on one side of the loop."""
    rng = lumen.rng
    middle, turn = around.line.yx_nm.mean(0), rng.uniform(0, 2 * np.pi)
    dy, dx = lumen.offsets_nm(middle)
    reach = around.line.length_nm / 8
    field = dy * np.cos(turn) + dx * np.sin(turn) - rng.uniform(-0.1, 1.0) * reach
    edge = true_distance(field + 250 * lumen.texture(700) + 40 * lumen.texture(140), lumen.nm)
    streak = lumen.texture(45) - 1.5 * ridge(lumen.texture(140), 0.15) + 0.6 * lumen.texture(14)
    streak += 1.2 * lumen.texture(140)
    matrix = lumen.over(palette.matrix + rng.uniform(0.01, 0.05) * streak)
    cells = pack_cells(lumen, rng.uniform(700, 2200), rng.uniform(0.3, 0.9), rng.uniform(60, 500))
    deep = np.minimum(cells.edge, below - rng.uniform(-30, 250))
    shade_cells(matrix, inner, deep, palette, cells.tone + rng.uniform(-0.1, 0.05))
    lumen.shade(edge, matrix.grey, matrix.grey - palette.outline, rim_nm=9)


def _red_cell(lumen: Sheet, centre: Floats) -> None:
    """Dark, smooth, bent and thinner in the middle."""
    rng = lumen.rng
    turn, bend = rng.uniform(0, 2 * np.pi), rng.uniform(-3e-4, 3e-4)
    dy, dx = lumen.offsets_nm(centre)
    u = dy * np.cos(turn) + dx * np.sin(turn)
    v = dx * np.cos(turn) - dy * np.sin(turn) + bend * u**2
    beyond = np.maximum(np.abs(u) - rng.uniform(500, 2600), 0)
    half = rng.uniform(250, 900) * (1 - rng.uniform(0, 0.4) * ridge(u, 900))
    tone = rng.uniform(0.05, 0.4) + 0.008 * lumen.texture(14)
    lumen.cover(inside(half - np.hypot(beyond, v) + 25 * lumen.texture(300), lumen.soft_nm), tone)


def debris(canvas: Sheet, palette: Palette, free: Image) -> None:
    """Shreds and clouds of dark stuff floating in the urinary space."""
    rng = canvas.rng
    for _ in range(rng.poisson(rng.uniform(0, 8))):
        place = patch(canvas, anywhere(rng, canvas), 350.0)
        if place.empty:
            continue
        fall = np.exp(-(place.dy**2 + place.dx**2) / rng.uniform(80, 220) ** 2)
        grey = canvas.grey[place.window]
        dark = fall * np.maximum(place.texture(26) + 0.3, 0) * rng.uniform(0.05, 0.35)
        grey -= free[place.window] * dark


def coverage(edge: Plane, canvas: Sheet) -> Image:
    """Share of each pixel that a shape covers."""
    return inside(edge, canvas.soft_nm)
