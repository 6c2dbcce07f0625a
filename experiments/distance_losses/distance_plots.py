"""Plots of the page: paired differences, and how many slits are found on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from distance_paired import against_dice
from distance_recipes import ALL, BASE
from distance_regimes import REGIMES
from distance_results import Results, looks_of
from matplotlib.figure import Figure

COLOURS = {
    "baseline": "#000000",
    "added": "#0072B2",
    "alone": "#D55E00",
    "curriculum": "#009E73",
    "model": "#CC79A7",
    "improved": "#E69F00",
}
_FIGURES = {
    "f1": "F1 at 3 px",
    "chamfer_px": "Chamfer distance, %",
    "count_error": "count error, %",
}
_GOALS = {"f1": 0.015, "chamfer_px": -8.0, "count_error": -10.0}


def write_plots(results: Results) -> None:
    """Write every plot there are runs for."""
    mpl.use("Agg")
    tested = results.tested("ordinary")
    if against_dice_names(tested):
        _save(forest(tested), results.folder / "forest.png")
    looks = looks_of(results, tested)
    if len(looks):
        _save(ratios(looks), results.folder / "count_ratio.png")
    if any(against_dice_names(results.tested(each)) for each in REGIMES if each != "ordinary"):
        _save(regimes(results), results.folder / "regimes.png")


def against_dice_names(tested: pd.DataFrame) -> list[str]:
    """Return the recipes with two seeds or more that dice has, too; lowest F1 first."""
    mean = tested.groupby("recipe").f1.mean().sort_values()
    return [
        str(name)
        for name in mean.index
        if name != BASE and len(against_dice(tested, str(name), "f1").differences) > 1
    ]


def forest(tested: pd.DataFrame) -> Figure:
    """Differences to dice with 95 % intervals, a dot for each seed."""
    names = against_dice_names(tested)
    figure = Figure(figsize=(10, 1.4 + 0.32 * len(names)), layout="constrained")
    for axes, (key, title) in zip(
        figure.subplots(1, 3, sharey=True), _FIGURES.items(), strict=True
    ):
        for row, name in enumerate(names):
            _interval(axes, row, tested, name, key)
        axes.axvline(0, color="0.5", lw=0.8)
        axes.axvline(_GOALS[key], color="0.5", lw=0.8, ls=":")
        axes.set_xlabel(f"difference to dice: {title}")
        axes.set_yticks(range(len(names)), names)
    return figure


def _interval(axes: Any, row: int, tested: pd.DataFrame, name: str, key: str) -> None:
    paired = against_dice(tested, name, key, percent=key != "f1")
    colour = COLOURS[ALL[name].kind]
    axes.plot(paired.differences, [row] * len(paired.differences), ".", color=colour, alpha=0.3)
    axes.errorbar(paired.mean, row, xerr=paired.half_width, fmt="o", color=colour, capsize=3)


def ratios(looks: pd.DataFrame) -> Figure:
    """Slits found over slits there, in the course of the training: mean over seeds."""
    figure = Figure(figsize=(9.5, 4), layout="constrained")
    titles = {"ratio_tuned": "threshold tuned anew", "ratio_first": "threshold of the start"}
    names = list(dict.fromkeys(looks.recipe))
    markers = "os^vDPX*<>hp"
    for axes, (key, title) in zip(figure.subplots(1, 2, sharey=True), titles.items(), strict=True):
        for i, name in enumerate(names):
            mean = looks[looks.recipe == name].groupby("step")[key].mean()
            style = {"color": COLOURS[ALL[name].kind], "marker": markers[i % len(markers)]}
            axes.plot(mean.index, mean, label=name, lw=1, ms=4, **style)
        axes.axhspan(0.95, 1.05, color="0.9", zorder=0)
        axes.set(xlabel="step", title=title)
    figure.axes[0].set_ylabel("slits found / slits there")
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(), loc="outside right upper", fontsize=7
    )
    return figure


def regimes(results: Results) -> Figure:
    """Differences of F1 to dice in every regime."""
    found = {each: results.tested(each) for each in REGIMES}
    kept = [each for each in REGIMES if against_dice_names(found[each])]
    hard = {name for each in kept if each != "ordinary" for name in against_dice_names(found[each])}
    names = sorted(hard)
    figure = Figure(figsize=(9.5, 1.2 + 0.5 * len(kept)), layout="constrained")
    axes: Any = figure.subplots()
    for j, name in enumerate(names):
        for i, regime in enumerate(kept):
            paired = against_dice(found[regime], name, "f1")
            style = {"color": f"C{j}", "marker": "os^vDPX*<>hp"[j % 12]}
            place = i + 0.7 * (j / max(1, len(names) - 1) - 0.5)
            label = name if i == 0 else None
            axes.errorbar(
                paired.mean, place, xerr=paired.half_width, ms=4, capsize=2, label=label, **style
            )
    axes.axvline(0, color="0.5", lw=0.8)
    axes.set_yticks(range(len(kept)), [REGIMES[each].title for each in kept])
    axes.set_xlabel("difference to dice: F1 at 3 px, mean and 95 % interval over seeds")
    figure.legend(loc="outside right upper", fontsize=7)
    return figure


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=80)
