"""Urinary space, cell bodies and foot processes of a simulated scene."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.simulate_around import Around, Indices
from napari_slitseg.core.simulate_canvas import Canvas, Image, ellipse_nm, inside
from napari_slitseg.core.simulate_feet import WIDE_NM, FootProcesses
from napari_slitseg.core.simulate_line import Floats, wander
from napari_slitseg.core.simulate_stain import Stain


def paint_space(canvas: Canvas, stain: Stain) -> None:
    """Urinary space with villi and cell bodies floating in it."""
    rng = canvas.rng
    canvas.grey += stain.space + rng.uniform(0, 0.06) * canvas.texture(25)
    canvas.grey += 0.03 * canvas.texture(600)
    extent = np.array(canvas.shape) * canvas.nm
    for _ in range(int(rng.integers(0, 40))):
        axes = rng.uniform(30, 150) * np.array([rng.uniform(1, 2.5), 1])
        tone = stain.cytoplasm + rng.uniform(-0.05, 0.2)
        _paint_villus(canvas, rng.uniform(0, 1, 2) * extent, axes, tone, stain.outline)
    for _ in range(int(rng.integers(0, 4))):
        _paint_body(canvas, stain, rng.uniform(0, 1, 2) * extent)


def _paint_villus(
    canvas: Canvas, centre: Floats, axes: Floats, tone: float, outline: float
) -> None:
    reach = 2 * axes.max() + 60
    low = np.maximum(0, np.floor((centre - reach) / canvas.nm)).astype(int)
    high = np.ceil((centre + reach) / canvas.nm).astype(int)
    window = (slice(low[0], high[0]), slice(low[1], high[1]))
    part = Canvas(canvas.grey[window], canvas.nm, canvas.soft_nm, canvas.rng, canvas.grain)
    turn = canvas.rng.uniform(0, np.pi)
    if part.grey.size:
        shape = ellipse_nm(part, centre - low * canvas.nm, (axes[0], axes[1]), turn)
        part.shade(shape, tone, outline)


def _paint_body(canvas: Canvas, stain: Stain, centre: Floats) -> None:
    """Podocyte cell body: vesicles, mitochondria and often a nucleus."""
    rng = canvas.rng
    radius, turn = rng.uniform(800, 3000), rng.uniform(0, np.pi)
    axes = (radius, radius * rng.uniform(0.35, 0.9))
    edge = ellipse_nm(canvas, centre, axes, turn) + 60 * canvas.texture(300)
    tone = stain.body + 0.04 * canvas.texture(22) + 0.04 * canvas.texture(120)
    for _ in range(int(rng.integers(0, 8))):
        place = centre + rng.normal(0, 0.4, 2) * radius
        organelle = ellipse_nm(canvas, place, (rng.uniform(60, 300), rng.uniform(60, 150)), turn)
        spot = inside(organelle, canvas.soft_nm)
        tone += spot * (stain.body + rng.uniform(-0.3, 0.2) - tone)
    if rng.random() < 0.5:
        share = rng.uniform(0.4, 0.7)
        _add_nucleus(canvas, tone, stain, ellipse_nm(canvas, centre, _scaled(axes, share), turn))
    canvas.shade(edge, tone, stain.outline)


def _scaled(axes: tuple[float, float], share: float) -> tuple[float, float]:
    return axes[0] * share, axes[1] * share


def _add_nucleus(canvas: Canvas, tone: Image, stain: Stain, edge: Image) -> None:
    """Mottled chromatin, darker along the nuclear envelope."""
    edge = edge + 60 * canvas.texture(300)
    mottle = canvas.texture(120) + 0.5 * canvas.texture(25)
    mottle -= 1.2 * np.exp(-(((edge - 60) / 90) ** 2))
    chromatin = stain.body + 0.06 + 0.12 * canvas.rng.uniform(0.5, 1.6) * np.tanh(1.5 * mottle)
    tone += inside(edge, canvas.soft_nm) * (chromatin - tone)


def paint_clearing(canvas: Canvas, stain: Stain, around: Around) -> None:
    """Urinary space close to the membrane, so that cell bodies keep away from it."""
    rng = canvas.rng
    if rng.random() < 0.15:
        return
    reach = rng.uniform(250, 700) + 90 * canvas.texture(300) - around.depth
    cover = inside(around.depth + 20, canvas.soft_nm) * inside(reach, canvas.soft_nm)
    canvas.cover(cover, stain.space + 0.02 * canvas.texture(25))


def paint_feet(canvas: Canvas, stain: Stain, around: Around, feet: FootProcesses) -> None:
    """Foot processes on the membrane, with what lies in the slits between them."""
    rng = canvas.rng
    height = np.maximum(around.depth, 0)
    lean = around.along(feet.lean) * height * inside(around.depth - 40, 30)
    arc = np.mod(around.arc - lean, feet.length_nm)
    before = np.searchsorted(feet.slit_nm, arc, side="right") - 1
    after = (before + 1) % len(feet.slit_nm)
    to_left = arc - feet.slit_nm[before]
    to_right = feet.width_nm[before] - to_left
    left = to_left - feet.half_gap_nm[before] - feet.opening[before] * height
    right = to_right - feet.half_gap_nm[after] - feet.opening[after] * height
    below_top = _top(feet, around, before, to_left, rng)
    edge = np.minimum(np.minimum(left, right), np.minimum(below_top, around.depth + 4))
    slit = np.where(left < right, before, after)
    _fill_slits(canvas, stain, around, feet, slit, np.minimum(left, right))
    tone = stain.cytoplasm + feet.tone[before] + 0.03 * canvas.texture(22)
    tone += 0.05 * canvas.texture(90) - rng.uniform(0, 0.1) * np.exp(-height / 60)
    canvas.shade(edge, tone, stain.outline, rim_nm=rng.uniform(8, 16))
    if rng.random() < 0.6:
        _paint_process(canvas, stain, around)


def _top(
    feet: FootProcesses,
    around: Around,
    process: Indices,
    to_left: NDArray[Any],
    rng: np.random.Generator,
) -> NDArray[Any]:
    """Signed distance below the top: rounded where narrow, level where effaced."""
    width = feet.width_nm[process]
    uneven = 1 + 0.15 * around.along(wander(rng, 1024, 1, 120 * 1024 / feet.length_nm))
    across = np.clip(np.abs(2 * to_left / width - 1), 0, 1)
    rounded = np.where(width > WIDE_NM, 1.0, np.sqrt(1 - across**4))
    return np.asarray(feet.height_nm[process] * uneven * rounded - around.depth)


def _fill_slits(
    canvas: Canvas,
    stain: Stain,
    around: Around,
    feet: FootProcesses,
    slit: Indices,
    into_foot: NDArray[Any],
) -> None:
    """Faint slits filled with grey, and the slit diaphragm as a thin dark line."""
    rng, n = canvas.rng, len(feet.slit_nm)
    narrow = feet.half_gap_nm[slit] < 70
    gap = (into_foot < 6) & (around.depth > -10) & (around.depth < 160) & narrow
    throat = stain.space + feet.faintness[slit] * (stain.cytoplasm - stain.space)
    canvas.cover(np.where(gap, 1.0, 0.0), throat)
    if rng.random() < 0.6:
        bridged = (rng.random(n) < 0.7) & (feet.half_gap_nm < 45)
        line = np.exp(-(((around.depth - rng.uniform(40, 80)) / 7) ** 2))
        canvas.cover(np.where(gap & bridged[slit], 0.6 * line, 0.0), stain.outline)


def _paint_process(canvas: Canvas, stain: Stain, around: Around) -> None:
    """Draw a larger process that runs above the foot processes for part of the way."""
    rng = canvas.rng
    presence = wander(rng, 512, 1, 1500 * 512 / around.line.length_nm) - rng.uniform(-0.3, 0.8)
    taper = around.along(np.sqrt(np.clip(presence, 0, 1)))
    half = rng.uniform(75, 450)
    middle = rng.uniform(350, 900) + half + 60 * canvas.texture(300)
    edge = half * taper - np.abs(around.depth - middle) - 20 * (taper == 0)
    tone = stain.cytoplasm + rng.uniform(0, 0.1) + 0.03 * canvas.texture(25)
    canvas.shade(edge, tone, stain.outline)
