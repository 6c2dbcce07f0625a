"""Tables of the README and the plots, from the files of results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from shapes_cases import RAW
from shapes_data import KINDS
from shapes_plots import plot_curves, plot_examples
from study_page import fill, markdown, statements_table

SETTING = ["loss", "right", "sparse", "skips", "rate"]
POINTS_PER_EPOCH = 5


def write_page(folder: Path, readme: Path | None) -> None:
    """Write plots into the folder and tables into the README."""
    curves = pd.read_csv(folder / "curves.csv")
    plot_curves(curves, folder / "curves.svg")
    plot_examples(dict(np.load(folder / "examples.npz")), folder / "examples.png")
    if readme:
        fill(readme, tables(folder))


def tables(folder: Path) -> dict[str, str]:
    """Return what stands between each pair of marks."""
    runs, curves = pd.read_csv(folder / "runs.csv"), pd.read_csv(folder / "curves.csv")
    return {
        "areas": areas_table(runs),
        "shapes": shapes_table(runs),
        "curves": curves_table(curves),
        "terms": terms_table(curves),
        "statements": statements_table(folder / "statements.csv"),
    }


def areas_table(runs: pd.DataFrame) -> str:
    """Return the IoU of each setting: seeds, then the mean of each kind."""
    rows = []
    for key, group in runs.groupby(SETTING, sort=False):
        kinds = [f"{group[f'iou_best_{kind}'].mean():.2f}" for kind in KINDS]
        cells = [_seeds(group, name) for name in ("iou", "iou_windows", "iou_best")]
        rows.append([*_named(key), *cells, *kinds, _seeds(group, "level_in_shapes")])
    heads = ["IoU", "as DLStudio shows it", "best threshold", *KINDS, "level in shapes"]
    return markdown([*_HEADS, *heads], rows)


def shapes_table(runs: pd.DataFrame) -> str:
    """Return which shapes are found, at the best threshold of each kind; means over the seeds."""
    names = ["found_small", "found_large", "found_overlapping", "found_alone"]
    names += ["recall_edge", "recall_inside", "kind_right"]
    rows = [
        [*_named(key), *(f"{group[name].mean():.2f}" for name in names)]
        for key, group in runs.groupby(SETTING, sort=False)
    ]
    return markdown([*_HEADS, *(name.replace("_", " ") for name in names)], rows)


def curves_table(curves: pd.DataFrame) -> str:
    """Return how far each loss fell, and how rough its normalised curve is."""
    rows = []
    for key, group in curves.groupby(SETTING, sort=False):
        found = [_fall(each["loss_value"].to_numpy()) for _, each in group.groupby("seed")]
        first, last, fall, rough = np.array(found).T
        numbers = [f"{first.mean():.4g}", f"{last.mean():.4g}", *map(_spaced, (fall, rough))]
        rows.append([*_named(key), *numbers])
    heads = ["first point", "last epoch", "fall", "roughness"]
    return markdown([*_HEADS, *heads], rows)


def _fall(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, ...]:
    """Return the first value, the mean of the last epoch, the fall between, and the roughness."""
    first, last = values[0], values[-POINTS_PER_EPOCH:].mean()
    normalised = (values - values.min()) / np.ptp(values)
    rough = np.abs(np.diff(normalised, 2)).mean()
    return float(first), float(last), float(1 - last / first), float(rough)


def terms_table(curves: pd.DataFrame) -> str:
    """Return what both terms are, and how long their gradients, where both are trained."""
    rows = []
    raw = curves[~curves["right"] & curves["loss"].isin([name for name in RAW if "+" in name])]
    for key, group in raw.groupby(SETTING, sort=False):
        scale = float(str(key[0]).split()[2])
        for name, points in (("first epoch", group["point"] < 5), ("last", group["point"] >= 25)):
            mean = group[points].mean(numeric_only=True)
            pull = scale * mean["dice_gradient"] / mean["MSE_gradient"]
            cells = [f"{mean['MSE']:.0f}", f"{scale * mean['dice']:.1f}", f"{pull:.2f}"]
            rows.append([*_named(key), name, *cells])
    heads = ["when", "MSE", "scaled dice", "gradient of scaled dice / of MSE"]
    return markdown([*_HEADS, *heads], rows)


_HEADS = ["loss", "targets", "rate"]


def _named(key: tuple[object, ...]) -> list[str]:
    loss, right, sparse, skips, rate = key
    words = ["right" if right else "raw", *(["sparse"] if sparse else [])]
    return [str(loss), ", ".join([*words, *([] if skips else ["no skips"])]), f"{rate:g}"]


def _seeds(rows: pd.DataFrame, name: str) -> str:
    return _spaced(rows.sort_values("seed")[name].to_numpy())


def _spaced(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    return " ".join(f"{value:.2f}" for value in values)
