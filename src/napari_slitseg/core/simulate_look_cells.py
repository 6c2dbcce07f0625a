"""Cells of a tissue-like scene: cytoplasm with organelles and nuclei, and where cells lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from napari_slitseg.core.simulate_canvas import Image, Plane, inside
from napari_slitseg.core.simulate_line import Floats
from napari_slitseg.core.simulate_look_fields import (
    Patch,
    anywhere,
    ellipse,
    patch,
    ridge,
    round_min,
    true_distance,
)
from napari_slitseg.core.simulate_look_palette import Palette
from napari_slitseg.core.simulate_look_sheet import Sheet, enlarge

COARSE_NM = 40.0


@dataclass(frozen=True)
class Cells:
    """A field packed with cells.

    Attributes
    ----------
    edge : (H, W) signed distance to the nearest cell's border, positive in a cell, nm
    tone : (H, W) difference in grey of the cell a pixel lies in
    """

    edge: Image
    tone: Image


def pack_cells(canvas: Sheet, size_nm: float, filled: float, gap_nm: float) -> Cells:
    """Pack irregular cells about `size_nm` wide; `filled` of them are there, `gap_nm` apart."""
    rng = canvas.rng
    extent = np.array(canvas.shape) * canvas.nm
    pad = 2 * size_nm
    count = int(np.prod((extent + 2 * pad) / size_nm)) + 2
    seeds = rng.uniform(0, 1, (count, 2)) * (extent + 2 * pad) - pad
    turn, stretch = rng.uniform(0, np.pi), rng.uniform(1, 2.5)
    grid = [np.arange(0, side + 3 * COARSE_NM, COARSE_NM) for side in extent]
    yx = np.stack(np.meshgrid(*grid, indexing="ij"), axis=-1)
    for wave, share in ((0.4, 0.17), (0.14, 0.06)):
        yx = yx + _bends(canvas, yx.shape[:2], wave * size_nm / COARSE_NM) * share * size_nm
    tree = cKDTree(_stretched(seeds, turn, stretch))
    away, which = tree.query(_stretched(yx, turn, stretch), k=3)
    to_next, to_third = ((away[..., rank] - away[..., 0]) / 2 for rank in (1, 2))
    edge = round_min([to_next, to_third], 0.55 * size_nm)
    present = rng.random(count) < filled
    edge = np.where(present[which[..., 0]], edge, -edge)
    tone = rng.normal(0, 0.04, count)[which[..., 0]]
    wide = gap_nm * np.exp(0.5 * canvas.texture(700)) / 2
    fine = enlarge(edge, canvas, COARSE_NM) - wide + 12 * canvas.texture(90)
    return Cells(true_distance(fine, canvas.nm), enlarge(tone, canvas, COARSE_NM))


def _bends(canvas: Sheet, shape: tuple[int, ...], smooth: float) -> Floats:
    noise = canvas.grain.normal(size=(2, *shape))
    bends = [ndimage.gaussian_filter(part, smooth) for part in noise]
    return np.stack([bend / (bend.std() + 1e-9) for bend in bends], axis=-1)


def _stretched(yx: Floats, turn: float, stretch: float) -> Floats:
    along = yx[..., 0] * np.cos(turn) + yx[..., 1] * np.sin(turn)
    across = yx[..., 1] * np.cos(turn) - yx[..., 0] * np.sin(turn)
    return np.stack([along / np.sqrt(stretch), across * np.sqrt(stretch)], axis=-1)


def cytoplasm(canvas: Sheet, palette: Palette, tone: Plane | float) -> Sheet:
    """Fill a layer with cytoplasm, its nuclei and organelles; cut cells out of it as needed."""
    rng = canvas.rng
    speckle = palette.speckle * rng.uniform(0.7, 1.6)
    grey = tone + speckle * (0.6 * canvas.texture(14) + 0.8 * canvas.texture(26))
    grey = grey + 0.3 * speckle * canvas.texture(300)
    inner = canvas.over(np.asarray(grey, dtype=np.float32))
    area_um2 = float(np.prod(canvas.shape)) * (canvas.nm / 1000) ** 2
    for _ in range(rng.poisson(area_um2 / 22)):
        _nucleus(inner, palette, anywhere(rng, canvas))
    busy = rng.uniform(0.1, 1.6)
    for draw, per_um2 in ((_mitochondrion, 0.4), (_vesicle, 0.5), (_reticulum, 0.2)):
        for _ in range(rng.poisson(area_um2 * per_um2 * busy)):
            draw(inner, palette, anywhere(rng, canvas))
    if rng.random() < 0.35:
        for _ in range(rng.poisson(2)):
            _dark_cluster(inner, palette, anywhere(rng, canvas))
    return inner


def _nucleus(canvas: Sheet, palette: Palette, centre: Floats) -> None:
    """Chromatin in clumps, densest along the envelope."""
    rng = canvas.rng
    radius = rng.uniform(700, 2200)
    place = patch(canvas, centre, 1.4 * radius)
    axes = (radius, radius * rng.uniform(0.45, 0.9))
    turn, depth, clumps = rng.uniform(0, np.pi), rng.uniform(0.04, 0.22), rng.uniform(0.5, 2.5)
    if place.empty:
        return
    edge = ellipse(place, axes, turn) + 70 * place.texture(300) + 20 * place.texture(140)
    mottle = place.texture(140) + 0.8 * place.texture(45) + 0.5 * place.texture(14)
    mottle = mottle - clumps * ridge(edge - 60, rng.uniform(50, 140))
    tone = palette.body + rng.uniform(-0.05, 0.15) + depth * np.tanh(mottle)
    place.shade(edge, tone, palette.outline)


def _mitochondrion(canvas: Sheet, palette: Palette, centre: Floats) -> None:
    """Draw a rounded body with folds across it."""
    rng = canvas.rng
    axes = (rng.uniform(120, 480), rng.uniform(80, 170))
    turn, spacing, dark = rng.uniform(0, np.pi), rng.uniform(40, 75), rng.uniform(-0.06, 0.2)
    place = patch(canvas, centre, axes[0] + 60)
    if place.empty:
        return
    edge = ellipse(place, axes, turn) + 12 * place.texture(90)
    along, across = place.turned(turn)
    folds = np.sin((along + 0.3 * np.abs(across)) * (6.28 / spacing) + 0.8 * place.texture(90))
    tone = palette.body - dark + 0.07 * folds * inside(edge - 25, 10) + 0.03 * place.texture(14)
    place.shade(edge, tone, max(palette.outline, 0.12))


def _vesicle(canvas: Sheet, palette: Palette, centre: Floats) -> None:
    """Draw a hole, bright or filled, alone or with others beside it."""
    rng = canvas.rng
    for _ in range(1 if rng.random() < 0.6 else int(rng.integers(2, 9))):
        axes = (rng.uniform(25, 160), rng.uniform(25, 110))
        fill, turn = rng.random(), rng.uniform(0, np.pi)
        place = patch(canvas, centre + rng.normal(0, 260, 2), max(axes) + 40)
        if not place.empty:
            tone = palette.body + fill * (palette.space - palette.body)
            edge = ellipse(place, axes, turn) + 6 * place.texture(90)
            place.shade(edge, tone, palette.outline)


def _reticulum(canvas: Sheet, palette: Palette, centre: Floats) -> None:
    """Parallel lighter channels with dark grains along them."""
    rng = canvas.rng
    axes = (rng.uniform(300, 900), rng.uniform(120, 350))
    turn, spacing = rng.uniform(0, np.pi), rng.uniform(70, 150)
    strength = rng.uniform(0.03, 0.14)
    place = patch(canvas, centre, axes[0] + 100)
    if place.empty:
        return
    _, across = place.turned(turn)
    wave = np.sin((across + 25 * place.texture(300)) * (6.28 / spacing))
    cover = inside(ellipse(place, axes, turn) + 50 * place.texture(300), 25)
    grey = canvas.grey[place.window]
    grey += cover * strength * (wave * np.abs(wave) - 0.5 * np.maximum(place.texture(14), 0))


def _dark_cluster(canvas: Sheet, palette: Palette, centre: Floats) -> None:
    """Lysosomes and lipid: dark bodies, some with bright cracks."""
    rng = canvas.rng
    for _ in range(int(rng.integers(1, 14))):
        axes = (rng.uniform(70, 420), rng.uniform(70, 300))
        spot = centre + rng.normal(0, 550, 2)
        turn, tone, cracked = rng.uniform(0, np.pi), rng.uniform(0.02, 0.25), rng.random() < 0.15
        place = patch(canvas, spot, max(axes) + 90)
        if place.empty:
            continue
        edge = ellipse(place, axes, turn) + 25 * place.texture(140)
        body = tone + rng.uniform(0, 0.08) * place.texture(90) + 0.02 * place.texture(14)
        if cracked:
            body = body + 0.7 * inside(place.texture(140) - 1.4, 0.1)
        place.shade(edge, np.maximum(body, 0.01), 0.05)


def shade_cells(
    canvas: Sheet, inner: Sheet, edge: Plane, palette: Palette, tone: Plane | float = 0.0
) -> None:
    """Cut cells out of a layer of cytoplasm and lay them with their plasma membrane."""
    grey = inner.grey + tone
    rim = canvas.rng.uniform(7, 14)
    canvas.shade(edge, grey, grey - palette.outline, rim_nm=rim)


def scatter(canvas: Sheet, palette: Palette, count: int, free: Image) -> None:
    """Microvilli in the urinary space, cut across or along."""
    rng = canvas.rng
    hollow = rng.uniform(0, 0.6)
    for _ in range(count):
        place, edge = _villus(canvas)
        tone = palette.foot + hollow * (palette.body - palette.foot) + rng.uniform(-0.04, 0.12)
        if not place.empty:
            core = hollow * rng.uniform(0, 0.5) * inside(edge - 25, 9) * (palette.space - tone)
            place.shade(edge, tone + core + 0.03 * place.texture(14), palette.outline + 0.05, free)


def _villus(canvas: Sheet) -> tuple[Patch, Image]:
    rng = canvas.rng
    half, turn = 22 + rng.gamma(2, 12), rng.uniform(0, np.pi)
    beyond = rng.uniform(0, 40) if rng.random() < 0.75 else rng.gamma(1.5, 120)
    bend, taper = rng.normal(0, 1.2e-3), rng.uniform(-0.7, 0.7)
    place = patch(canvas, anywhere(rng, canvas), beyond + 2 * half + 40)
    along, across = place.turned(turn)
    across = across + bend * along * along
    past = np.maximum(np.abs(along) - beyond, 0)
    wide = half * (1 + taper * along / (beyond + half)) + 7 * place.texture(90)
    return place, np.asarray(wide - np.hypot(past, across), dtype=np.float32)
