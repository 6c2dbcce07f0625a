"""The plots of the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from shapes_cases import RAW
from shapes_data import KINDS

plt.switch_backend("Agg")
plt.rcParams["svg.hashsalt"] = "shapes_overlap"

COLOURS = ("#000000", "#d55e00", "#0072b2", "#009e73")
KIND_COLOURS = ("#000000", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7")
Array = np.ndarray[Any, Any]


def plot_curves(curves: pd.DataFrame, path: Path) -> None:
    """Draw the losses on raw masks: normalised as the seed has them, and as fractions of the first.

    Only the first seed and the network that enlarges as DLStudio's does.
    """
    chosen = curves[curves["sparse"] & (curves["seed"] == curves["seed"].min())]
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6))
    for loss, colour in zip(RAW, COLOURS, strict=True):
        rows = chosen[chosen["loss"] == loss]
        if len(rows):
            values = rows["loss_value"].to_numpy()
            normalised = (values - values.min()) / np.ptp(values)
            axes[0].plot(rows["steps"], normalised, color=colour, label=loss)
            axes[1].plot(rows["steps"], values / values[0], color=colour, label=loss)
    axes[0].set_ylabel("loss, smallest 0 and largest 1")
    axes[1].set_ylabel("loss / its first point")
    for axis in axes:
        axis.set_xlabel("step")
        axis.grid(alpha=0.3)
    axes[1].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def plot_examples(found: dict[str, Array], path: Path) -> None:
    """Draw test images, the truth, and what each network says of them."""
    names = list(found)
    pictures = [found[name] for name in names]
    figure, axes = plt.subplots(
        len(pictures[0]), len(names), figsize=(1.25 * len(names), 1.2 * len(pictures[0]) + 1.1)
    )
    for column, (name, images) in enumerate(zip(names, pictures, strict=True)):
        for axis, image in zip(axes[:, column], images, strict=True):
            _show(axis, image)
        axes[0, column].set_title(name.replace(", ", "\n"), fontsize=7)
    handles = [
        Patch(color=colour, label=kind)
        for kind, colour in zip(KINDS, KIND_COLOURS[1:], strict=True)
    ]
    figure.legend(handles=handles, loc="lower center", ncol=5, fontsize=8)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.savefig(path, dpi=76)
    plt.close(figure)


def _show(axis: Any, image: Array) -> None:
    if image.ndim == 3:
        axis.imshow(image.transpose(1, 2, 0))
    else:
        axis.imshow(image, cmap=ListedColormap(KIND_COLOURS), vmin=0, vmax=len(KINDS))
    axis.set_xticks([])
    axis.set_yticks([])
