"""The plots of the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from toy_cases import LOSSES

plt.switch_backend("Agg")
plt.rcParams["svg.hashsalt"] = "toy_overlap"

COLOURS = ("#000000", "#0072b2", "#56b4e9", "#d55e00", "#e69f00")
STYLES = ("-", "-", "--", "-", "--")
PERCENT = {0.05: "5 %", 0.5: "50 %", 0.95: "95 %"}


def plot_curves(curves: pd.DataFrame, path: Path) -> None:
    """Draw the balanced accuracy of each loss over the steps of Adam."""
    _grid(curves, path, "balanced accuracy", lambda _: "balanced_accuracy")


def plot_gradients(curves: pd.DataFrame, path: Path) -> None:
    """Draw the length of the gradient of the loss that is trained, over the steps of Adam."""
    _grid(curves, path, "length of the gradient", lambda loss: f"{loss}_gradient")


def _grid(curves: pd.DataFrame, path: Path, label: str, column: Any) -> None:
    adam = curves[(curves["optimiser"] == "Adam") & ~curves["mirrored"]]
    figure, axes = plt.subplots(2, 3, figsize=(9, 5), sharex=True, sharey=True)
    for line, norm in zip(axes, (False, True), strict=True):
        for axis, (foreground, name) in zip(line, PERCENT.items(), strict=True):
            rows = adam[(adam["batch_norm"] == norm) & (adam["foreground"] == foreground)]
            for loss, colour, style in zip(LOSSES, COLOURS, STYLES, strict=True):
                same = rows[rows["loss"] == loss]
                axis.plot(same["step"], same[column(loss)], style, color=colour, label=loss)
            axis.set_title(f"{name} foreground, {'BN' if norm else 'no BN'}", fontsize=9)
            axis.grid(alpha=0.3)
        line[0].set_ylabel(label)
    for axis in axes[1]:
        axis.set_xlabel("step")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="lower center", ncol=5, fontsize=8)
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
