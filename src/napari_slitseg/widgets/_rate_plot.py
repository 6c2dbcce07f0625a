"""A small plot of the learning rates of a training."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

from napari_slitseg.core.schedules import ReduceOnPlateau
from napari_slitseg.core.schedules.previews import preview
from napari_slitseg.core.schedules.spec import ScheduleSpec
from napari_slitseg.widgets._style import BLUE, SKY_BLUE

_POINTS: Final = 600
_DECADES: Final = 6.0
"""Rates further below the highest are drawn at the bottom of a logarithmic plot."""

_TICKS: Final = 4
_MARGIN: Final = 1.5
_HEIGHT: Final = 150


class RatePlot(QWidget):
    """Learning rate against step, with a box for a logarithmic axis."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.curve = _Curve()
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.setVisible(False)
        self.log = QCheckBox("Logarithmic")
        self.log.setToolTip("Draw the learning rate on a logarithmic axis.")
        self.log.toggled.connect(self.curve.set_log)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.curve)
        layout.addWidget(self.note)
        layout.addWidget(self.log)

    def setValue(self, spec: ScheduleSpec, total_steps: int, *, steps_per_epoch: int = 100) -> None:
        """Show a schedule for a training of so many steps.

        Raises
        ------
        ValueError
            If a number of steps is below 1.
        """
        steps, rates = preview(
            spec, total_steps, steps_per_epoch=steps_per_epoch, max_points=_POINTS
        )
        self.curve.show_rates(steps, rates)
        self.setAccessibleName("Learning rate")
        self.setAccessibleDescription(
            f"{total_steps} steps: begins at {rates[0]:.3g}, at most {rates.max():.3g}, "
            f"ends at {rates[-1]:.3g}"
        )
        self.note.setText(f"If no epoch of {steps_per_epoch} steps improves the loss.")
        self.note.setVisible(isinstance(spec, ReduceOnPlateau))
        self.curve.setToolTip(self.accessibleDescription())


class _Curve(QWidget):
    """The plot itself, in the colours of the theme."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(_HEIGHT)
        self.steps: NDArray[np.int64] = np.zeros(1, np.int64)
        self.rates: NDArray[np.float64] = np.zeros(1)
        self.is_log = False

    def show_rates(self, steps: NDArray[np.int64], rates: NDArray[np.float64]) -> None:
        """Show rates at steps."""
        self.steps, self.rates = steps, rates
        self.update()

    def set_log(self, on: bool) -> None:  # noqa: FBT001
        """Choose the axis of the rate."""
        self.is_log = on
        self.update()

    def heights(self, rates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where rates lie between the bottom, 0, and the top, 1."""
        low, high = self.limits()
        if self.is_log:
            return np.asarray(np.log(np.maximum(rates, low) / low) / np.log(high / low))
        return np.asarray((rates - low) / (high - low))

    def limits(self) -> tuple[float, float]:
        """Return the rates at the bottom and at the top."""
        high = float(self.rates.max()) or 1.0
        if not self.is_log:
            return 0.0, high * 1.05
        return max(float(self.rates.min()), high * 10**-_DECADES) / _MARGIN, high * _MARGIN

    def ticks(self) -> list[float]:
        """Return the rates that are written at the axis."""
        low, high = self.limits()
        if self.is_log:
            first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
            every = max(1, (last - first) // _TICKS + 1)
            decades = [10.0**n for n in range(last, first - 1, -every)]
            return decades if len(decades) > 1 else sorted({low * _MARGIN, high / _MARGIN})
        return round_numbers(high)

    def paintEvent(self, _: QPaintEvent) -> None:
        """Qt: draw."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = self.palette().color(self.foregroundRole())
        grid = QColor(ink)
        grid.setAlphaF(0.25)
        metrics = painter.fontMetrics()
        left = max(metrics.horizontalAdvance(f"{each:.3g}") for each in self.ticks()) + 8
        line = metrics.height()
        box = QRectF(left, 1.5 * line, self.width() - left - 12, self.height() - 3.5 * line - 6)
        _draw_axes(painter, box, self, (ink, grid))
        painter.setPen(QPen(QColor(SKY_BLUE if ink.lightnessF() > 0.5 else BLUE), 2))
        painter.drawPolyline(self.polygon(box))
        painter.end()

    def polygon(self, box: QRectF) -> QPolygonF:
        """Return the curve in a box."""
        x = box.left() + box.width() * self.steps / max(int(self.steps[-1]), 1)
        y = box.bottom() - box.height() * self.heights(self.rates)
        return QPolygonF([QPointF(*each) for each in zip(x.tolist(), y.tolist(), strict=True)])


def _draw_axes(painter: Any, box: QRectF, curve: _Curve, colours: tuple[QColor, QColor]) -> None:
    ink, grid = colours
    line, right = painter.fontMetrics().height(), Qt.AlignmentFlag.AlignRight
    heights = curve.heights(np.array(curve.ticks())).tolist()
    for rate, height in zip(curve.ticks(), heights, strict=True):
        y = box.bottom() - box.height() * height
        painter.setPen(grid)
        painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
        painter.setPen(ink)
        painter.drawText(QRectF(0, y - line / 2, box.left() - 6, line), right, f"{rate:.3g}")
    painter.drawPolyline(QPolygonF([box.topLeft(), box.bottomLeft(), box.bottomRight()]))
    last = int(curve.steps[-1])
    for step in round_numbers(max(last, 1)):
        x = box.left() + box.width() * step / max(last, 1)
        centre = QRectF(x - 40, box.bottom() + 2, 80, line)
        painter.drawText(centre, Qt.AlignmentFlag.AlignHCenter, f"{step:,.0f}")
    below = QRectF(box.left(), box.bottom() + 2 + line, box.width(), line)
    painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, "step")
    painter.drawText(QRectF(0, 0, box.right(), line), Qt.AlignmentFlag.AlignLeft, "learning rate")


def round_numbers(high: float) -> list[float]:
    """Return a few round numbers from 0 to a positive one, evenly spaced."""
    rough = high / _TICKS
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(power * each for each in (1, 2, 5, 10) if power * each >= rough * (1 - 1e-9))
    return [step * n for n in range(int(high / step * (1 + 1e-9)) + 1)]
