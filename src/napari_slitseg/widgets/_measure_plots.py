"""Plots of the Measure dock: widths, how a figure settles, and biopsies by group."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray

from napari_slitseg.widgets._measure_rollup import RolledUp, Settled
from napari_slitseg.widgets._metrics_plot import ScorePlot, thin_line

Floats = NDArray[np.float64]

_MOST_BINS: Final = 30
_DOT_PX: Final = 9
_MEAN_PX: Final = 13
_LOWEST_PX: Final = 84
_NAMES_PX: Final = 26

AXES: Final = {"fpw_mean_nm": "FPW (nm)", "slit_density_per_um": "slits per µm"}
"""What the axis of a figure is called."""


class WidthPlot(ScorePlot):
    """How often each foot process width occurs, with mean and limit of effacement."""

    def __init__(self) -> None:
        super().__init__("Histogram of foot process widths")
        self.setMinimumHeight(_LOWEST_PX)
        self.widths, self.limit, self._unit = np.zeros(0), 1000.0, "nm"
        self.bars = pg.BarGraphItem(x0=[0], x1=[1], height=[0])
        self.mean = pg.InfiniteLine(angle=90, movable=False)
        self.effaced = pg.InfiniteLine(angle=90, movable=False)
        for item in (self.bars, self.effaced, self.mean):
            self.addItem(item)
        self.set_titles("foot process width (nm)", "number")

    def show_widths(self, widths: Floats, limit: float, unit: str) -> None:
        """Show widths (N,) and the limit of effacement, all in that unit."""
        self.widths, self.limit, self._unit = widths, limit, unit
        self.setLabel("bottom", f"foot process width ({unit})")
        self.paint_items()

    @property
    def edges(self) -> Floats:
        """Edges of the bars."""
        top = float(self.widths.max(initial=self.limit))
        n = int(np.clip(math.sqrt(len(self.widths)) * 2, 10, _MOST_BINS))
        return np.linspace(0, top, n + 1)

    def paint_items(self) -> None:
        """Draw the bars in the colours of the theme."""
        edges, inks = self.edges, self.inks
        heights = np.histogram(self.widths, edges)[0]
        self.bars.setOpts(
            x0=edges[:-1], x1=edges[1:], height=heights, brush=inks.fill, pen=thin_line(inks.mark)
        )
        has_any = bool(len(self.widths))
        self.mean.setVisible(has_any)
        if has_any:
            self.mean.setValue(float(self.widths.mean()))
        self.mean.setPen(pg.mkPen(inks.line, width=2))
        self.effaced.setValue(self.limit)
        self.effaced.setPen(thin_line(inks.chosen, dashed=True))
        self.setXRange(0, edges[-1], padding=0.03)
        self.setYRange(0, max(1, int(heights.max(initial=0))), padding=0.05)


class SettlingPlot(ScorePlot):
    """A figure over the number of images, in random orders."""

    def __init__(self) -> None:
        super().__init__("How a figure settles as images are added")
        self.setMinimumHeight(_LOWEST_PX)
        self.settled: Settled | None = None
        self.low, self.high = pg.PlotDataItem(), pg.PlotDataItem()
        self.band = pg.FillBetweenItem(self.low, self.high)
        self.middle = pg.PlotDataItem()
        self.final = pg.InfiniteLine(angle=0, movable=False)
        for item in (self.low, self.high, self.band, self.final, self.middle):
            self.addItem(item)
        self.set_titles("images", "")

    def show_settled(self, settled: Settled | None) -> None:
        """Show another course."""
        self.settled = settled
        if settled is not None:
            self.setLabel("left", AXES[settled.figure.name])
        self.paint_items()

    def paint_items(self) -> None:
        """Draw the course in the colours of the theme."""
        for item in (self.low, self.high, self.band, self.middle, self.final):
            item.setVisible(self.settled is not None)
        if self.settled is None:
            return
        course, inks = self.settled.course, self.inks
        for item, values in (
            (self.low, course.low),
            (self.high, course.high),
            (self.middle, course.middle),
        ):
            item.setData(course.n_images, values, connect="finite")
        for edge in (self.low, self.high):
            edge.setPen(thin_line(inks.faint))
        fill = inks.fill
        fill.setAlphaF(0.25)
        self.band.setBrush(pg.mkBrush(fill))
        self.middle.setPen(pg.mkPen(inks.mark, width=2))
        self.final.setValue(course.final)
        self.final.setPen(thin_line(inks.line, dashed=True))
        self._set_ranges(np.concatenate([course.low, course.high, [course.final]]))

    def _set_ranges(self, values: Floats) -> None:
        known = values[np.isfinite(values)]
        if self.settled is not None and len(known):
            self.setXRange(1, max(2, int(self.settled.course.n_images[-1])), padding=0.04)
            self.setYRange(float(known.min()), float(known.max()) or 1.0, padding=0.1)


class GroupPlot(ScorePlot):
    """One dot a biopsy, beside each other by group, with the mean of each group."""

    def __init__(self) -> None:
        super().__init__("Biopsies by group")
        self.setMinimumHeight(_LOWEST_PX)
        self.groups: list[tuple[str, Floats, float, float, float]] = []
        self.dots = pg.ScatterPlotItem(size=_DOT_PX)
        self.means = pg.ScatterPlotItem(size=_MEAN_PX, symbol="d")
        self.ranges = pg.ErrorBarItem(x=np.zeros(0), y=np.zeros(0), beam=0.15)
        for item in (self.ranges, self.dots, self.means):
            self.addItem(item)
        self.getAxis("bottom").setHeight(_NAMES_PX)
        self.set_titles("", "")

    def show_groups(self, rolled: RolledUp | None, figure: str, title: str) -> None:
        """Show a figure of the biopsies of each group."""
        self.groups = [] if rolled is None else _groups(rolled, figure)
        names = [name or "no group" for name, *_ in self.groups]
        self.getAxis("bottom").setTicks([list(enumerate(names))])
        self.setLabel("left", title)
        self.paint_items()

    def paint_items(self) -> None:
        """Draw the dots in the colours of the theme."""
        inks, groups = self.inks, self.groups
        places = [n + _spread(len(values)) for n, (_, values, *_) in enumerate(groups)]
        x = np.concatenate([np.zeros(0), *places])
        y = np.concatenate([np.zeros(0), *(values for _, values, *_ in groups)])
        self.dots.setData(x=x, y=y, brush=pg.mkBrush(inks.fill), pen=thin_line(inks.mark))
        at = np.arange(len(groups), dtype=float) + 0.3
        mean, low, high = (np.array([g[n] for g in groups], float) for n in (2, 3, 4))
        self.means.setData(x=at, y=mean, brush=pg.mkBrush(inks.chosen), pen=thin_line(inks.line))
        top, bottom = np.nan_to_num(high - mean), np.nan_to_num(mean - low)
        self.ranges.setData(x=at, y=mean, top=top, bottom=bottom, pen=thin_line(inks.chosen))
        if len(y):
            ends = np.concatenate([y, (mean + top), (mean - bottom)])
            self.setXRange(-0.5, len(groups) - 0.3, padding=0)
            self.setYRange(float(np.nanmin(ends)), float(np.nanmax(ends)), padding=0.12)


def _spread(n: int) -> Floats:
    """Return small steps to the side, so that dots do not hide each other."""
    return np.linspace(-0.12, 0.12, n) if n > 1 else np.zeros(n)


def _groups(rolled: RolledUp, figure: str) -> list[tuple[str, Floats, float, float, float]]:
    """Return each group with the values of its biopsies, its mean, and the interval of it."""
    rollup = rolled.rollup
    names = list(dict.fromkeys(each.sample.group for each in rollup.biopsies))
    intervals = {unit.name: unit.estimates.get(figure) for unit in rollup.groups}
    found = []
    for name in names:
        units = [unit for unit in rollup.biopsies if unit.sample.group == name]
        values = np.array(
            [u.estimates[figure].mean.value for u in units if figure in u.estimates], float
        )
        values = values[np.isfinite(values)]
        of = intervals.get(name)
        mean = float(values.mean()) if len(values) else math.nan
        ends = (math.nan, math.nan) if of is None else (of.shown.low, of.shown.high)
        if len(values):
            found.append((name, values, mean, *ends))
    return found
