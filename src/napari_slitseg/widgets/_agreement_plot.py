"""Bland and Altman's plot of the counts of two readers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt, Signal

from napari_slitseg.widgets._metrics_plot import ScorePlot, thin_line

if TYPE_CHECKING:
    from napari_slitseg.core.metrics.readers import PairAgreement


class CountPlot(ScorePlot):
    """Difference of two counts against their mean, with bias and limits of agreement.

    Attributes
    ----------
    opened : signal
        Emits the name of the image whose dot was clicked.
    """

    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__("Differences of the counts of two readers, by Bland and Altman")
        self.pair: PairAgreement | None = None
        self.dots = pg.ScatterPlotItem(size=9, hoverable=True, tip=self._tip)
        self.dots.sigClicked.connect(self._on_clicked)
        self.addItem(self.dots)
        self._lines: list[Any] = []
        self.set_titles("mean of both counts (slits)", "difference (slits)")

    def show_pair(self, pair: PairAgreement | None) -> None:
        """Show two readers, the first minus the second."""
        self.pair = pair
        if pair is not None:
            first, second = pair.readers
            self.setLabel("left", f"{first} - {second} (slits)")
        self.paint_items()

    def paint_items(self) -> None:
        """Draw dots, bias and limits in the colours of the theme."""
        for line in self._lines:
            self.removeItem(line)
        self._lines = []
        if self.pair is None:
            self.dots.setData([], [])
            return
        x, y = means_and_differences(self.pair)
        names = [each.name for each in self.pair.images]
        self.dots.setData(
            x=x, y=y, data=names, brush=pg.mkBrush(self.inks.fill), pen=thin_line(self.inks.line)
        )
        counts = self.pair.counts
        self._line(counts.bias, f"bias {counts.bias:+.1f}", dashed=False)
        for limit in (counts.lower_limit, counts.upper_limit):
            self._line(limit, f"{limit:+.1f}", dashed=True)
        spread = [each for each in (counts.lower_limit, counts.upper_limit) if math.isfinite(each)]
        low, high = min([*y, *spread, 0]), max([*y, *spread, 0])
        margin = 0.12 * (high - low) or 1.0
        self.setYRange(low - margin, high + margin, padding=0)
        self.setXRange(min(x), max(max(x), min(x) + 1), padding=0.08)

    def _line(self, at: float, text: str, *, dashed: bool) -> None:
        if math.isfinite(at):
            style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
            pen = pg.mkPen(self.inks.chosen, width=2 - dashed, style=style)
            options = {"position": 0.9, "color": self.inks.line, "anchors": [(0.5, 1), (0.5, 1)]}
            line = pg.InfiniteLine(at, angle=0, pen=pen, label=text, labelOpts=options)
            self.addItem(line)
            self._lines.append(line)

    @staticmethod
    def _tip(x: float, y: float, data: str) -> str:
        return f"{data}: mean {x:g}, difference {y:+g}"

    def _on_clicked(self, _item: Any, dots: Any, _event: Any) -> None:
        if len(dots):
            self.opened.emit(dots[0].data())


def means_and_differences(pair: PairAgreement) -> tuple[Any, Any]:
    """Return what the plot shows of each image: mean and difference of the two counts."""
    first = np.array([each.scores.n_predicted for each in pair.images], float)
    second = np.array([each.scores.n_annotated for each in pair.images], float)
    return (first + second) / 2, first - second
