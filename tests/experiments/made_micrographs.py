"""A small folder of annotated micrographs as the shared real ones are kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

NAMES = ("good", "good2", "snider_A1_0024", "okay", "bad")
SIDE_PX = 128
COLUMNS = ["axis-0", "axis-1"]


def write_folder(folder: Path) -> Path:
    """Dark walls with gaps under the names of the real ones; the last has doubtful slits only."""
    for part in ("images", "slits", "membrane"):
        (folder / part).mkdir(parents=True)
    for seed, name in enumerate(NAMES):
        pixels, line, slits = _wall(np.random.default_rng(seed))
        Image.fromarray(pixels).save(folder / "images" / f"{name}.png")
        Image.fromarray(_stripe(line)).save(folder / "membrane" / f"{name}.png")
        table = pd.DataFrame(line, columns=COLUMNS).assign(line="A")
        table.to_csv(folder / "membrane" / f"{name}_interface.csv", index=False)
        points = pd.DataFrame(slits, columns=COLUMNS).assign(uncertain=int(name == NAMES[-1]))
        points.to_csv(folder / "slits" / f"{name}.csv", index=False)
    sizes = pd.DataFrame({"image": [f"{name}.png" for name in NAMES], "pixel_size_nm": 10.0})
    sizes.to_csv(folder / "images.csv", index=False)
    return folder


def _wall(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    row = int(rng.integers(50, 70))
    columns = np.arange(20.0, SIDE_PX, 40)
    pixels = rng.normal(190, 8, (SIDE_PX, SIDE_PX))
    pixels[row - 14 : row] = 90
    for column in columns.astype(int):
        pixels[row - 14 : row, column - 2 : column + 3] = 230
    line = np.stack([np.full(SIDE_PX, float(row)), np.arange(float(SIDE_PX))], axis=1)
    slits = np.stack([np.full(len(columns), float(row)), columns], axis=1)
    return np.clip(pixels, 0, 255).astype(np.uint8), line, slits


def _stripe(line: np.ndarray) -> np.ndarray:
    rows = np.arange(SIDE_PX)[:, None]
    stripe = (abs(rows - line[0, 0]) <= 4) & np.ones(SIDE_PX, bool)
    return stripe.astype(np.uint8) * 255
