"""One plot of the curves of a run, in the colours of the theme."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import pyqtgraph as pg
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QColor, QWheelEvent
from qtpy.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_slitseg.pipelines.runs.curves import settled_range
from napari_slitseg.widgets._live_reading import Line
from napari_slitseg.widgets._style import BLUE, BLUISH_GREEN, ORANGE, SKY_BLUE, VERMILLION

_HEIGHT: Final = 118
_LEFT_PX: Final = 48
_MARKED: Final = 60
"""Curves with more values have no marks: they would hide the curve, and take long to draw."""


@dataclass(frozen=True)
class Look:
    """How a curve is drawn.

    Attributes
    ----------
    title : str
        What the legend calls it.
    on_dark, on_light : str
        Colours.
    width : float
        Of the line, px.
    symbol : str or None
        At each value, for curves with few.
    dashed : bool
    """

    title: str
    on_dark: str
    on_light: str
    width: float = 2.0
    symbol: str | None = None
    dashed: bool = False


LOOKS: Final = MappingProxyType(
    {
        ("train", "slit"): Look("slits, training", ORANGE, "#B87700", 1),
        ("train", "membrane"): Look("membrane, training", SKY_BLUE, BLUE, 1),
        ("train", "loss"): Look("training", ORANGE, "#B87700", 1),
        ("validation", "slit"): Look("slits, validation", ORANGE, "#B87700", 2, "o"),
        ("validation", "membrane"): Look("membrane, validation", SKY_BLUE, BLUE, 2, "s"),
        ("validation", "total"): Look("validation", ORANGE, "#B87700", 2, "o"),
        ("scores", "f1"): Look("F1", BLUISH_GREEN, "#00734F", 2.5, "o"),
        ("scores", "count_ratio"): Look(
            "found / annotated", ORANGE, "#B87700", 2, "t", dashed=True
        ),
        ("scores", "chamfer_nm"): Look("Chamfer distance, nm", SKY_BLUE, BLUE, 2, "o"),
        ("rate", "rate"): Look("learning rate", VERMILLION, VERMILLION, 2),
    }
)
"""Looks by source and name of a figure. Shapes of marks differ, not colours alone."""

_MARKS: Final = {"o": "●", "s": "■", "t": "▼", None: "—"}


class CurvePlot(QWidget):
    """Curves over epochs, with a legend above that tells their latest values.

    Parameters
    ----------
    name : str
        For those who cannot see it.
    empty : str
        What to say while there are no values.
    limits : (float, float), optional
        Values at the bottom and at the top, where they do not follow from the curves.
    """

    _told: tuple[float | None, int, str] | None = None

    def __init__(self, name: str, empty: str, limits: tuple[float, float] | None = None) -> None:
        super().__init__()
        self.name, self.empty = name, empty
        self.legend = QLabel()
        self.legend.setWordWrap(True)
        self.legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.plot = SmallPlot()
        self._lines: tuple[Line, ...] = ()
        self._limits, self._is_log = limits, False
        self._drawn: dict[tuple[str, str], Any] = {}
        self._ink = QColor()
        self._best = pg.InfiniteLine(angle=90, movable=False)
        self._best.setVisible(False)
        self.plot.addItem(self._best, ignoreBounds=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.legend)
        layout.addWidget(self.plot)
        self.show_lines((), None)

    def show_lines(self, lines: Sequence[Line], best: float | None, epochs: int = 0) -> None:
        """Draw curves, and a line at the best epoch.

        Parameters
        ----------
        lines : sequence of Line
        best : float or None
            Epoch whose model is kept.
        epochs : int
            How many the training will have.
        """
        news = (best, epochs, self.palette().color(self.foregroundRole()).name())
        if news == self._told and _are_same(self._lines, lines):
            return
        self._told, self._lines = news, tuple(lines)
        self._take_ink()
        for line in self._lines:
            few = len(line.x) <= _MARKED
            self._curve(line).setData(
                line.x,
                line.y,
                connect="finite",
                symbol=LOOKS[line.source, line.name].symbol if few else None,
                antialias=few,
            )
        self._best.setVisible(best is not None)
        if best is not None:
            self._best.setValue(best)
        last = max((float(line.x[-1]) for line in lines if len(line.x)), default=0.0)
        self.plot.setXRange(0, max(epochs, last, 1), padding=0.01)
        self._set_heights()
        self.plot.setVisible(last > 0)
        self.legend.setText(self._legend() if last else self.empty)
        self._describe(best)

    def set_log(self, *, on: bool) -> None:
        """Choose the vertical axis; values that are not above 0 have no place on a logarithmic."""
        self._is_log = on
        self.plot.setLogMode(False, on)  # noqa: FBT003
        self._set_heights()

    def _set_heights(self) -> None:
        found = self._limits or settled_range(line.y for line in self._lines)
        if self._is_log or found is None:
            self.plot.enableAutoRange(axis="y")
        else:
            low, high = found if found[1] > found[0] else (0.9 * found[0], 1.1 * found[1])
            self.plot.setYRange(low, high, padding=0.08 if self._limits is None else 0)

    def changeEvent(self, event: QEvent) -> None:
        """Qt: the theme may have changed."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange) and self._told:
            self.show_lines(self._lines, *self._told[:2])

    def _curve(self, line: Line) -> Any:
        key = (line.source, line.name)
        if key not in self._drawn:
            item = pg.PlotDataItem(symbolSize=5)
            self._drawn[key] = item
            self.plot.addItem(item)
            self._paint(key)
        return self._drawn[key]

    def _take_ink(self) -> None:
        """Follow the theme."""
        ink = self.palette().color(self.foregroundRole())
        if ink == self._ink:
            return
        self._ink = ink
        self.plot.set_ink(ink)
        self._best.setPen(pg.mkPen(ink, width=1, style=Qt.PenStyle.DotLine))
        for key in self._drawn:
            self._paint(key)

    def _paint(self, key: tuple[str, str]) -> None:
        look, item = LOOKS[key], self._drawn[key]
        style = Qt.PenStyle.DashLine if look.dashed else Qt.PenStyle.SolidLine
        colour = self._colour(look)
        item.setPen(pg.mkPen(colour, width=look.width, style=style))
        item.setSymbolPen(None)
        item.setSymbolBrush(colour)

    def _colour(self, look: Look) -> str:
        return look.on_dark if self._ink.lightnessF() > 0.5 else look.on_light

    def _legend(self) -> str:
        told = []
        for line in self._lines:
            look = LOOKS[line.source, line.name]
            sign = f'<span style="color:{self._colour(look)}">{_MARKS[look.symbol]}</span>'
            value = "—" if math.isnan(line.latest) else f"{line.latest:.3g}"
            told.append(f"{sign} {look.title} <b>{value}</b>")
        return " &nbsp; ".join(told)

    def _describe(self, best: float | None) -> None:
        told = [
            f"{LOOKS[line.source, line.name].title} {line.latest:.3g}"
            for line in self._lines
            if not math.isnan(line.latest)
        ]
        at = [] if best is None else [f"best epoch {best:g}"]
        self.plot.setAccessibleName(self.name)
        self.plot.setAccessibleDescription(", ".join([*told, *at]))


def _are_same(before: Sequence[Line], now: Sequence[Line]) -> bool:
    return len(before) == len(now) and all(
        one.is_same(two) for one, two in zip(before, now, strict=True)
    )


class SmallPlot(pg.PlotWidget):
    """A plot that does not take the mouse wheel from the dock."""

    def __init__(self) -> None:
        super().__init__(background=None, enableMenu=False)
        self.setFixedHeight(_HEIGHT)
        self.setMouseEnabled(x=False, y=False)
        self.hideButtons()
        self.getAxis("left").setWidth(_LEFT_PX)
        self.getAxis("left").enableAutoSIPrefix(False)  # noqa: FBT003
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setStyleSheet("background: transparent; border: none;")

    def set_ink(self, ink: QColor) -> None:
        """Draw axes in a colour."""
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(ink)
            axis.setTextPen(ink)
        self.showGrid(x=False, y=True, alpha=0.2)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Qt: the wheel turns; the dock scrolls."""
        event.ignore()
