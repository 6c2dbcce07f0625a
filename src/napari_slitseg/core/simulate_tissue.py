"""Tissue of a simulated scene, painted from the back to the front."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_slitseg.core.simulate_canvas import Canvas, Image, ellipse_nm, inside
from napari_slitseg.core.simulate_feet import WIDE_NM, FootProcesses
from napari_slitseg.core.simulate_line import Floats, MembraneLine, wander
from napari_slitseg.core.simulate_stain import Stain

MARGIN_PX = 96

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Around:
    """Every pixel seen from a membrane line, (H, W), nm.

    Attributes
    ----------
    depth : signed distance, positive on the podocyte side
    arc : position of the nearest point along the line
    """

    line: MembraneLine
    depth: Image
    arc: Image

    def along(self, curve: Floats) -> Image:
        """Spread a curve, sampled evenly over the line, to the pixels."""
        place = self.arc * np.float32(len(curve) / self.line.length_nm)
        return np.asarray(curve[place.astype(np.int64) % len(curve)], dtype=np.float32)


def look_around(line: MembraneLine, canvas: Canvas) -> Around:
    """Find the nearest point of the line for every pixel."""
    nearest = _nearest_sample(line.yx_nm / canvas.nm, canvas.shape)
    dy = np.arange(canvas.shape[0])[:, None] * canvas.nm - line.yx_nm[nearest, 0]
    dx = np.arange(canvas.shape[1])[None] * canvas.nm - line.yx_nm[nearest, 1]
    ny, nx = line.normal[nearest, 0], line.normal[nearest, 1]
    depth = dy * ny + dx * nx
    far = np.hypot(dy, dx)
    oblique = np.abs(depth) < 0.9 * far
    depth = np.where(oblique, np.where(depth >= 0, far, -far), depth)
    arc = nearest * line.step_nm + _forward(line) * (dx * ny - dy * nx)
    return Around(line, depth.astype(np.float32), arc.astype(np.float32))


def _forward(line: MembraneLine) -> float:
    """+1 where the line runs so that its normal lies to the left in (y, x), else -1."""
    along = line.yx_nm[1] - line.yx_nm[0]
    ny, nx = line.normal[0]
    return float(np.sign(along[1] * ny - along[0] * nx))


def _nearest_sample(yx_px: Floats, shape: tuple[int, int]) -> Indices:
    grid = np.full([side + 2 * MARGIN_PX for side in shape], -1, dtype=np.int64)
    at = np.round(yx_px).astype(int) + MARGIN_PX
    known = np.flatnonzero(((at >= 0) & (at < grid.shape)).all(axis=1))
    grid[at[known, 0], at[known, 1]] = known
    rows, columns = ndimage.distance_transform_edt(
        grid < 0, return_distances=False, return_indices=True
    )
    crop = slice(MARGIN_PX, -MARGIN_PX)
    return np.asarray(grid[rows[crop, crop], columns[crop, crop]])


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
    part = Canvas(canvas.grey[window], canvas.nm, canvas.soft_nm, canvas.rng)
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


def paint_capillary(canvas: Canvas, stain: Stain, around: Around) -> None:
    """Lumen with red cells, fenestrated endothelium and the basement membrane."""
    rng = canvas.rng
    thickness = rng.uniform(220, 420) + around.along(
        wander(rng, 512, rng.uniform(5, 60), 900 * 512 / around.line.length_nm)
    )
    below = -around.depth - thickness
    lumen = Canvas(
        np.full(canvas.shape, stain.lumen, np.float32), canvas.nm, canvas.soft_nm, canvas.rng
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
    canvas.cover(np.where(gap, feet.faintness[slit], 0.0), stain.cytoplasm)
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
