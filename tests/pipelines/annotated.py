"""Annotated images to train with, made for a test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.jobs import FinetuneJob

SHAPE = (48, 64)
SLITS = ((12.0, 12.0), (12.0, 40.0), (36.0, 26.0))


def annotated(
    folder: Path,
    name: str,
    slits: Sequence[tuple[float, float]] = SLITS,
    *,
    seed: int | None = None,
    suffix: str = ".png",
) -> Path:
    """Write an image of noise, which folder and name seed, and its annotation."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(list(f"{folder.name}{name}".encode()) if seed is None else seed)
    path = folder / f"{name}{suffix}"
    Image.fromarray(rng.integers(30, 220, SHAPE, dtype=np.uint8)).save(path)
    write_points(folder / f"{name}.csv", PointTable.from_yx(np.reshape(slits, (-1, 2))))
    return path


@pytest.fixture
def annotated_images(tmp_path: Path) -> Path:
    """Folder of six annotated images."""
    for number in range(6):
        annotated(tmp_path / "images", f"img{number}")
    return tmp_path / "images"


def job_for(*images: Path, **changes: Any) -> FinetuneJob:
    """Job with a known pixel size, that of the model of dots."""
    return FinetuneJob(images=images, **{"pixel_size_nm": 10.0, **changes})
