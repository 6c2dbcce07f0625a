"""The plots of the README."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pandas as pd
from lobes_data import parts
from lobes_numbers import PRINTED
from lobes_results import FOLDER, RESULTS, TASKS
from lobes_tables import LOSSES, NULL
from matplotlib.axes import Axes
from matplotlib.figure import Figure

TITLES = {"lobes": "two lobes", "membrane": "membrane crops"}
MARKERS = "osD^v"
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#777777"


def write_plots(folder: Path = FOLDER) -> None:
    """Write both pictures into the folder of results."""
    mpl.use("Agg")
    _scores(RESULTS.rows()).savefig(folder / "scores.png", dpi=90)
    _examples().savefig(folder / "examples.png", dpi=60)


def _scores(found: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    for axes, task in zip(figure.subplots(1, 2), TASKS, strict=True):
        names = [
            name for name in (*LOSSES, NULL[1]) if name in set(found.setting[found.task == task])
        ]
        for row in found[(found.task == task) & found.setting.isin(names)].to_dict("records"):
            height = names.index(row["setting"]) + 0.12 * (row["seed"] - 1)
            axes.plot(row["mean_precision"], height, MARKERS[row["seed"]], color=BLUE)
        _decorate(axes, names, task)
    return figure


def _decorate(axes: Axes, names: list[str], task: str) -> None:
    if task == "lobes":
        for name, value in PRINTED.items():
            axes.plot(value, names.index(name), "|", color=ORANGE, markersize=18, markeredgewidth=2)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel("hits / 640 (mean precision over IoU .50 to .95)")
    axes.set_title(TITLES[task], loc="left")
    axes.grid(axis="x", color=GREY, alpha=0.3)
    axes.set_title(LEGEND[task], fontsize=8, color=GREY, loc="right")


LEGEND = {
    "lobes": "blue: one mark a seed;  orange bar: the poster",
    "membrane": "blue: one mark a seed",
}


def _examples(number: int = 6) -> Figure:
    figure = Figure(figsize=(10, 4), layout="constrained")
    grid = figure.subplots(2, number)
    for row, task in zip(grid, TASKS, strict=True):
        pictures = parts(task, 0, (1, 1, number))[2]
        for axes, image, mask in zip(row, pictures.images, pictures.masks, strict=True):
            axes.imshow(image[0], cmap="gray")
            axes.contour(mask[0], [0.5], colors=[ORANGE], linewidths=1)
            axes.set_axis_off()
        row[0].set_title(TITLES[task], loc="left")
    return figure
