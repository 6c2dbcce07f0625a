"""Biopsies side by side, and groups of biopsies; part of `measure_figures`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from napari_slitseg.core.morphometry import ROLLUP_FIGURES, RollupFigure, Unit
from napari_slitseg.core.morphometry.rollup_estimate import t_range
from napari_slitseg.pipelines.measure_figures_style import (
    PALE,
    new_figure,
    say,
    short,
    style_of,
)
from napari_slitseg.pipelines.measure_figures_widths import group_legend

SHOWN: Final = ("slit_density_per_um", "fpw_mean_nm", "fpw_length_over_count_nm")
"""Figures of the pictures."""

_BRIEF: Final = {
    "slit_density_per_um": "Slit density",
    "fpw_mean_nm": "Mean width",
    "fpw_length_over_count_nm": "Length over count",
}
_BY_NAME: Final = {each.name: each for each in ROLLUP_FIGURES}


def biopsies_figure(biopsies: Sequence[Unit]) -> Figure:
    """Draw the means of means of biopsies with their intervals; crosses are pooled figures."""
    figure = new_figure(1.0 + 0.21 * max(3, len(biopsies)))
    panels = figure.subplots(1, len(SHOWN), sharey=True)
    for axes, name in zip(panels, SHOWN, strict=True):
        _biopsies_panel(axes, biopsies, _BY_NAME[name])
    panels[0].set_yticks(range(len(biopsies)), [_named(unit) for unit in biopsies])
    panels[0].set_ylim(len(biopsies) - 0.4, -0.6)
    group_legend(panels[0], [unit.sample.group for unit in biopsies])
    return figure


def groups_figure(
    values: Mapping[str, Mapping[str, Sequence[float]]], confidence: float = 0.95
) -> Figure:
    """Draw one dot for each biopsy, and the mean of each group with its range by Student's t.

    Parameters
    ----------
    values : mapping
        From name of the figure to group to figures of its biopsies.
    confidence : float
        Of the ranges of the means.
    """
    n_groups = max(len(of_groups) for of_groups in values.values())
    tilts = n_groups > 4
    figure = new_figure(4.0 if tilts else 2.9)
    panels = figure.subplots(1, len(SHOWN))
    for axes, name in zip(panels, SHOWN, strict=True):
        _groups_panel(axes, values[name], _BY_NAME[name], confidence, tilts=tilts)
    return figure


def _named(unit: Unit) -> str:
    return f"{short(unit.name, 20)} ({len(unit.rows)})"


def _biopsies_panel(axes: Axes, biopsies: Sequence[Unit], figure: RollupFigure) -> None:
    styles = style_of([unit.sample.group for unit in biopsies])
    for at, unit in enumerate(biopsies):
        found = unit.estimates.get(figure.name)
        if found is None or math.isnan(found.mean.value):
            continue
        colour, marker = styles[unit.sample.group]
        shown = found.shown
        if shown.how:
            dashes = "-" if shown.how == "bootstrap" else ":"
            axes.plot([shown.low, shown.high], [at, at], dashes, color=colour, linewidth=1.2)
        fill = colour if shown.how else "white"
        axes.plot(found.mean.value, at, marker, color=colour, markerfacecolor=fill, markersize=4)
        axes.plot(found.pooled.value, at + 0.28, "x", color="black", markersize=3, mew=0.7)
    axes.set_title(_BRIEF[figure.name])
    axes.set_xlabel(figure.unit)
    axes.grid(axis="x", color=PALE, linewidth=0.5)
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.08)


def _groups_panel(
    axes: Axes,
    groups: Mapping[str, Sequence[float]],
    figure: RollupFigure,
    confidence: float,
    *,
    tilts: bool,
) -> None:
    styles = style_of(list(groups))
    for at, (group, figures) in enumerate(groups.items()):
        known = np.array([value for value in figures if math.isfinite(value)])
        colour, marker = styles[group]
        if len(known):
            axes.plot(
                at - 0.12 + _spread(len(known)), np.sort(known), marker, color=colour, markersize=4,
                alpha=0.75, markeredgewidth=0,
            )  # fmt: skip
        if len(known) > 1:
            ends = figure.possible(*t_range(known, confidence))
            _mean_and_range(axes, at, float(known.mean()), ends)
    if not any(math.isfinite(value) for some in groups.values() for value in some):
        say(axes, "no values")
    most = 24 if tilts else max(12, 44 // len(groups))
    names = [f"{short(name, most)}\nn = {_n(some)}" for name, some in groups.items()]
    axes.set_xticks(range(len(groups)), names)
    if tilts:
        axes.tick_params(axis="x", labelrotation=90)
    axes.set_xlim(-0.6, len(groups) - 0.4)
    axes.set_title(_BRIEF[figure.name])
    axes.set_ylabel(figure.unit)


def _mean_and_range(axes: Axes, at: float, mean: float, ends: tuple[float, float]) -> None:
    low, high = ends
    axes.plot([at + 0.15, at + 0.35], [mean, mean], color="black", linewidth=1.6)
    if math.isfinite(low):
        axes.plot([at + 0.25, at + 0.25], [low, high], color="black", linewidth=0.9)
        for end in (low, high):
            axes.plot([at + 0.2, at + 0.3], [end, end], color="black", linewidth=0.9)


def _n(figures: Sequence[float]) -> int:
    return sum(math.isfinite(value) for value in figures)


def _spread(n: int) -> NDArray[np.float64]:
    """Return offsets that keep neighbouring dots apart."""
    steps = np.array([0.0, -0.08, 0.08, -0.16, 0.16])
    return np.asarray(steps[np.arange(n) % len(steps)] if n > 1 else np.zeros(n))
