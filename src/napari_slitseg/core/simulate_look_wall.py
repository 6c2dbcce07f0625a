"""Basement membrane and endothelium of a tissue-like scene."""

from __future__ import annotations

import numpy as np

from napari_slitseg.core.simulate_around import Around
from napari_slitseg.core.simulate_canvas import Image, Plane, inside
from napari_slitseg.core.simulate_line import Floats, wander
from napari_slitseg.core.simulate_look_cells import shade_cells
from napari_slitseg.core.simulate_look_fields import (
    ellipse,
    patch,
    ridge,
    round_min,
    true_distance,
)
from napari_slitseg.core.simulate_look_palette import Palette
from napari_slitseg.core.simulate_look_sheet import Sheet


def thickness(rng: np.random.Generator, around: Around) -> Image:
    """Thickness of the basement membrane at every pixel, nm; thinner or thicker by species."""
    n, length = 512, around.line.length_nm
    mean = rng.uniform(130, 400)
    uneven = wander(rng, n, rng.uniform(0.02, 0.22), rng.uniform(400, 1500) * n / length)
    uneven += wander(rng, n, rng.uniform(0.0, 0.08), 120 * n / length)
    return around.along(np.maximum(mean * (1 + uneven), 90))


def paint_membrane(canvas: Sheet, palette: Palette, around: Around, below: Image) -> None:
    """Basement membrane: fine streaks along it, lighter rims, now and then deposits."""
    rng = canvas.rng
    grain = rng.uniform(0.01, 0.045)
    tone = palette.membrane + grain * canvas.texture(14) + 0.7 * grain * canvas.texture(26)
    tone += 0.02 * canvas.texture(300) + _streaks(canvas, around, rng.uniform(0, 0.15) ** 2)
    tone += palette.rim * ridge(around.depth + 30, rng.uniform(18, 40))
    tone += palette.rim * rng.uniform(0, 1.5) * ridge(below + 20, rng.uniform(15, 40))
    canvas.cover(inside(-around.depth, canvas.soft_nm), tone)
    if rng.random() < 0.12:
        _deposits(canvas, palette, around)


def _streaks(canvas: Sheet, around: Around, strength: float) -> Image:
    noise = canvas.grain.normal(size=(64, 512)).astype(np.float32)
    across = np.floor(around.depth / 16).astype(np.int64) % 64
    along = np.floor(around.arc / 90).astype(np.int64) % 512
    return np.asarray(strength * noise[across, along], dtype=np.float32)


def _deposits(canvas: Sheet, palette: Palette, around: Around) -> None:
    """Humps and dense deposits in the membrane, darker or lighter than it."""
    rng = canvas.rng
    shift = rng.uniform(-0.15, 0.1)
    wall = inside(-around.depth, canvas.soft_nm) * inside(around.depth + 350, 30)
    for _ in range(int(rng.integers(1, 14))):
        at = around.line.yx_nm[int(rng.integers(len(around.line.yx_nm)))]
        axes = (rng.uniform(60, 300), rng.uniform(50, 160))
        turn = rng.uniform(0, np.pi)
        place = patch(canvas, at, max(axes) + 60)
        if not place.empty:
            edge = ellipse(place, axes, turn) + 15 * place.texture(140)
            tone = palette.membrane + shift + 0.03 * place.texture(26)
            place.shade(edge, tone, 0.0, wall)


def paint_endothelium(
    canvas: Sheet, inner: Sheet, palette: Palette, around: Around, below: Image
) -> None:
    """Thin beaded sheet with windows, swollen in places, and a cell body with its nucleus."""
    rng, length = canvas.rng, around.line.length_nm
    n = 2048
    sheet = rng.uniform(28, 80) * np.exp(wander(rng, n, rng.uniform(0.1, 0.5), 130 * n / length))
    swell = np.clip(
        wander(rng, n, 1, rng.uniform(400, 1500) * n / length) - rng.uniform(0, 2.2), 0, 2
    )
    sheet = sheet + rng.uniform(80, 700) * swell
    close = rng.uniform(-12, 12) if rng.random() < 0.8 else rng.uniform(10, 50)
    lift = close + wander(rng, n, rng.uniform(0, 14), 200 * n / length)
    thick = around.along(sheet)
    wall = round_min([below - around.along(lift), around.along(lift) + thick - below], 24.0)
    closed = around.along(_windows(rng, length))
    open_here = inside(130 - thick, 12.0)
    edge = 7 + round_min([wall + 5 * canvas.texture(45), closed + (1 - open_here) * 400], 45.0)
    shade_cells(
        canvas, inner, true_distance(edge, canvas.nm), palette, palette.endothelium - palette.body
    )


def _windows(rng: np.random.Generator, length: float) -> Floats:
    """Distance along the line from the nearest window, sampled every 10 nm, negative in it."""
    if rng.random() < 0.12:
        return np.full(8, 500.0)
    spacing = rng.uniform(130, 420)
    windows = np.arange(0, length, spacing) + rng.normal(
        0, 0.3 * spacing, int(np.ceil(length / spacing))
    )
    windows = np.sort(windows[rng.random(len(windows)) < rng.uniform(0.3, 1.0)])
    grid = np.arange(0, length, 10.0)
    if not len(windows):
        return np.full(8, 500.0)
    after = np.searchsorted(windows, grid) % len(windows)
    apart = np.minimum(np.abs(grid - windows[after]), np.abs(grid - windows[after - 1]))
    return np.asarray(apart - rng.uniform(18, 50))


def paint_bare_membrane(
    canvas: Sheet, inner: Sheet, palette: Palette, around: Around, below: Plane
) -> None:
    """Bowman's capsule or a tubule's membrane: smooth cells on both sides and no slit at all."""
    rng, length = canvas.rng, around.line.length_nm
    sheet = rng.uniform(40, 250) * np.exp(wander(rng, 512, 0.5, 700 * 512 / length))
    edge = np.minimum(around.along(sheet) - around.depth, around.depth + 4)
    edge = edge + 10 * canvas.texture(140)
    shade_cells(canvas, inner, true_distance(edge, canvas.nm), palette)
    grain = 0.02 * canvas.texture(14) + _streaks(canvas, around, rng.uniform(0.01, 0.05))
    canvas.cover(inside(-around.depth, canvas.soft_nm), palette.membrane + grain)
    canvas.cover(
        inside(below, canvas.soft_nm),
        palette.matrix + 0.03 * canvas.texture(26) + 0.03 * canvas.texture(140),
    )
