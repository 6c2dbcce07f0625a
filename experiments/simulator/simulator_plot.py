"""Plot of distances, and a board of simulated scenes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image
from simulator_pictures import Picture

COLOURS: Final = {"real": "#000000", "plain": "#D55E00", "tissue": "#0072B2"}
MARKS: Final = {"real": "o", "plain": "^", "tissue": "s"}
TILES, TILE_PX, GREYS = 3, 200, 64


def write_plot(table: pd.DataFrame, path: Path) -> None:
    """Show each distance as a multiple of the one between two real micrographs."""
    mpl.rcParams["svg.hashsalt"] = "simulator"
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    names = list(table["measure"].unique())
    for axes, column in zip(panels, ("mean", "nearest_of_4"), strict=True):
        wide = table.pivot_table(index="measure", columns="kind", values=column).loc[names]
        for kind, colour in COLOURS.items():
            share = wide[kind] / wide["real"]
            axes.plot(share, names, MARKS[kind], color=colour, label=kind, ms=7)
        axes.axvline(1, color="#999999", lw=1)
        axes.set_xlabel("distance / distance between real micrographs")
        axes.set_title("to all" if column == "mean" else "to the nearest of four")
        axes.grid(axis="y", lw=0.4)
    panels[0].invert_yaxis()
    panels[1].legend(frameon=False)
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")


def write_board(looks: Sequence[Sequence[Picture]], path: Path) -> None:
    """Show the middle of the first scenes, a row for each look."""
    rows = [
        np.hstack([_tile(pictures[at % len(pictures)]) for at in range(TILES)])
        for pictures in looks
    ]
    levels = (np.round((GREYS - 1) * np.vstack(rows)) * (256 // GREYS)).astype(np.uint8)
    Image.fromarray(levels).save(path, optimize=True)


def _tile(picture: Picture) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    points = np.concatenate(picture.lines)
    middle = points[len(points) // 2]
    top, left = (
        int(np.clip(at - TILE_PX / 2, 0, side - TILE_PX))
        for at, side in zip(middle, picture.grey.shape, strict=True)
    )
    return picture.grey[top : top + TILE_PX, left : left + TILE_PX]
