"""A small plot of precision, recall and F1 against the threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, Qt, Signal
from qtpy.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from napari_slitseg.widgets._metrics_plot import thinned
from napari_slitseg.widgets._style import BLUE, ORANGE, SKY_BLUE, VERMILLION

if TYPE_CHECKING:
    from napari_slitseg.core.metrics.curves import PrecisionRecall

Floats = NDArray[np.float64]

_HEIGHT: Final = 118
_WIDTH_PX: Final = 260
_LINE: Final = Qt.PenStyle
_CURVES: Final = (
    ("F1", SKY_BLUE, BLUE, _LINE.SolidLine, 2.5),
    ("precision", ORANGE, VERMILLION, _LINE.DashLine, 1.5),
    ("recall", "#CC79A7", "#882255", _LINE.DotLine, 2.0),
)
"""Name, colour on dark and on light ground, kind of line, width."""

_DECIMALS: Final = 3
_USE: Final = "Use &best threshold"


@dataclass(frozen=True, eq=False)
class Curves:
    """What is drawn: steps from the highest threshold, 1, to the lowest, 0.

    Attributes
    ----------
    threshold : (K,) array of float
        Ascending, from 0 to 1.
    values : tuple of (K,) array of float
        F1, precision and recall; NaN where not defined.
    """

    threshold: Floats
    values: tuple[Floats, Floats, Floats]

    @classmethod
    def of(cls, points: PrecisionRecall) -> Curves:
        """Take the curves; between two scores they are level, as the slits are the same."""
        at, nothing = points.threshold[::-1], points.counts_at(math.nextafter(1.0, 2.0))
        is_empty = nothing[2] > 0
        threshold = np.concatenate([[0.0], np.repeat(at, 2), [1.0]])
        above = (0.0, math.nan, 0.0) if is_empty else (1.0, 1.0, 1.0)
        values = tuple(
            np.concatenate([np.repeat(each[::-1], 2), [end, end]])
            for each, end in zip((points.f1, points.precision, points.recall), above, strict=True)
        )
        return cls(threshold, (values[0], values[1], values[2]))


class ThresholdPlot(QWidget):
    """The curves, what they say in words, and a button that takes the best threshold.

    Attributes
    ----------
    chosen : signal
        Emits the best threshold when a person wants it.
    """

    chosen = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.plot = _Plot()
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.use = QPushButton(_USE)
        self.use.setToolTip(
            "Cut all images at the threshold of the highest pooled F1. On these images it looks "
            "better than it is: judge it on others."
        )
        self.use.clicked.connect(self._on_use)
        self.best: float | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.note)
        layout.addWidget(self.use)
        self.setMinimumWidth(_WIDTH_PX)
        self.setAccessibleName("Precision, recall and F1 by threshold")
        self.say("")

    def say(self, text: str) -> None:
        """Show words in place of curves."""
        self.best = None
        self.plot.show_curves(None, (None, None))
        self._tell(text, "")

    def show_points(self, points: PrecisionRecall, current: float | None, n_images: int) -> None:
        """Show the curves of so many images, with the threshold in use."""
        best = points.best()
        self.best = round_within(best.threshold, best.lowest, best.highest)
        self.plot.show_curves(Curves.of(points), (current, self.best))
        area = points.average_precision()
        images = "1 image" if n_images == 1 else f"{n_images} images"
        words = [] if current is None else [f"Now F1 {points.f1_at(current):.2f}"]
        if not math.isnan(area):
            words.append(f"average precision {area:.2f}")
        self.use.setText(f"{_USE} {self.best:g}: F1 {best.f1:.2f}")
        is_used = current is not None and best.lowest < current <= best.highest
        self._tell("; ".join([*words, images]), "used already" if is_used else "use")

    def _tell(self, text: str, state: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))
        self.plot.setVisible(bool(state))
        self.use.setVisible(bool(state))
        self.use.setEnabled(state == "use")
        words = f"{text}. {self.use.text().replace('&', '')}." if state else text
        self.plot.setToolTip(words)
        self.setAccessibleDescription(words)

    def _on_use(self) -> None:
        if self.best is not None:
            self.chosen.emit(self.best)


class _Plot(QWidget):
    """The curves themselves, in the colours of the theme."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(_HEIGHT)
        self.curves: Curves | None = None
        self.current: float | None = None
        self.best: float | None = None

    def show_curves(self, curves: Curves | None, marks: tuple[float | None, float | None]) -> None:
        """Show curves, with the threshold in use and the best one."""
        self.curves, (self.current, self.best) = curves, marks
        self.update()

    def box(self, metrics: QFontMetricsF) -> QRectF:
        """Return where the curves are drawn."""
        left, line = metrics.horizontalAdvance("0.5") + 10, metrics.height()
        return QRectF(left, 1.6 * line, self.width() - left - 12, self.height() - 3.9 * line)

    def paintEvent(self, _: QPaintEvent) -> None:
        """Qt: draw."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = self.palette().color(self.foregroundRole())
        box = self.box(QFontMetricsF(painter.font()))
        _draw_axes(painter, box, ink)
        is_dark = ink.lightnessF() > 0.5
        _draw_names(painter, box, ink, is_dark=is_dark)
        for number, (_, on_dark, on_light, line, width) in enumerate(_CURVES):
            painter.setPen(QPen(QColor(on_dark if is_dark else on_light), width, line))
            for part in self.polygons(box, number):
                painter.drawPolyline(part)
        self._draw_marks(painter, box, ink)
        painter.end()

    def _draw_marks(self, painter: QPainter, box: QRectF, ink: QColor) -> None:
        """Draw the threshold in use as a line, the best one as a triangle at the bottom."""
        if self.current is not None:
            painter.setPen(QPen(ink, 1))
            x = box.left() + box.width() * self.current
            painter.drawLine(QPointF(x, box.top() - 3), QPointF(x, box.bottom()))
        if self.best is not None:
            x, y = box.left() + box.width() * self.best, box.bottom()
            painter.setPen(QPen(ink, 1))
            painter.setBrush(ink)
            corners = (QPointF(x, y - 8), QPointF(x - 5, y), QPointF(x + 5, y))
            painter.drawPolygon(QPolygonF(corners))
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def polygons(self, box: QRectF, number: int) -> list[QPolygonF]:
        """Return a curve in a box, in as many parts as it is defined in."""
        if self.curves is None:
            return []
        x, y = thinned(self.curves.threshold, self.curves.values[number], round(2 * box.width()))
        breaks = np.flatnonzero(np.diff(np.isnan(y))) + 1
        places = [box.left() + box.width() * x, box.bottom() - box.height() * y]
        parts = np.split(np.column_stack(places), breaks)
        return [
            QPolygonF([QPointF(*place) for place in part.tolist()])
            for part in parts
            if len(part) and not np.isnan(part).any()
        ]


def round_within(value: float, lowest: float, highest: float) -> float:
    """Return a value in (lowest, highest] with as few decimals as tell it; it where none do."""
    for decimals in range(2, _DECIMALS + 1):
        rounded = round(value, decimals)
        if lowest < rounded <= highest:
            return rounded
    return value


def _draw_axes(painter: QPainter, box: QRectF, ink: QColor) -> None:
    grid = QColor(ink)
    grid.setAlphaF(0.25)
    line = painter.fontMetrics().height()
    right, centre = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter
    for tick in (0.0, 0.5, 1.0):
        y, x = box.bottom() - box.height() * tick, box.left() + box.width() * tick
        painter.setPen(grid)
        painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
        painter.setPen(ink)
        painter.drawText(QRectF(0, y - line / 2, box.left() - 6, line), right, f"{tick:g}")
        painter.drawText(QRectF(x - 20, box.bottom() + 2, 40, line), centre, f"{tick:g}")
    painter.drawPolyline(QPolygonF([box.topLeft(), box.bottomLeft(), box.bottomRight()]))
    below = QRectF(box.left(), box.bottom() + 2 + line, box.width(), line)
    painter.drawText(below, centre, "threshold  (| in use   ▲ best)")


def _draw_names(painter: QPainter, box: QRectF, ink: QColor, *, is_dark: bool) -> None:
    """Draw the legend above the curves."""
    x, height = box.left(), painter.fontMetrics().height()
    for name, on_dark, on_light, line, width in _CURVES:
        painter.setPen(QPen(QColor(on_dark if is_dark else on_light), width, line))
        painter.drawLine(QPointF(x, height / 2), QPointF(x + 22, height / 2))
        painter.setPen(ink)
        painter.drawText(QPointF(x + 27, painter.fontMetrics().ascent()), name)
        x += 27 + painter.fontMetrics().horizontalAdvance(name) + 14
