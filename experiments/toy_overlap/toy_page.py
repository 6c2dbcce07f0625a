"""Tables of the README and the plots, from the files of results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from study_page import fill, markdown, statements_table
from toy_cases import LOSSES
from toy_plots import plot_curves, plot_gradients

SETTING = ["batch_norm", "optimiser", "rate", "budget", "mirrored"]


def write_page(folder: Path, readme: Path | None) -> None:
    """Write plots into the folder and tables into the README."""
    curves = pd.read_csv(folder / "curves.csv")
    plot_curves(curves, folder / "curves.svg")
    plot_gradients(curves, folder / "gradients.svg")
    if readme:
        fill(readme, tables(folder))


def tables(folder: Path) -> dict[str, str]:
    """Return what stands between each pair of marks."""
    runs, curves = pd.read_csv(folder / "runs.csv"), pd.read_csv(folder / "curves.csv")
    return {
        "accuracy": accuracy_table(runs),
        "gradients": gradient_table(runs),
        "mirrored": mirrored_table(curves),
        "statements": statements_table(folder / "statements.csv"),
    }


def accuracy_table(runs: pd.DataFrame) -> str:
    """Return a line for each setting and fraction: the balanced accuracy of each seed."""
    rows = []
    for key, group in runs.groupby([*SETTING, "foreground"], sort=False):
        cells = [_seeds(group[group["loss"] == loss]) for loss in LOSSES]
        rows.append([*_named(key[:-1]), f"{100 * float(str(key[-1])):.0f} %", *cells])
    return markdown(["optimiser, rate, steps", "BN", "foreground", *LOSSES], rows)


def _named(key: Any) -> list[str]:
    norm, optimiser, rate, budget, mirrored = key
    seen = ", 1 - x" if mirrored else ""
    return [f"{optimiser} {rate:g}, {budget}{seen}", "yes" if norm else "no"]


def _seeds(rows: pd.DataFrame) -> str:
    values = [f"{value:.2f}" for value in rows.sort_values("seed")["balanced_accuracy"]]
    return " ".join(values)


def gradient_table(runs: pd.DataFrame) -> str:
    """Return the mean length of the gradient of what is trained, at 5 % and at 95 %."""
    rows = []
    adam = runs[(runs["optimiser"] == "Adam") & ~runs["mirrored"]]
    for (norm, loss), group in adam.groupby(["batch_norm", "loss"], sort=False):
        means = [
            group[group["foreground"] == each][f"mean_gradient_{loss}"] for each in (0.05, 0.95)
        ]
        cells = [" ".join(f"{value:.2f}" for value in each) for each in means]
        smaller = int((means[1].to_numpy() < means[0].to_numpy()).sum())
        rows.append([str(loss), "yes" if norm else "no", *cells, f"{smaller} of {len(means[0])}"])
    return markdown(["loss", "BN", "5 %", "95 %", "smaller at 95 %"], rows)


def mirrored_table(curves: pd.DataFrame) -> str:
    """Return gradients of images and of their mirror images over the same first steps."""
    adam = curves[(curves["optimiser"] == "Adam") & ~curves["batch_norm"]]
    until = adam[adam["mirrored"]]["step"].max()
    rows = []
    for loss in LOSSES:
        cells = []
        for mirrored in (False, True):
            seen = adam[(adam["mirrored"] == mirrored) & (adam["step"] <= until)]
            for foreground in (0.05, 0.95):
                same = seen[(seen["loss"] == loss) & (seen["foreground"] == foreground)]
                cells.append(f"{same[f'{loss}_gradient'].mean():.2f}")
        rows.append([loss, *cells])
    return markdown(["loss", "5 %, x", "95 %, x", "5 %, 1 - x", "95 %, 1 - x"], rows)
