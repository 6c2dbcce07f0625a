"""Simulated scenes for training, drawn once and kept in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from micrographs import PIXEL_SIZE_NM, Example, simulated

from napari_slitseg.core.simulate import SceneOptions

FIRST_SEED = {"plain": 100_000, "tissue": 200_000}
SHAPE = (640, 640)


def training_scenes(folder: Path, *, plain: int, tissue: int) -> list[Example]:
    """Scenes of both looks; those that are not in the folder yet are drawn."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = {"plain": plain, "tissue": tissue}
    return [
        kept(folder, look, FIRST_SEED[look] + i)
        for look, number in numbers.items()
        for i in range(number)
    ]


def kept(folder: Path, look: str, seed: int) -> Example:
    """One scene, from the folder if it is there."""
    file = folder / f"{look}-{seed}.npz"
    if not file.is_file():
        example = simulated(seed, options(look))
        part = folder / f"{look}-{seed}.part.npz"
        np.savez(part, layers=example.layers.astype(np.float16), slits=example.slits)
        part.replace(file)
    with np.load(file) as arrays:
        return Example(f"{look} {seed}", arrays["layers"].astype(np.float32), arrays["slits"])


def options(look: str) -> SceneOptions:
    """Say what a scene of one look is."""
    settings: dict[str, Any] = {} if look == "plain" else {"look": look}
    return SceneOptions(shape=SHAPE, pixel_size_nm=PIXEL_SIZE_NM, **settings)
