"""Folders of images whose density and foot process width are known, made for a test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.events import Event, Finished
from napari_slitseg.jobs.measure import MeasureJob
from napari_slitseg.pipelines.measure import measure
from napari_slitseg.pipelines.measure_result import MeasureResult
from tests.pipelines.dots import drain

SHAPE = (80, 200)
NM = 10.0
ROW = 40
SPACING = 20
"""A straight membrane with a slit every 20 px: foot processes of 200 nm."""

COLUMNS = tuple(range(20, 200, SPACING))
WHEN = "2026-11-21T10:00:00Z"


def write_image(path: Path, *, nm: float | None = NM, seed: int = 1) -> Path:
    """Write an image of noise; without a pixel size if `nm` is None."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(30, 220, SHAPE, dtype=np.uint8)
    if nm is None:
        tifffile.imwrite(path, pixels)
    else:
        tifffile.imwrite(
            path, pixels, imagej=True, resolution=(1 / nm, 1 / nm), metadata={"unit": "nm"}
        )
    return path


def stripe() -> NDArray[np.bool_]:
    """A straight membrane from border to border."""
    mask = np.zeros(SHAPE, np.bool_)
    mask[ROW - 4 : ROW + 5] = True
    return mask


def table(
    columns: Sequence[float] = COLUMNS,
    status: str | Sequence[str] = "added",
    *,
    editor: str = "Ada",
    time: str = WHEN,
) -> PointTable:
    """Slits on the membrane, as a person decided on them one by one."""
    yx = np.array([(ROW, x) for x in columns], np.float64).reshape(-1, 2)
    plain = PointTable.from_yx(yx, status=status)
    n = len(plain)
    return PointTable(
        plain.ids,
        plain.yx,
        plain.score,
        plain.status,
        plain.origin,
        plain.uncertain,
        np.full(n, editor),
        np.full(n, time),
    )


def annotate(image: Path, columns: Sequence[float] = COLUMNS) -> None:
    """Put annotation files beside an image."""
    yx = np.array([(ROW, x) for x in columns], np.float64).reshape(-1, 2)
    write_points(image.with_suffix(".csv"), PointTable.from_yx(yx))
    mask = np.uint8(255) * stripe()
    tifffile.imwrite(image.with_name(f"{image.stem}_membrane.tif"), mask)


def run(folder: Path, **changes: Any) -> tuple[list[Event], MeasureResult]:
    """Measure a folder, by default without a model and with few resamples."""
    job = MeasureJob(**{"project": folder, "predict": False, "resamples": 100, **changes})
    return drain(measure(job))


def ending(events: Sequence[Event]) -> Finished:
    """The last event, which there always is."""
    last = events[-1]
    assert isinstance(last, Finished)
    return last
