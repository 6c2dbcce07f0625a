"""Membrane lines made by hand, and measuring slits on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.morphometry import ImageMeasures, MeasureSettings, MembranePath
from napari_slitseg.core.morphometry.measures import measure_paths

TEN_NM = Scale(10.0, "typed", "test")
SQUARE = np.array([[0, 0], [0, 100], [100, 100], [100, 0], [0, 0]], np.float64)


def level(length_px: float = 1000.0, y: float = 0.0, **ends: Any) -> MembranePath:
    """Return a line towards larger x, with its start at x = 0."""
    return MembranePath(np.array([[y, 0.0], [y, length_px]]), **ends)


def loop(corners: ArrayLike = SQUARE, **more: Any) -> MembranePath:
    """Return a closed line; the square of side 100 unless told."""
    return MembranePath(np.asarray(corners, np.float64), "none", "none", **more)


def wavy(n: int = 200, seed: int = 0, **ends: Any) -> MembranePath:
    """Return a curve with many corners."""
    rng = np.random.default_rng(seed)
    along = np.linspace(0, 400, n)
    phase, bend = rng.uniform(0, 6, 2)
    return MembranePath(
        np.stack([30 * np.sin(along / 40 + phase) + bend * along / 10, along], axis=1), **ends
    )


def on(*x: float, y: float = 0.0) -> list[list[float]]:
    """Return places on a level line."""
    return [[y, each] for each in x]


def measured(
    paths: list[MembranePath], yx: ArrayLike, scale: Scale | None = TEN_NM, **more: Any
) -> ImageMeasures:
    """Measure slits numbered from 1."""
    settings = more.pop("settings", MeasureSettings())
    ids = more.pop("ids", np.arange(1, len(np.asarray(yx)) + 1))
    return measure_paths(paths, ids, yx, scale=scale, settings=settings, **more)
