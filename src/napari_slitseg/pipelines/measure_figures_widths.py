"""How foot process widths are distributed; part of `measure_figures`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from napari_slitseg.core.morphometry import Rollup, Unit
from napari_slitseg.pipelines.measure_figures_style import (
    GREY,
    WIDTH_IN,
    new_figure,
    short,
    style_of,
)

_MOST_HISTOGRAMS: Final = 8
_MOST_SHOWN: Final = 99.0
_BINS: Final = 40


@dataclass(frozen=True, eq=False)
class Widths:
    """Foot process widths of a unit, nm."""

    name: str
    group: str
    nm: NDArray[np.float64]


def widths_shown(rolled: Rollup) -> list[Widths]:
    """Return the widths of groups where there are several, else of biopsies, else of all images."""
    of_groups = _widths(rolled.groups)
    some = of_groups if len(of_groups) > 1 else _widths(rolled.biopsies)
    return some or _widths((rolled.everything,))


def upper_nm(shown: Sequence[Widths]) -> float:
    """Return where the axis ends: wider foot processes are beyond it."""
    every = np.concatenate([each.nm for each in shown])
    return float(np.ceil(np.percentile(every, _MOST_SHOWN) / 50) * 50)


def widths_figure(shown: Sequence[Widths]) -> Figure:
    """Draw a histogram for each unit, or boxes where there are many."""
    return _histograms(shown) if len(shown) <= _MOST_HISTOGRAMS else _boxes(shown)


def is_boxes(shown: Sequence[Widths]) -> bool:
    """Whether boxes are drawn."""
    return len(shown) > _MOST_HISTOGRAMS


def _widths(units: Sequence[Unit]) -> list[Widths]:
    found = []
    for unit in units:
        nm = np.concatenate([row.widths_nm for row in unit.rows]) if unit.rows else np.empty(0)
        if len(nm):
            found.append(Widths(unit.name, unit.sample.group, nm))
    return found


def _histograms(shown: Sequence[Widths]) -> Figure:
    figure = new_figure(0.75 + 1.1 * len(shown))
    rows = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    styles, end = style_of([each.group for each in shown]), upper_nm(shown)
    edges = np.linspace(0, end, _BINS + 1)
    for axes, each in zip(rows, shown, strict=True):
        _histogram(axes, each, edges, styles[each.group][0])
    rows[-1].set_xlabel("Foot process width (nm)")
    rows[-1].set_xlim(0, end)
    figure.supylabel("Share of widths (%)", fontsize=8)
    return figure


def _histogram(axes: Axes, each: Widths, edges: NDArray[np.float64], colour: str) -> None:
    counts, _ = np.histogram(each.nm, edges)
    axes.stairs(100 * counts / len(each.nm), edges, fill=True, color=colour, alpha=0.55)
    middle, mean = float(np.median(each.nm)), float(each.nm.mean())
    axes.axvline(middle, color="black", linewidth=1)
    axes.axvline(mean, color="black", linewidth=1, linestyle=":")
    said = f"n = {len(each.nm)}, median {middle:.0f} nm, mean {mean:.0f} nm"
    axes.set_title(short(each.name, 40))
    axes.set_title(said, loc="right", fontweight="normal", fontsize=8)


def _boxes(shown: Sequence[Widths]) -> Figure:
    figure = new_figure(0.8 + 0.19 * len(shown))
    axes = figure.subplots()
    styles = style_of([each.group for each in shown])
    boxes = axes.boxplot(
        [each.nm for each in shown],
        orientation="horizontal",
        whis=(5, 95),
        showfliers=False,
        patch_artist=True,
        widths=0.65,
        medianprops={"color": "black"},
        whiskerprops={"color": GREY},
        capprops={"color": GREY},
    )
    for patch, each in zip(boxes["boxes"], shown, strict=True):
        patch.set(facecolor=styles[each.group][0], alpha=0.55, edgecolor=GREY)
    names = [f"{short(each.name)} (n = {len(each.nm)})" for each in shown]
    axes.set_yticks(range(1, len(shown) + 1), names)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel("Foot process width (nm)")
    group_legend(axes, [each.group for each in shown])
    return figure


def group_legend(axes: Axes, groups: Sequence[str]) -> None:
    """Name the colours of groups above the axes, where there are several."""
    styles = style_of(groups)
    named = [group for group in styles if group and group in groups]
    if len(named) < 2:
        return
    handles = [
        axes.plot([], [], linestyle="", marker=styles[g][1], color=styles[g][0])[0] for g in named
    ]
    names = [short(group) for group in named]
    columns = max(1, int(WIDTH_IN // (0.5 + 0.075 * max(map(len, names)))))
    axes.figure.legend(handles, names, loc="outside upper left", ncols=columns)
