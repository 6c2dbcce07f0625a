"""Lines of several runs, or of several losses, in one plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import pyqtgraph as pg
from qtpy.QtCore import QEvent
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_slitseg.pipelines.runs.curves import settled_range
from napari_slitseg.widgets._compare_reading import Panel, Trace
from napari_slitseg.widgets._live_plot import SmallPlot

_ON_DARK: Final = (
    "#56B4E9",
    "#FF8C5A",
    "#2FC79A",
    "#CC79A7",
    "#E69F00",
    "#F0E442",
    "#FFFFFF",
)
_ON_LIGHT: Final = (
    "#0072B2",
    "#D55E00",
    "#00734F",
    "#A8457D",
    "#B87700",
    "#7A6F00",
    "#000000",
)
_MARKS: Final = (("o", "●"), ("s", "■"), ("t", "▼"), ("d", "◆"), ("t1", "▲"))
_SCALED: Final = " — min-max *"
_FEW: Final = 60
"""Lines with more values have no marks: they would hide the line, and take long to draw."""


def sign(number: int, ink: QColor) -> str:
    """Return the mark of a line in its colour, as rich text."""
    return f'<span style="color:{colour(number, ink)}">{_MARKS[number % len(_MARKS)][1]}</span>'


def colour(number: int, ink: QColor) -> str:
    """Return the colour of a line in a theme whose text has the colour `ink`."""
    colours = _ON_DARK if ink.lightnessF() > 0.5 else _ON_LIGHT
    return colours[number % len(colours)]


class ComparePlot(QWidget):
    """One plot, with the latest value of each line above it.

    Parameters
    ----------
    panel : Panel
    """

    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self.panel, self.is_scaled = panel, False
        self.legend = QLabel()
        self.legend.setWordWrap(True)
        self.legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.plot = SmallPlot()
        self.plot.setAccessibleName(panel.title)
        self._lines = [pg.PlotDataItem(symbolSize=6) for _ in panel.traces]
        for line in self._lines:
            self.plot.addItem(line)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.legend)
        layout.addWidget(self.plot)
        self.show_scaled(on=False)

    def show_scaled(self, *, on: bool) -> None:
        """Draw values between 0 and 1, where lines may have different units, or as they are."""
        self.is_scaled = on and self.panel.may_scale
        traces = self.panel.traces
        drawn = [trace.min_max if self.is_scaled else trace.plain for trace in traces]
        for line, trace, (x, y) in zip(self._lines, traces, drawn, strict=True):
            mark = _MARKS[trace.number % len(_MARKS)][0] if len(y) <= _FEW else None
            line.setData(x, y, connect="finite", symbol=mark, antialias=True)
        if found := settled_range(y for _, y in drawn):
            self.plot.setYRange(*found, padding=0.08)
        last = max((float(x[-1]) for x, _ in drawn), default=1.0)
        self.plot.setXRange(0, max(last, 1.0), padding=0.02)
        self._paint()
        self._describe(traces)

    def changeEvent(self, event: QEvent) -> None:
        """Qt: the theme changed."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._paint()

    def _paint(self) -> None:
        ink = self.palette().color(self.foregroundRole())
        self.plot.set_ink(ink)
        for line, trace in zip(self._lines, self.panel.traces, strict=True):
            line.setPen(pg.mkPen(colour(trace.number, ink), width=2))
            line.setSymbolBrush(colour(trace.number, ink))
            line.setSymbolPen(None)
        title = f"<b>{self.panel.title}{_SCALED if self.is_scaled else ''}</b>"
        values = [f"{sign(each.number, ink)}&nbsp;{_value(each)}" for each in self.panel.traces]
        self.legend.setText(" &nbsp;".join([title, *values]))

    def _describe(self, traces: Sequence[Trace]) -> None:
        told = ", ".join(f"{trace.name} {_value(trace)}" for trace in traces)
        scaled = " Min-max normalised: heights cannot be compared." if self.is_scaled else ""
        self.plot.setAccessibleDescription(f"Latest values: {told}.{scaled}")


def _value(trace: Trace) -> str:
    return "—" if math.isnan(trace.latest) else f"{trace.latest:.3g}"
