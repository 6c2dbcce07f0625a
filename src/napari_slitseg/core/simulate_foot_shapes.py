"""Foot processes of a tissue-like scene, painted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.simulate_around import Around
from napari_slitseg.core.simulate_canvas import Image, inside
from napari_slitseg.core.simulate_foot_plan import KNOTS, FootPlan
from napari_slitseg.core.simulate_line import Floats, wander
from napari_slitseg.core.simulate_look_fields import (
    ellipse,
    patch,
    ridge,
    round_min,
    true_distance,
)
from napari_slitseg.core.simulate_look_palette import Palette
from napari_slitseg.core.simulate_look_sheet import Sheet

HIGHEST_NM = 1600.0
FAR_NM = -1000.0

Flat = NDArray[Any]


def paint_shapes(
    canvas: Sheet, inner: Sheet, palette: Palette, around: Around, plan: FootPlan, room: Image
) -> None:
    """Foot processes and larger processes above them.

    Parameters
    ----------
    canvas, inner, palette, around : where, on what cytoplasm and how
    plan : the foot processes
    room : (H, W) distance to the middle between this membrane line and the next one, nm
    """
    roof, tall = _roof(canvas, around, plan)
    feet = _feet(canvas, around, plan, tall)
    field = np.minimum(np.maximum(feet, roof), room - canvas.rng.uniform(10, 60))
    edge = true_distance(field, canvas.nm)
    _fill_slits(canvas, palette, around, plan)
    edge = np.minimum(edge, around.depth + 4)
    tones = _tones(canvas, inner, palette, around, plan)
    canvas.shade(edge, *tones, rim_nm=canvas.rng.uniform(8, 16))
    if canvas.rng.random() < 0.25:
        _vacuoles(canvas, palette, around, inside(edge - 15, canvas.soft_nm))


def _tones(
    canvas: Sheet, inner: Sheet, palette: Palette, around: Around, plan: FootPlan
) -> tuple[Image, Image]:
    rng = canvas.rng
    height = np.maximum(around.depth, 0)
    start = rng.uniform(20, 400)
    lift = np.clip((height - start) / 200, 0, 1)
    tone = palette.foot + around.along(_per_foot(plan, plan.tone))
    tone += palette.speckle * (0.6 * canvas.texture(14) + 0.8 * canvas.texture(26))
    tone += lift * (inner.grey - tone)
    patchy = np.clip(1 + 0.6 * canvas.texture(140), 0.2, 2)
    tone -= palette.band * patchy * np.exp(-height / rng.uniform(50, 140))
    tone = np.maximum(tone, 0.04)
    return tone, tone - palette.outline


def _vacuoles(canvas: Sheet, palette: Palette, around: Around, mask: Image) -> None:
    """Draw small bright holes in feet, close to the membrane but never on it."""
    rng = canvas.rng
    line = around.line
    for at in np.flatnonzero(rng.random(len(line.yx_nm)) < rng.uniform(0.002, 0.02)):
        radius = rng.uniform(12, 45)
        middle = line.yx_nm[at] + (radius + rng.uniform(35, 160)) * line.normal[at]
        axes, turn, fill = (radius * rng.uniform(1, 1.8), radius), rng.uniform(0, 3), rng.random()
        place = patch(canvas, middle, 2 * radius + 30)
        if not place.empty:
            tone = palette.foot + (0.4 + 0.6 * fill) * (palette.space - palette.foot)
            place.shade(ellipse(place, axes, turn), tone, palette.outline, mask)


def _per_foot(plan: FootPlan, values: Floats) -> Floats:
    place = np.linspace(0, plan.length_nm, 4096, endpoint=False)
    return np.asarray(values[np.searchsorted(plan.slit_nm, place, side="right") - 1])


def _roof(canvas: Sheet, around: Around, plan: FootPlan) -> tuple[Image, Floats]:
    """Larger processes along the membrane, and heights of feet that grow into them."""
    rng, length = canvas.rng, plan.length_nm
    n = 1024
    presence = wander(rng, n, 1, rng.uniform(300, 1500) * n / length) - rng.uniform(0.1, 2.2)
    bottom = rng.uniform(60, 500) + wander(rng, n, rng.uniform(20, 120), 500 * n / length)
    bottom = np.maximum(bottom, 95)
    thick = rng.uniform(80, 500) * (1 + 0.5 * wander(rng, n, 1, 400 * n / length))
    taper = np.sqrt(np.clip(presence, 0, 0.5) / 0.5)
    low, half = around.along(bottom), around.along(np.maximum(thick, 60) * taper / 2)
    wobble = 18 * canvas.texture(140)
    roof = half - np.abs(around.depth - low - half + wobble)
    roof = np.where(half > 5, roof, FAR_NM).astype(np.float32)
    middle = plan.slit_nm + plan.width_nm / 2
    at = (middle / length * n).astype(int) % n
    stalk = (taper[at] > 0.3) & (rng.random(len(at)) < rng.uniform(0.3, 0.9))
    below = np.minimum(plan.height_nm, np.maximum(bottom[at] - 40, 60))
    height = np.where(taper[at] > 0.3, np.where(stalk, bottom[at] + 60, below), plan.height_nm)
    return roof, height


def _feet(canvas: Sheet, around: Around, plan: FootPlan, height: Floats) -> Image:
    """Field of all feet; where neighbours touch above the membrane it is zero between them."""
    rng = canvas.rng
    field = np.full(canvas.shape, FAR_NM, np.float32)
    top = min(1.4 * float(height.max()) + 80, HIGHEST_NM)
    band = np.flatnonzero((around.depth > -60) & (around.depth < top))
    depth = around.depth.ravel()[band]
    free = np.clip((depth - 25) / 120, 0, 1)
    sway = rng.uniform(8, 30) * canvas.texture(90).ravel()[band]
    sway += rng.uniform(5, 35) * canvas.texture(300).ravel()[band]
    arc = np.mod(around.arc.ravel()[band] + free * sway, plan.length_nm).astype(np.float32)
    rough = rng.uniform(0.05, 0.2) * wander(rng, 2048, 1, 110 * 2048 / plan.length_nm)
    rough += rng.uniform(0.05, 0.2) * wander(rng, 2048, 1, 350 * 2048 / plan.length_nm)
    uneven = 1 + rough[(arc * (2048 / plan.length_nm)).astype(int) % 2048]
    h = np.maximum(depth + free * 12 * canvas.texture(90).ravel()[band], 0)
    own = np.searchsorted(plan.slit_nm, arc, side="right") - 1
    three = [
        _foot(plan, height, own, step, arc, h, uneven.astype(np.float32)) for step in (-1, 0, 1)
    ]
    best, second, _ = np.sort(np.stack(three), axis=0)[::-1]
    field.ravel()[band] = best - np.maximum(second, 0)
    return field


def _foot(
    plan: FootPlan,
    height: Floats,
    own: NDArray[np.int64],
    step: int,
    arc: Flat,
    h: Flat,
    uneven: Flat,
) -> Flat:
    """Field of the foot that stands at each pixel of the band, or `step` feet further."""
    length = np.float32(plan.length_nm)
    foot = (own + step) % len(height)
    place = np.mod(arc - plan.slit_nm.astype(np.float32)[foot], length)
    place = place - length if step > 0 else place
    width = plan.width_nm.astype(np.float32)[foot]
    tall = height.astype(np.float32)[foot] * uneven
    knot = np.clip(h / tall, 0, 0.999) * (KNOTS - 1)
    below = knot.astype(np.int64)
    part = knot - below
    part = part * part * (3 - 2 * part)
    gaps = plan.half_gap_nm.astype(np.float32)
    after = gaps[(foot + 1) % len(gaps)]
    left = place - gaps[foot] - _side(plan.left_nm, foot, below, part)
    right = width - place - after - _side(plan.right_nm, foot, below, part)
    radius = np.clip(0.55 * np.minimum(width, tall), 30, 260)
    return round_min([round_min([left, right], 20.0), tall - h], radius)


def _side(table: Floats, foot: NDArray[np.int64], below: NDArray[np.int64], part: Flat) -> Flat:
    sides = table.astype(np.float32)
    low = sides[foot, below]
    return np.asarray(low + part * (sides[foot, below + 1] - low))


def _fill_slits(canvas: Sheet, palette: Palette, around: Around, plan: FootPlan) -> None:
    """Blur grey into the slits and draw the slit diaphragm as a thin dark line."""
    rng = canvas.rng
    level = rng.uniform(25, 60)
    band = np.flatnonzero((around.depth > -8) & (around.depth < 180))
    arc = np.mod(around.arc.ravel()[band], plan.length_nm)
    depth = around.depth.ravel()[band]
    before = np.searchsorted(plan.slit_nm, arc, side="right") - 1
    to_left = arc - plan.slit_nm[before]
    after = (before + 1) % len(plan.slit_nm)
    nearer = to_left < plan.width_nm[before] / 2
    slit = np.where(nearer, before, after)
    apart = np.where(nearer, to_left, plan.width_nm[before] - to_left)
    narrow = inside(plan.half_gap_nm[slit] + 12 - apart, 6.0) * (plan.half_gap_nm[slit] < 60)
    grey = canvas.grey.ravel()
    throat = narrow * inside(150 - depth, 25.0)
    clear = palette.space + plan.faintness[slit] * (palette.foot - palette.space)
    grey[band] += (throat * (clear - grey[band])).astype(np.float32)
    line = narrow * plan.diaphragm[slit] * ridge(depth - level, 8)
    grey[band] += (line * (palette.foot - 0.5 * palette.outline - grey[band])).astype(np.float32)
