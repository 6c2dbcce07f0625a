"""The scale of the colours of foot process widths."""

from __future__ import annotations

from typing import Final

import numpy as np
from qtpy.QtCore import QPoint, QRect, QSize, Qt
from qtpy.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_slitseg.widgets._measure_colours import EFFACED, UNKNOWN, colours_of

_BAR_PX: Final = 110
_SHORTEST_PX: Final = 40
_HIGH_PX: Final = 10
_STEPS: Final = 128
_MARGIN: Final = 4
_SWATCH_PX: Final = 28
_BACKDROP: Final = "#606060"
_HINT: Final = (
    "<qt>Colour of a foot process on the membrane by its width; the same width has the same colour "
    "in every image. From the limit on it counts as effaced. Grey dashes: its width is not known, "
    "because the membrane ends before the next slit (at the border of the image, at a loose end, a "
    "fork or an excluded stretch).</qt>"
)


class WidthScale(QWidget):
    """A bar from 0 to the limit of effacement, and what lies beyond."""

    def __init__(self) -> None:
        super().__init__()
        self._limit, self._unit, self._beside_px = 1000.0, "nm", 0
        self.setToolTip(_HINT)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._fit()

    def show_limit(self, limit: float, unit: str) -> None:
        """Show another limit, in nm or px."""
        if (limit, unit) != (self._limit, self._unit):
            self._limit, self._unit = limit, unit
            self._fit()

    @property
    def words(self) -> tuple[str, str, str, str]:
        """Texts of the scale, from left to right."""
        limit = f"{self._limit:.0f} {self._unit}"
        return "0", limit, "effaced", "unknown"

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        swatches = sum(_SWATCH_PX + metrics.horizontalAdvance(w) + 18 for w in self.words[2:])
        self._beside_px = metrics.horizontalAdvance("".join(self.words[:2])) + 16 + swatches
        self.setMinimumWidth(self._beside_px + _SHORTEST_PX)
        self.setMaximumWidth(self._beside_px + _BAR_PX)
        self.setFixedHeight(max(_HIGH_PX, metrics.height()) + 2 * _MARGIN)
        self.setAccessibleName("Colours of widths")
        self.setAccessibleDescription(f"From 0 to {self.words[1]}; then effaced; grey is unknown.")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Qt: as long as it can be."""
        return QSize(self.maximumWidth(), self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt: draw the bar and the two samples beside it."""
        painter = QPainter(self)
        zero, limit, effaced, unknown = self.words
        x = self._write(painter, 0, zero)
        bar_px = max(_SHORTEST_PX, self.width() - self._beside_px)
        painter.drawImage(QRect(x, self._top, bar_px, _HIGH_PX), _bar())
        x = self._write(painter, x + bar_px + 4, limit) + 8
        self._sample(painter, x, EFFACED, Qt.PenStyle.SolidLine)
        x = self._write(painter, x + _SWATCH_PX + 4, effaced) + 8
        self._sample(painter, x, UNKNOWN, Qt.PenStyle.DashLine)
        self._write(painter, x + _SWATCH_PX + 4, unknown)

    @property
    def _top(self) -> int:
        return (self.height() - _HIGH_PX) // 2

    def _write(self, painter: QPainter, x: int, text: str) -> int:
        painter.setPen(self.palette().color(self.foregroundRole()))
        width = painter.fontMetrics().horizontalAdvance(text)
        box = QRect(x, 0, width + 2, self.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        return x + width + 4

    def _sample(self, painter: QPainter, x: int, colour: str, style: Qt.PenStyle) -> None:
        middle = self.height() // 2
        box = QRect(x, middle - 7, _SWATCH_PX, 14)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(_BACKDROP))
        painter.drawRoundedRect(box, 3, 3)
        pen = QPen(QColor(colour), 4, style)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if style == Qt.PenStyle.DashLine:
            pen.setDashPattern([1.2, 1.0])
        painter.setPen(pen)
        painter.drawLine(QPoint(x + 3, middle), QPoint(x + _SWATCH_PX - 3, middle))


def _bar() -> QImage:
    colours = colours_of(np.linspace(0, 0.999, _STEPS), 1.0)
    pixels = np.ascontiguousarray((colours[None, :, :3] * 255).round().astype(np.uint8))
    return QImage(pixels.tobytes(), _STEPS, 1, 3 * _STEPS, QImage.Format.Format_RGB888).copy()
