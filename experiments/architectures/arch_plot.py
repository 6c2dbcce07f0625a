"""The plot of the README: every run, for membrane and slits."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from arch_results import FOLDER, RESULTS
from arch_tables import of
from arch_train import SETTINGS
from matplotlib.figure import Figure

MARKERS = "osD^v"
BLUE, ORANGE = "#0072B2", "#D55E00"
SHOWN = {
    "membrane_iou": "IoU of the membrane at p >= 0.5",
    "f1": "F1 of slits within 50 nm, tuned threshold",
}


def write_plot(folder: Path = FOLDER) -> None:
    """Write the picture into the folder of results."""
    mpl.use("Agg")
    found = RESULTS.rows()
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    names = [f"{network}: {losses}" for network, losses in SETTINGS]
    both = figure.subplots(1, 2, sharey=True)
    for axes, (figure_name, title) in zip(both, SHOWN.items(), strict=True):
        for height, setting in enumerate(SETTINGS):
            for row in of(found, setting).to_dict("records"):
                color, shift = BLUE if setting[0] == "unet" else ORANGE, 0.12 * (row["seed"] - 1)
                axes.plot(row[figure_name], height + shift, MARKERS[row["seed"]], color=color)
        axes.set_xlabel(title)
        axes.grid(axis="x", alpha=0.3)
    both[0].set_yticks(range(len(names)), names)
    both[0].invert_yaxis()
    figure.savefig(folder / "scores.png", dpi=90)
