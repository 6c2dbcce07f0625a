"""What the plots of the Metrics dock have in common: the colours of the theme, and their data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QColor, QWheelEvent
from qtpy.QtWidgets import QSizePolicy

from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._style import BLUE, ORANGE, SKY_BLUE, VERMILLION

_LOWEST_PX: Final = 120


@dataclass(frozen=True, eq=False)
class Shown:
    """What the views show.

    Attributes
    ----------
    entries : sequence of ImageEntry
        Images with scores.
    current : int or None
        Key of the image in the viewer.
    selected : frozenset of int
        Keys of the images whose rows are selected.
    """

    entries: Sequence[ImageEntry] = ()
    current: int | None = None
    selected: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Inks:
    """Colours on the ground of a theme."""

    line: QColor
    mark: QColor
    chosen: QColor

    @classmethod
    def on(cls, ink: QColor) -> Inks:
        """Return the colours that go with the colour of texts."""
        is_dark = ink.lightnessF() > 0.5
        names = (SKY_BLUE, ORANGE) if is_dark else (BLUE, VERMILLION)
        return cls(ink, *map(QColor, names))

    @property
    def faint(self) -> QColor:
        """Colour of what stays in the background."""
        colour = QColor(self.line)
        colour.setAlphaF(0.35)
        return colour

    @property
    def fill(self) -> QColor:
        """Colour of a mark through which others are seen."""
        colour = QColor(self.mark)
        colour.setAlphaF(0.6)
        return colour


class ScorePlot(pg.PlotWidget):
    """A plot that follows the theme, keeps its ranges, and leaves the wheel to the dock."""

    _is_made = False

    def __init__(self, name: str) -> None:
        super().__init__(background=None, enableMenu=False)
        self.inks = Inks.on(QColor("white"))
        self.setAccessibleName(name)
        self.setMouseEnabled(x=False, y=False)
        self.hideButtons()
        self.setMinimumSize(200, _LOWEST_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setStyleSheet("background: transparent; border: none;")
        for side in ("left", "bottom"):
            self.getAxis(side).enableAutoSIPrefix(False)  # noqa: FBT003
        self.showGrid(x=True, y=True, alpha=0.15)
        _adopt_menu(self)

    def set_titles(self, bottom: str, left: str) -> None:
        """Name the axes, with their units; the last step of making a plot."""
        self._is_made = True
        self.setLabel("bottom", bottom)
        self.setLabel("left", left)
        self.take_inks()

    def take_inks(self) -> None:
        """Follow the theme."""
        self.inks = Inks.on(self.palette().color(self.foregroundRole()))
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(self.inks.line)
            axis.setTextPen(self.inks.line)
        self.paint_items()

    def paint_items(self) -> None:
        """Draw what there is in the colours of the theme."""

    def changeEvent(self, event: QEvent) -> None:
        """Qt: the theme may have changed."""
        super().changeEvent(event)
        is_news = event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange)
        if is_news and self._is_made:
            self.take_inks()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Qt: the wheel turns; the dock scrolls."""
        event.ignore()


def _adopt_menu(plot: ScorePlot) -> None:
    """Let the menu that nobody opens go when the plot goes."""
    menu = plot.getPlotItem().ctrlMenu
    if menu is not None:
        menu.setParent(plot, menu.windowFlags())


def thin_line(colour: QColor, *, dashed: bool = False) -> Any:
    """Pen of a line of one pixel."""
    style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
    return pg.mkPen(colour, width=1, style=style)


def thinned(
    x: NDArray[np.float64], y: NDArray[np.float64], columns: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Leave out what nobody would see of a long curve: its ends and extremes in a column stay.

    Parameters
    ----------
    x : (N,) array of float
        Monotone, in [0, 1].
    y : (N,) array of float
        NaN where not defined.
    columns : int
        How many there are from 0 to 1.

    Returns
    -------
    x, y : (M,) arrays of float
        As they were where that is little.
    """
    if len(x) <= 4 * columns:
        return x, y
    starts = np.flatnonzero(np.diff(np.floor(x * columns), prepend=np.nan) != 0)
    ends = np.append(starts[1:], len(x)) - 1
    lowest, highest = np.fmin.reduceat(y, starts), np.fmax.reduceat(y, starts)
    thin_x = np.column_stack([x[starts], x[starts], x[ends], x[ends]])
    return thin_x.ravel(), np.column_stack([y[starts], lowest, highest, y[ends]]).ravel()
