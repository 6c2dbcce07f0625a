"""Precision over recall of all images together, with a dot at the threshold that is in use."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_slitseg.widgets._metrics_plot import ScorePlot, thin_line, thinned
from napari_slitseg.widgets._threshold_plot import round_within

if TYPE_CHECKING:
    from napari_slitseg.core.metrics.curves import PrecisionRecall

_F1S: Final = (0.2, 0.4, 0.6, 0.8)
_DOT_PX: Final = 12
_COLUMNS: Final = 1000


class RecallPlot(QWidget):
    """The curve, what it says in words, and a dot that is dragged to another threshold.

    Attributes
    ----------
    chosen : signal
        Emits a threshold as the dot is dragged.
    """

    chosen = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.plot = _Curve()
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.points: PrecisionRecall | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.note)
        self.plot.dot.sigPositionChanged.connect(self._on_dragged)
        self.say("")

    def say(self, text: str) -> None:
        """Show words in place of the curve."""
        self.points = None
        self.plot.setVisible(False)
        self._tell(text)

    def show_points(self, points: PrecisionRecall, current: float | None, n_images: int) -> None:
        """Show the curve of so many images, with the threshold in use."""
        self.points = points
        self.plot.show_curve(points)
        self.plot.setVisible(True)
        self._place_dot(current)
        area, images = (
            points.average_precision(),
            "1 image" if n_images == 1 else f"{n_images} images",
        )
        words = [] if current is None else [_told(points, current)]
        words += [] if math.isnan(area) else [f"average precision {area:.2f}"]
        self._tell("; ".join([*words, images]))

    def _tell(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))
        self.plot.setAccessibleDescription(text)

    def _place_dot(self, threshold: float | None) -> None:
        """Put the dot where a threshold is on the curve; none where it is not on it."""
        dot, points = self.plot.dot, self.points
        at = None if points is None or threshold is None else _place(points, threshold)
        dot.setVisible(at is not None)
        if at is not None:
            dot.blockSignals(True)  # noqa: FBT003
            dot.setPos(*at)
            dot.blockSignals(False)  # noqa: FBT003

    def _on_dragged(self, dot: Any) -> None:
        """Take the threshold of the nearest place on the curve."""
        points = self.points
        if points is None or not len(points.threshold):
            return
        x, y = dot.pos().x(), dot.pos().y()
        precision = np.nan_to_num(points.precision)
        step = int(np.argmin((points.recall - x) ** 2 + (precision - y) ** 2))
        threshold = threshold_of(points.threshold, step)
        self._place_dot(threshold)
        self.note.setText(_told(points, threshold))
        self.chosen.emit(threshold)


class _Curve(ScorePlot):
    """The curve itself, and faint lines of equal F1."""

    def __init__(self) -> None:
        super().__init__("Precision over recall")
        self.levels = [pg.PlotDataItem(*_equal_f1(each)) for each in _F1S]
        self.names = [pg.TextItem(f"F1 {each:g}", anchor=(1, 1)) for each in _F1S]
        self.curve = pg.PlotDataItem(stepMode=None)
        self.dot = pg.TargetItem((0, 0), size=_DOT_PX, symbol="o", movable=True)
        self.dot.setToolTip("The threshold in use. Drag it along the curve to choose another.")
        for f1, name in zip(_F1S, self.names, strict=True):
            name.setPos(1.0, f1 / (2 - f1))
        for item in (*self.levels, *self.names, self.curve, self.dot):
            self.addItem(item, ignoreBounds=True)
        self.setXRange(0, 1, padding=0.03)
        self.setYRange(0, 1, padding=0.05)
        self.set_titles("recall", "precision")

    def show_curve(self, points: PrecisionRecall) -> None:
        """Draw precision over recall."""
        places = thinned(points.recall, points.precision, _COLUMNS)
        self.curve.setData(*places, connect="finite")

    def paint_items(self) -> None:
        """Draw everything in the colours of the theme."""
        inks = self.inks
        for level, name in zip(self.levels, self.names, strict=True):
            level.setPen(thin_line(inks.faint))
            name.setColor(inks.faint)
        self.curve.setPen(pg.mkPen(inks.mark, width=2))
        self.dot.setPen(pg.mkPen(inks.line, width=2))
        self.dot.setBrush(inks.chosen)
        self.dot.setHoverBrush(inks.line)


def threshold_of(thresholds: NDArray[np.float64], step: int) -> float:
    """Return a short number between a score and the next lower one, which brings the step."""
    highest = float(thresholds[step])
    lowest = float(thresholds[step + 1]) if step + 1 < len(thresholds) else 0.0
    return round_within((highest + lowest) / 2, lowest, highest)


def _place(points: PrecisionRecall, threshold: float) -> tuple[float, float] | None:
    """Recall and precision at a threshold, None where one of them has no value."""
    right, wrong, missed = points.counts_at(threshold)
    if not right + wrong or not right + missed:
        return None
    return right / (right + missed), right / (right + wrong)


def _told(points: PrecisionRecall, threshold: float) -> str:
    at = _place(points, threshold)
    f1 = f"threshold {threshold:.3g}: F1 {points.f1_at(threshold):.2f}"
    return f1 if at is None else f"{f1}, recall {at[0]:.2f}, precision {at[1]:.2f}"


def _equal_f1(f1: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Recall and precision of equal F1."""
    recall = np.linspace(f1 / (2 - f1), 1, 60)
    return recall, f1 * recall / (2 * recall - f1)
