"""The capillary of a simulated scene: lumen, red cells, endothelium, basement membrane."""

from __future__ import annotations

import numpy as np

from napari_slitseg.core.simulate_around import Around
from napari_slitseg.core.simulate_canvas import Canvas, Image, inside
from napari_slitseg.core.simulate_line import Floats, wander
from napari_slitseg.core.simulate_stain import Stain


def paint_capillary(canvas: Canvas, stain: Stain, around: Around) -> None:
    """Lumen with red cells, fenestrated endothelium and the basement membrane."""
    rng = canvas.rng
    thickness = rng.uniform(220, 420) + around.along(
        wander(rng, 512, rng.uniform(5, 60), 900 * 512 / around.line.length_nm)
    )
    below = -around.depth - thickness
    lumen = Canvas(
        np.full(canvas.shape, stain.lumen, np.float32),
        canvas.nm,
        canvas.soft_nm,
        canvas.rng,
        canvas.grain,
    )
    lumen.grey += rng.uniform(0.01, 0.05) * canvas.texture(float(rng.choice([25, 50])))
    for _ in range(int(rng.integers(0, 3))):
        _paint_red_cell(lumen, around.line.yx_nm.mean(0) + rng.normal(0, 1200, 2))
    _paint_endothelium(lumen, canvas, stain, around, below)
    membrane = stain.membrane + 0.015 * canvas.texture(40) + 0.02 * canvas.texture(300)
    if rng.random() < 0.5:
        rim = rng.uniform(0, 0.06)
        membrane += rim * np.exp(-(((around.depth + 35) / 30) ** 2))
    canvas.cover(inside(-around.depth, canvas.soft_nm), membrane)
    canvas.cover(inside(below, canvas.soft_nm), lumen.grey)


def _paint_red_cell(lumen: Canvas, centre: Floats) -> None:
    """Dark, smooth, bent and thinner in the middle."""
    rng = lumen.rng
    turn, bend = rng.uniform(0, 2 * np.pi), rng.uniform(-3e-4, 3e-4)
    dy, dx = lumen.offsets_nm(centre)
    u = dy * np.cos(turn) + dx * np.sin(turn)
    v = -dy * np.sin(turn) + dx * np.cos(turn) + bend * u**2
    beyond = np.maximum(np.abs(u) - rng.uniform(900, 2600), 0)
    half = rng.uniform(300, 700) * (1 - 0.3 * np.exp(-((u / 900) ** 2)))
    lumen.cover(inside(half - np.hypot(beyond, v), lumen.soft_nm), rng.uniform(0.08, 0.35))


def _paint_endothelium(
    lumen: Canvas, canvas: Canvas, stain: Stain, around: Around, below: Image
) -> None:
    """Thin sheet with 60-120 nm windows, thick where a cell body lies."""
    rng, length = canvas.rng, around.line.length_nm
    bulk = wander(rng, 512, rng.uniform(10, 130), 900 * 512 / length)
    sheet = around.along(rng.uniform(40, 110) + np.abs(bulk))
    windows = np.arange(0, length, rng.uniform(140, 320))
    windows = np.sort(windows + rng.normal(0, 50, len(windows)))
    windows = windows[rng.random(len(windows)) < rng.uniform(0.2, 0.9)]
    grid = np.arange(0, length, 10.0)
    apart = np.min(np.abs(grid[:, None] - windows[None]), axis=1, initial=1e4)
    closed = around.along(apart) - rng.uniform(28, 60)
    lift = rng.uniform(0, 35)
    wall = np.minimum(below - lift, lift + sheet - below)
    edge = np.where(sheet < 190, np.minimum(wall, closed), wall)
    tone = stain.cytoplasm + rng.uniform(-0.02, 0.12) + 0.03 * canvas.texture(25)
    lumen.shade(edge, tone, stain.outline, rim_nm=10)
