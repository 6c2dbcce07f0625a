"""Plots of the results."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from report_figures import NO_GRADIENT, at, curve
from report_numbers import models_by_loss
from report_plan import LOSSES

COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
"""Okabe and Ito, told apart by everybody."""
MARKS: Final = ("o", "s", "^", "v", "D")
PANELS: Final = (
    ("losses of 2021, plateau from 1e-3", LOSSES),
    (
        "without gradient, other rates",
        ("prudent", "not_reloaded", "triangular2", "ambitious", "triangular2_ambitious"),
    ),
    ("dice on the slit head", ("dice", "dice_triangular2", "dice_ambitious")),
)


def write_plots(epochs: pd.DataFrame, folder: Path) -> None:
    """Write `counts.svg` and `reloading.svg`."""
    mpl.rcParams["svg.hashsalt"] = "report_2021"
    _save(_counts(epochs), folder / "counts.svg")
    _save(_reloading(epochs), folder / "reloading.svg")


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")


def _counts(epochs: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    axes = figure.subplots(1, len(PANELS))
    for ax, (title, arms) in zip(axes, PANELS, strict=True):
        for colour, mark, arm in zip(COLOURS, MARKS, arms, strict=False):
            values = curve(epochs, arm, "ratio_doh")
            if len(values):
                _lines(ax, values, arm, colour, mark)
        ax.axhline(1, color="black", linewidth=0.8)
        ax.set(title=title, xlabel="epoch of 8 steps", xlim=(0, None), ylim=(0, None))
        if ax.get_legend_handles_labels()[0]:
            ax.legend(fontsize=7)
    axes[0].set_ylabel("detections / annotations\n(DoH at 0.5, validation)")
    return figure


def _lines(ax: Axes, values: pd.DataFrame, label: str, colour: str, mark: str) -> None:
    """Draw the mean over seeds, and each seed thinly."""
    ax.plot(values.index, values, color=colour, linewidth=0.6, alpha=0.5)
    mean = values.mean(axis=1)
    ax.plot(mean.index, mean, color=colour, marker=mark, markersize=3, label=label)


def _reloading(epochs: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    names = {
        **{"orig": "M_orig", "A": "M_A", "B": "M_B"},
        **{"B_control": "M_orig at\nM_B's rate", "dice": "dice"},
    }
    table = models_by_loss(epochs)[[*names]]
    for colour, mark, (seed, row) in zip(COLOURS, MARKS, table.iterrows(), strict=False):
        left.plot(list(names.values()), row, color=colour, marker=mark, label=f"seed {seed}")
    left.set(ylabel="composite loss CL, validation", ylim=(0, None))
    left.legend(fontsize=7)
    _gains(right, epochs)
    return figure


def _gains(ax: Axes, epochs: pd.DataFrame) -> None:
    """Draw what each arm gained on the test images over the pretrained network."""
    start = at(epochs, "pretraining", "test best", "f1_tuned")
    arms = [arm for arm in epochs.arm.unique() if arm != "pretraining"]
    for place, arm in enumerate(arms):
        gain = at(epochs, arm, "test last", "f1_tuned") - start
        colour, mark = (COLOURS[0], "o") if arm in NO_GRADIENT else (COLOURS[1], "s")
        ax.plot(gain, [place] * len(gain), mark, color=colour, markersize=4)
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set_yticks(range(len(arms)), arms, fontsize=7)
    ax.set(xlabel="F1 of the last epoch - F1 of M_orig, test (orange: dice)")
