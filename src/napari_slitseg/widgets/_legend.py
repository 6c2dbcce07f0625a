"""Legend of the marks, drawn as napari draws them, with the counts of the current image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from napari_slitseg.widgets._style import MARKS, MATCH_LINE, MarkStyle

_ALWAYS: Final = ("true positive", "false positive", "missed")
_MAIN: Final = (*_ALWAYS, "detected", "set aside", "uncertain")
"""Those that stay where there is little room; matched pairs are as many as true positives."""

_SIDE: Final = 16
_BACKDROP: Final = QColor("#606060")
_CORNERS: Final = {
    "diamond": ((0, -1), (1, 0), (0, 1), (-1, 0)),
    "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
    "triangle_down": ((-1, -0.8), (1, -0.8), (0, 1)),
}


class Symbol(QWidget):
    """One mark on a grey ground like that of a micrograph."""

    def __init__(self, style: MarkStyle, *, matched: bool = False) -> None:
        super().__init__()
        self._style, self._matched = style, matched
        self.setFixedSize(QSize(_SIDE + 12, _SIDE + 4) if matched else QSize(_SIDE + 4, _SIDE + 4))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt: draw the mark."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_BACKDROP)
        painter.drawRoundedRect(self.rect(), 3, 3)
        centre = QRectF(self.rect()).center()
        if self._matched:
            painter.setPen(QPen(QColor(MATCH_LINE), 2))
            painter.drawLine(centre - QPointF(7, 0), centre + QPointF(7, 0))
            _draw(painter, MARKS["true positive"], centre - QPointF(7, 0))
            _draw(painter, MARKS["matched"], centre + QPointF(7, 0))
        else:
            _draw(painter, self._style, centre)


def _draw(painter: QPainter, style: MarkStyle, at: QPointF) -> None:
    radius = 0.32 * _SIDE * style.size
    colour = QColor(style.colour)
    painter.setPen(QPen(colour, 2))
    painter.setBrush(colour if style.filled else Qt.BrushStyle.NoBrush)
    if style.symbol == "x":
        for sign in (1, -1):
            step = QPointF(radius, sign * radius)
            painter.drawLine(at - step, at + step)
    elif style.symbol == "cross":
        for step in (QPointF(radius, 0), QPointF(0, radius)):
            painter.drawLine(at - step, at + step)
    elif style.symbol in _CORNERS:
        corners = [QPointF(x * radius, y * radius) for x, y in _CORNERS[style.symbol]]
        painter.drawPolygon(QPolygonF([at + corner for corner in corners]))
    else:
        painter.drawEllipse(at, radius, radius)


class Legend(QWidget):
    """All kinds of marks that the current image has, beside each other."""

    def __init__(self) -> None:
        super().__init__()
        self._items: dict[str, tuple[QWidget, QLabel]] = {}
        self._counts: Mapping[str, int] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for kind, style in MARKS.items():
            self._add(layout, kind, style)
        layout.addStretch()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.show_counts({})

    def _add(self, layout: QHBoxLayout, kind: str, style: MarkStyle) -> None:
        symbol, label = Symbol(style, matched=kind == "matched"), QLabel()
        for widget in (symbol, label):
            widget.setToolTip(style.tooltip)
            layout.addWidget(widget)
        layout.addSpacing(3)
        self._items[kind] = (symbol, label)

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show how many marks of each kind the current image has."""
        self._counts = counts
        for named, whole in ((True, True), (False, True), (False, False)):
            self._write(named=named, whole=whole)
            if self.sizeHint().width() <= self.width():
                return

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt: where there is little room the numbers stand alone; tooltips have the names."""
        super().resizeEvent(event)
        self.show_counts(self._counts)

    def _write(self, *, named: bool, whole: bool) -> None:
        counts = self._counts
        for kind, (symbol, label) in self._items.items():
            name = "Matched pair" if kind == "matched" else MARKS[kind].label
            number = counts.get(kind, 0)
            has_room = whole or kind in _MAIN
            visible = has_room and (number > 0 or (kind in _ALWAYS and not counts.get("detected")))
            label.setText(f"{name} {number}" if named else str(number))
            label.setToolTip(f"{name}. {MARKS[kind].tooltip}")
            symbol.setVisible(visible)
            label.setVisible(visible)
