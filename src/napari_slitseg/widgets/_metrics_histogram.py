"""How often each value of a figure occurs among the images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from napari_slitseg.widgets._metrics_plot import ScorePlot, Shown, thin_line
from napari_slitseg.widgets._table import Column

_MOST_BINS: Final = 20
_FEWEST_BINS: Final = 5
_FRACTIONS: Final = ("precision", "recall", "f1", "membrane_dice")
_FIRST: Final = "f1"


class Histogram(QWidget):
    """Bars of any column; a click on one selects its images.

    Attributes
    ----------
    marked : signal
        Emits the keys of the images of a bar that was clicked.
    """

    marked = Signal(object)

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self.columns = tuple(columns)[1:]
        self.choice = QComboBox()
        self.choice.setAccessibleName("Figure of the histogram")
        for column in self.columns:
            self.choice.addItem(column.title)
            self.choice.setItemData(
                self.choice.count() - 1, column.tooltip, Qt.ItemDataRole.ToolTipRole
            )
        names = [column.name for column in self.columns]
        self.choice.setCurrentIndex(names.index(_FIRST) if _FIRST in names else 0)
        self.plot = _Bars()
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.shown = Shown()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.choice)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.note)
        self.choice.currentIndexChanged.connect(self._on_choice)
        self.plot.scene().sigMouseClicked.connect(self._on_clicked)

    def choose(self, name: str) -> None:
        """Show another column."""
        self.choice.setCurrentIndex([column.name for column in self.columns].index(name))

    def show_scores(self, shown: Shown) -> None:
        """Show the images that have the figure, and say how many have not."""
        self.shown = shown
        column = self.columns[self.choice.currentIndex()]
        values = self._values()
        has = np.isfinite(values)
        keys = np.array([entry.key for entry in shown.entries], int)
        self.plot.values, self.plot.keys = values[has], keys[has]
        self.plot.chosen = np.isin(keys[has], list(shown.selected))
        here = values[has & (keys == shown.current)]
        self.plot.current = float(here[0]) if len(here) else None
        self.plot.edges = bin_edges(values[has], is_fraction=column.name in _FRACTIONS)
        self.plot.set_titles(column.title, "images")
        without = int((~has).sum())
        self.note.setText(f"{without} of {len(values)} images have no value." if without else "")
        self.note.setVisible(bool(without))

    def _on_choice(self) -> None:
        self.show_scores(self.shown)

    def _values(self) -> NDArray[np.float64]:
        value = self.columns[self.choice.currentIndex()].value
        found = [value(entry) for entry in self.shown.entries]
        return np.array([math.nan if each is None else each for each in found], float)

    def _on_clicked(self, event: Any) -> None:
        at = self.plot.getPlotItem().vb.mapSceneToView(event.scenePos())
        if (keys := self.plot.keys_at(at.x(), at.y())).size:
            self.marked.emit(frozenset(keys.tolist()))


class _Bars(ScorePlot):
    """The bars: all images, the selected ones in another colour, a line at the current one."""

    def __init__(self) -> None:
        super().__init__("Histogram")
        self.values, self.keys = np.zeros(0), np.zeros(0, int)
        self.chosen = np.zeros(0, bool)
        self.current: float | None = None
        self.edges = np.array([0.0, 1.0])
        self.all = pg.BarGraphItem(x0=[0], x1=[1], height=[0])
        self.some = pg.BarGraphItem(x0=[0], x1=[1], height=[0])
        self.here = pg.InfiniteLine(angle=90, movable=False)
        for item in (self.all, self.some, self.here):
            self.addItem(item)

    @property
    def heights(self) -> NDArray[np.int64]:
        """Images in each bin."""
        return np.histogram(self.values, self.edges)[0]

    def keys_at(self, x: float, y: float) -> NDArray[np.int64]:
        """Images of the bar at a place, none beside the bars."""
        bin_ = int(np.searchsorted(self.edges, x, side="right")) - 1
        if not 0 <= bin_ < len(self.edges) - 1 or not 0 <= y <= self.heights[bin_]:
            return self.keys[:0]
        low, high = self.edges[bin_ : bin_ + 2]
        is_last = bin_ == len(self.edges) - 2
        inside = (self.values >= low) & ((self.values < high) | (is_last & (self.values == high)))
        return self.keys[inside]

    def paint_items(self) -> None:
        """Draw the bars in the colours of the theme."""
        left, right, heights = self.edges[:-1], self.edges[1:], self.heights
        some = np.histogram(self.values[self.chosen], self.edges)[0]
        inks = self.inks
        self.all.setOpts(
            x0=left, x1=right, height=heights, brush=inks.fill, pen=thin_line(inks.mark)
        )
        self.some.setOpts(
            x0=left[some > 0],
            x1=right[some > 0],
            height=some[some > 0],
            brush=inks.chosen,
            pen=thin_line(inks.chosen),
        )
        self.here.setVisible(self.current is not None)
        if self.current is not None:
            self.here.setValue(self.current)
            self.here.setPen(pg.mkPen(inks.line, width=2))
        self.setXRange(self.edges[0], self.edges[-1], padding=0.03)
        self.setYRange(0, max(1, int(heights.max(initial=0))), padding=0.05)
        told = f"{len(self.values)} images, most in one bar {int(heights.max(initial=0))}"
        self.setAccessibleDescription(told)


def bin_edges(values: NDArray[np.float64], *, is_fraction: bool = False) -> NDArray[np.float64]:
    """Return sensible edges of bins: of equal width, and whole numbers in the middle of theirs.

    Parameters
    ----------
    values : (N,) array of float
        Finite.
    is_fraction : bool
        Whether they lie in [0, 1], which is shown as a whole then.
    """
    if is_fraction:
        return np.linspace(0, 1, 21 if len(values) > 30 else 11)
    if not len(values):
        return np.array([0.0, 1.0])
    low, high = float(values.min()), float(values.max())
    if np.array_equal(values, np.round(values)):
        width = max(1, math.ceil((high - low + 1) / _MOST_BINS))
        return np.arange(low - 0.5, high + width, width)
    if low == high:
        return np.array([low - 0.5, low + 0.5])
    number = len(np.histogram_bin_edges(values, "sturges")) - 1
    return np.linspace(low, high, min(max(number, _FEWEST_BINS), _MOST_BINS) + 1)
