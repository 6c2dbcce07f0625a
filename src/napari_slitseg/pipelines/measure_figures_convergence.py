"""How figures settle with the number of images; part of `measure_figures`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from napari_slitseg.core.morphometry import ROLLUP_FIGURES, Rollup, Unit, convergence
from napari_slitseg.pipelines.measure_figures_style import BLUE, GREY, new_figure, short

FIGURE: Final = next(each for each in ROLLUP_FIGURES if each.name == "fpw_length_over_count_nm")
"""The figure that is drawn."""

N_ORDERS: Final = 300
BAND: Final = 0.05
MOST_SHOWN: Final = 50
"""Largest difference within the axes, %."""

_MOST: Final = 6
_LEAST_IMAGES: Final = 3
_ACROSS: Final = 3


def units_shown(rolled: Rollup) -> list[Unit]:
    """Return biopsies, else all images; with three images at least, of each group in turn."""
    units = rolled.biopsies or (rolled.everything,)
    able = [unit for unit in units if len(unit.rows) >= _LEAST_IMAGES and unit.n_slits]
    turns: dict[str, int] = {}
    places = {}
    for unit in sorted(able, key=lambda unit: -len(unit.rows)):
        turns[unit.sample.group] = turns.get(unit.sample.group, -1) + 1
        places[id(unit)] = turns[unit.sample.group]
    chosen = sorted(able, key=lambda unit: places[id(unit)])[:_MOST]
    return [unit for unit in able if unit in chosen]


def convergence_figure(units: Sequence[Unit]) -> Figure:
    """Draw the figure after the first, the first two, ... images in random orders."""
    across = min(_ACROSS, len(units))
    down = -(-len(units) // across)
    figure = new_figure(0.5 + 2.0 * down)
    panels = figure.subplots(down, across, squeeze=False, sharey=True).reshape(-1)
    widest = max(_panel(axes, unit) for axes, unit in zip(panels, units, strict=False))
    panels[0].set_ylim(-min(widest, MOST_SHOWN), min(widest, MOST_SHOWN))
    for axes in panels[len(units) :]:
        axes.set_axis_off()
    figure.supxlabel("Images", fontsize=8)
    figure.supylabel("Difference from the value of all images (%)", fontsize=8)
    return figure


def _panel(axes: Axes, unit: Unit) -> float:
    """Draw one unit, and return how far the axis should reach, %."""
    found = convergence(unit.rows, FIGURE, n_orders=N_ORDERS)
    low, middle, high = (
        100 * (each / found.final - 1) for each in (found.low, found.middle, found.high)
    )
    axes.fill_between(found.n_images, low, high, color=BLUE, alpha=0.25, linewidth=0)
    axes.plot(found.n_images, middle, color=BLUE)
    for at in (-100 * BAND, 100 * BAND):
        axes.axhline(at, color=GREY, linestyle=":", linewidth=0.9)
    axes.axhline(0, color=GREY, linewidth=0.7)
    axes.set_title(short(unit.name, 24))
    told = f"all images: {found.final:.0f} nm"
    axes.text(0.98, 0.97, told, transform=axes.transAxes, ha="right", va="top")
    axes.set_xlim(1, len(found.n_images))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return 1.1 * float(np.nanmax(np.abs([low, high]), initial=100 * BAND))
