"""Draw a scene that looks like a micrograph of real tissue, with exact truth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_slitseg.core.simulate_around import Around
from napari_slitseg.core.simulate_canvas import Image, inside
from napari_slitseg.core.simulate_foot_plan import plan_shapes
from napari_slitseg.core.simulate_foot_shapes import paint_shapes
from napari_slitseg.core.simulate_line import Floats, LineStyle, grow_lines, wander
from napari_slitseg.core.simulate_look_artefacts import spoil
from napari_slitseg.core.simulate_look_camera import photograph
from napari_slitseg.core.simulate_look_cells import cytoplasm, pack_cells, scatter, shade_cells
from napari_slitseg.core.simulate_look_fields import round_min
from napari_slitseg.core.simulate_look_lumen import debris, paint_inside, precipitate
from napari_slitseg.core.simulate_look_marks import burn_in
from napari_slitseg.core.simulate_look_palette import Palette, draw_palette
from napari_slitseg.core.simulate_look_sheet import Sheet, look_closely
from napari_slitseg.core.simulate_look_wall import (
    paint_bare_membrane,
    paint_endothelium,
    paint_membrane,
    thickness,
)
from napari_slitseg.core.simulate_options import SceneOptions

STYLE = LineStyle(
    radius_nm=(1100, 6000),
    bulge=0.26,
    orders=9,
    wave_nm=110,
    wave_length_nm=(200, 800),
    clearance_nm=(450, 2000),
    tries=24,
)
FAR_NM = 1e5
KEPT_NM = 120.0
SEAM_NM = 18.0


@dataclass(frozen=True)
class Wall:
    """A painted capillary wall: the line seen from every pixel, and its slits (N, 2), nm."""

    around: Around
    slits_nm: Floats


def draw_tissue(canvas: Sheet, options: SceneOptions, rng: np.random.Generator) -> list[Wall]:
    """Paint a scene that looks like tissue.

    Parameters
    ----------
    canvas : Sheet
        What to paint on.
    options : SceneOptions
        What is not left to the seed.
    rng : numpy.random.Generator
        Source of the anatomy.

    Returns
    -------
    list of Wall
        The capillary walls with podocytes; other membranes are not among them.
    """
    palette = draw_palette(rng, options.contrast)
    field_nm = (options.shape[0] * canvas.nm, options.shape[1] * canvas.nm)
    count = int(rng.choice([1, 2, 3, 4, 5], p=[0.15, 0.3, 0.3, 0.17, 0.08]))
    style = replace(STYLE, visible_nm=min(2000.0, 0.75 * min(field_nm)))
    lines = grow_lines(rng, field_nm, options.capillaries or count, style)
    decoy = len(lines) > 1 and options.capillaries is None and rng.random() < 0.15
    walls: list[Around] = [look_closely(line, canvas) for line in lines]
    inner = cytoplasm(canvas, palette, palette.body)
    _paint_surroundings(canvas, inner, palette, walls)
    drawn: list[Wall] = []
    for place, around in enumerate(walls):
        below = -around.depth - thickness(canvas.rng, around)
        if decoy and place == len(walls) - 1:
            paint_bare_membrane(canvas, inner, palette, around, below)
            continue
        plan = plan_shapes(rng, around.line.length_nm, _effacement(rng, options))
        paint_shapes(canvas, inner, palette, around, plan, _room(walls, place, canvas))
        paint_membrane(canvas, palette, around, below)
        lumen = paint_inside(canvas, inner, palette, around, below)
        paint_endothelium(lumen, inner, palette, around, below)
        canvas.cover(inside(below, canvas.soft_nm), lumen.grey)
        drawn.append(Wall(around, around.line.at(plan.slit_nm)))
    return drawn


def finish(canvas: Sheet, options: SceneOptions, walls: list[Wall]) -> NDArray[np.uint8]:
    """Spoil and photograph what was painted, but hide no slit: (H, W) uint8."""
    depths = [np.abs(wall.around.depth) for wall in walls]
    apart = np.min(np.stack([*depths, np.full(canvas.shape, FAR_NM, np.float32)]), axis=0)
    spoil(canvas, apart)
    levels = photograph(canvas, options.noise, options.blur_nm)
    return burn_in(levels, apart < KEPT_NM, canvas.rng)


def _effacement(rng: np.random.Generator, options: SceneOptions) -> float:
    drawn = rng.uniform(0.3, 0.95) if rng.random() < 0.35 else rng.uniform(0, 0.3)
    return drawn if options.effacement is None else options.effacement


def _room(walls: list[Around], place: int, canvas: Sheet) -> Image:
    """Distance from every pixel to where another stretch of membrane line comes as near."""
    own = walls[place].depth
    others = [wall.depth for at, wall in enumerate(walls) if at != place]
    nearest = np.min(np.stack([*others, np.full(own.shape, FAR_NM, np.float32)]), axis=0)
    gy, gx = np.gradient(own)
    halfway = (np.hypot(gy, gx) < 0.85 * canvas.nm) & (own > 150)
    reach = SEAM_NM / canvas.nm
    close = 2.5 * reach * ndimage.gaussian_filter(halfway.astype(np.float32), reach, truncate=3)
    free = np.where(close > 0.02, SEAM_NM * (1 - 2 * close), FAR_NM)
    return np.asarray(np.minimum((nearest - own) / 2, free), dtype=np.float32)


def _paint_surroundings(canvas: Sheet, inner: Sheet, palette: Palette, walls: list[Around]) -> None:
    """Urinary space with podocyte bodies, larger processes and microvilli."""
    rng = canvas.rng
    canvas.grey += precipitate(canvas, palette.space)
    cells = pack_cells(canvas, rng.uniform(700, 3500), rng.uniform(0.3, 0.97), rng.uniform(60, 500))
    edge, free = cells.edge, np.ones(canvas.shape, np.float32)
    if rng.random() < 0.6:
        clutter = pack_cells(
            canvas, rng.uniform(250, 800), rng.uniform(0.1, 0.6), rng.uniform(60, 250)
        )
        loose = round_min([clutter.edge, -edge - rng.uniform(40, 150)], 120.0)
        edge = np.maximum(edge, loose)
    for around in walls:
        n, length = 512, around.line.length_nm
        near = rng.uniform(60, 800) + wander(rng, n, rng.uniform(20, 250), 700 * n / length)
        edge = np.minimum(edge, around.depth - around.along(near))
        free *= around.depth > 0
    shade_cells(canvas, inner, edge, palette, cells.tone)
    free *= 1 - inside(edge, canvas.soft_nm)
    debris(canvas, palette, free)
    area_um2 = float(np.prod(canvas.shape)) * (canvas.nm / 1000) ** 2
    scatter(canvas, palette, int(rng.poisson(area_um2 * rng.uniform(0, 5))), free)
