"""Damage to a tissue-like section: tears, folds, knife marks, dirt, burnt-in text, borders."""

from __future__ import annotations

import numpy as np

from napari_slitseg.core.simulate_canvas import Image, inside
from napari_slitseg.core.simulate_look_fields import anywhere, patch, ridge
from napari_slitseg.core.simulate_look_sheet import Sheet


def spoil(canvas: Sheet, apart: Image) -> None:
    """Draw what went wrong with the section.

    Parameters
    ----------
    canvas : Sheet
        What to spoil.
    apart : (H, W)
        Distance to the nearest membrane line, nm; tears and dirt keep off it.
    """
    rng = canvas.rng
    if rng.random() < 0.12:
        _tear(canvas, apart)
    if rng.random() < 0.1:
        _fold(canvas)
    if rng.random() < 0.12:
        _knife_marks(canvas)
    for _ in range(rng.poisson(rng.uniform(0, 4))):
        _dirt(canvas, apart)


def _tear(canvas: Sheet, apart: Image) -> None:
    """Draw a white crack with a dark edge."""
    rng = canvas.rng
    dy, dx = canvas.offsets_nm(anywhere(rng, canvas))
    turn = rng.uniform(0, np.pi)
    along = dy * np.cos(turn) + dx * np.sin(turn)
    across = dx * np.cos(turn) - dy * np.sin(turn)
    half = rng.uniform(30, 300) * (1 - (along / rng.uniform(300, 2000)) ** 2)
    edge = half - np.abs(across + 100 * canvas.texture(300)) + 15 * canvas.texture(90)
    edge = np.minimum(edge, apart - 80)
    canvas.shade(edge, rng.uniform(0.9, 1.05), rng.uniform(0.3, 0.9), rim_nm=20)


def _fold(canvas: Sheet) -> None:
    """Draw a dark band right across."""
    rng = canvas.rng
    dy, dx = canvas.offsets_nm(anywhere(rng, canvas))
    turn = rng.uniform(0, np.pi)
    across = dx * np.cos(turn) - dy * np.sin(turn) + 80 * canvas.texture(700)
    canvas.grey -= rng.uniform(0.05, 0.35) * inside(rng.uniform(20, 120) - np.abs(across), 12.0)


def _knife_marks(canvas: Sheet) -> None:
    """Draw thin straight scratches in one direction."""
    rng = canvas.rng
    turn = rng.uniform(0, np.pi)
    for _ in range(int(rng.integers(1, 5))):
        dy, dx = canvas.offsets_nm(anywhere(rng, canvas))
        across = dx * np.cos(turn) - dy * np.sin(turn)
        canvas.grey += rng.normal(0, 0.12) * ridge(across, rng.uniform(8, 40))


def _dirt(canvas: Sheet, apart: Image) -> None:
    rng = canvas.rng
    reach, tone = rng.uniform(15, 110), rng.choice([0.02, 0.05, 0.1, 1.0], p=[0.4, 0.3, 0.2, 0.1])
    place = patch(canvas, anywhere(rng, canvas), 2 * reach + 20)
    if not place.empty:
        edge = reach - np.hypot(place.dy, place.dx * rng.uniform(1, 3))
        edge = np.minimum(edge + 0.4 * reach * place.texture(45), apart[place.window] - 40)
        place.shade(edge, float(tone), 0.0)
