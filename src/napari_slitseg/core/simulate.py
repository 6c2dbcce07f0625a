"""Seeded simulator of podocyte electron micrographs with exact truth.

Membranes and slits are drawn in nanometres from a random stream of their own: the same seed has the
same ones at every pixel size. In the plain look so has everything else but the grain; in the tissue
look what lies around them, and how exactly feet bulge, differs between pixel sizes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.simulate_around import look_around
from napari_slitseg.core.simulate_canvas import Canvas
from napari_slitseg.core.simulate_capillary import paint_capillary
from napari_slitseg.core.simulate_feet import plan_feet
from napari_slitseg.core.simulate_line import MembraneLine, grow_lines
from napari_slitseg.core.simulate_look import Wall, draw_tissue, finish
from napari_slitseg.core.simulate_look_sheet import Sheet
from napari_slitseg.core.simulate_options import SceneOptions
from napari_slitseg.core.simulate_stain import draw_stain, expose
from napari_slitseg.core.simulate_tissue import paint_clearing, paint_feet, paint_space

STRIPE_NM = 90.0

__all__ = ["Scene", "SceneOptions", "simulate", "visible_runs"]


@dataclass(frozen=True)
class Scene:
    """A simulated micrograph and its truth.

    Attributes
    ----------
    image : (H, W) uint8
    pixel_size_nm : nanometres per pixel
    membrane : (H, W) bool
        Stripe, 90 nm wide, along the podocyte side of the basement membrane.
    membrane_lines : tuple of (K, 2) float64
        Centre lines (y, x) of the stripe, px; the visible runs only.
    slits : (N, 2) float64
        Middle of each slit's base (y, x), px, on a membrane line.
    seed : the seed it came from
    """

    image: NDArray[np.uint8]
    pixel_size_nm: float
    membrane: NDArray[np.bool_]
    membrane_lines: tuple[NDArray[np.float64], ...]
    slits: NDArray[np.float64]
    seed: int


def simulate(seed: int, options: SceneOptions | None = None) -> Scene:
    """Draw one scene.

    The plain look draws bare shapes. The tissue look adds what makes real slits hard to find: feet
    that bulge, lean, touch and join into larger processes, effaced stretches, faint and closed
    slits, cells with organelles, mesangium, membranes without podocytes, damage to the section
    and the faults of camera and file. The truth is exact in both.

    Parameters
    ----------
    seed : int
        Same seed and options, same scene, to the last pixel.
    options : SceneOptions, optional
        What is not left to the seed.

    Returns
    -------
    Scene
        The micrograph, the membrane stripe and lines, and every slit.
    """
    options = options or SceneOptions()
    shapes, grain, places = (np.random.default_rng([seed, stream]) for stream in (0, 1, 2))
    nm = options.pixel_size_nm
    blank = np.zeros(options.shape, np.float32)
    if options.look == "tissue":
        image, walls = _draw_tissue(options, shapes, Sheet(blank, nm, 0.0, places, grain))
    else:
        image, walls = _draw_plain(options, shapes, Canvas(blank, nm, 0.0, places, grain))
    stripe = np.zeros(options.shape, dtype=bool)
    runs: list[NDArray[np.float64]] = []
    slits = [np.empty((0, 2))]
    for wall in walls:
        stripe |= np.abs(wall.around.depth) <= STRIPE_NM / 2
        runs += visible_runs(wall.around.line.yx_nm / nm, options.shape)
        slits.append(wall.slits_nm / nm)
    return Scene(
        image=image,
        pixel_size_nm=nm,
        membrane=stripe,
        membrane_lines=tuple(runs),
        slits=_in_view(np.concatenate(slits), options.shape),
        seed=seed,
    )


def _draw_plain(
    options: SceneOptions, shapes: np.random.Generator, canvas: Canvas
) -> tuple[NDArray[np.uint8], list[Wall]]:
    nm = options.pixel_size_nm
    stain = draw_stain(shapes, options.contrast)
    canvas.soft_nm = max(shapes.uniform(5, 9), 0.4 * nm)
    paint_space(canvas, stain)
    walls: list[Wall] = []
    for line in _lines(shapes, (options.shape[0] * nm, options.shape[1] * nm), options):
        around = look_around(line, canvas)
        feet = plan_feet(shapes, line.length_nm, _effacement(shapes, options))
        paint_capillary(canvas, stain, around)
        paint_clearing(canvas, stain, around)
        paint_feet(canvas, stain, around, feet)
        walls.append(Wall(around, line.at(feet.slit_nm)))
    return expose(canvas, options.noise, options.blur_nm), walls


def _draw_tissue(
    options: SceneOptions, shapes: np.random.Generator, canvas: Sheet
) -> tuple[NDArray[np.uint8], list[Wall]]:
    canvas.soft_nm = max(shapes.uniform(4, 9), 0.4 * options.pixel_size_nm)
    walls = draw_tissue(canvas, options, shapes)
    return finish(canvas, options, walls), walls


def _lines(
    rng: np.random.Generator, field_nm: tuple[float, float], options: SceneOptions
) -> list[MembraneLine]:
    count = int(rng.choice([1, 2, 3, 4], p=[0.2, 0.35, 0.3, 0.15]))
    return grow_lines(rng, field_nm, options.capillaries or count)


def _effacement(rng: np.random.Generator, options: SceneOptions) -> float:
    drawn = rng.uniform(0.3, 0.9) if rng.random() < 0.25 else rng.uniform(0, 0.3)
    return drawn if options.effacement is None else options.effacement


def _in_view(yx: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
    return yx[_inside_field(yx, shape)]


def _inside_field(yx: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    return np.asarray(((yx >= 0) & (yx <= np.array(shape) - 1)).all(axis=1))


def visible_runs(yx: NDArray[np.float64], shape: tuple[int, int]) -> list[NDArray[np.float64]]:
    """Cut a closed line into the runs that lie in the field.

    Parameters
    ----------
    yx : (K, 2) float64
        Points of the closed line, px.
    shape : (height, width)
        Field, px.

    Returns
    -------
    list of (M, 2) float64
        Runs of at least two points, in order.
    """
    seen = _inside_field(yx, shape)
    if seen.all():
        return [np.vstack([yx, yx[:1]])]
    start = int(np.flatnonzero(~seen)[0])
    yx, seen = np.roll(yx, -start, axis=0), np.roll(seen, -start)
    breaks = np.flatnonzero(np.diff(seen.astype(int))) + 1
    return [
        run
        for run, inside in zip(np.split(yx, breaks), np.split(seen, breaks), strict=True)
        if inside[0] and len(run) > 1
    ]
