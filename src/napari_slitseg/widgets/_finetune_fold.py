"""A part of a form that is folded into one line saying what is chosen in it."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from napari_slitseg.widgets._spec_parts import inset

_MARGIN_PX: Final = 18
_LOOK: Final = (
    "QPushButton { text-align: left; padding: 4px 6px; }"
    "QPushButton:checked { background: transparent; }"
    "QPushButton:focus { border: 1px solid #808080; }"
)


class Fold(QWidget):
    """A line with a title and what is chosen; the fields appear below it on a click.

    Parameters
    ----------
    title : str
        With & before the letter that opens it together with Alt.
    body : QWidget
        The fields.
    tooltip : str
        What they are about.
    """

    def __init__(self, title: str, body: QWidget, tooltip: str) -> None:
        super().__init__()
        self.title = title
        self.head = QPushButton()
        self.head.setCheckable(True)
        self.head.setStyleSheet(_LOOK)
        self.head.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.body = inset(body)
        self.body.setVisible(False)
        self._tooltip = tooltip
        self._summary, self._wrong, self._full = "", False, ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.head)
        layout.addWidget(self.body)
        self._opened = QTimer(self)
        self._opened.setSingleShot(True)
        self._opened.timeout.connect(self._scroll)
        self.head.toggled.connect(self._on_toggled)
        self.say("")

    def say(self, summary: str, *, wrong: bool = False) -> None:
        """Say in the line what is chosen, and whether something in it cannot be used."""
        self._summary, self._wrong = summary, wrong
        mark = "▾" if self.head.isChecked() else "▸"
        sign = "⚠ " if wrong else ""
        text = f"{self.title}: {summary}" if summary else self.title
        self.head.setText(f"{mark} {sign}{text}")
        self._full = self.head.text()
        self._elide()
        plain = text.replace("&", "")
        self.head.setAccessibleName(f"{plain}, wrong" if wrong else plain)
        self.head.setToolTip(f"<qt><b>{plain}</b><br>{self._tooltip}</qt>")

    def mark_wrong(self) -> None:
        """Say that something in it cannot be used."""
        self.say("something is wrong in it", wrong=True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt: as much of the line as there is room for."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        metrics, room = self.head.fontMetrics(), self.head.width() - _MARGIN_PX
        mode, flag = Qt.TextElideMode.ElideRight, Qt.TextFlag.TextShowMnemonic
        self.head.setText(metrics.elidedText(self._full, mode, max(room, 0), flag))

    def open(self) -> None:
        """Show the fields."""
        self.head.setChecked(True)

    def _on_toggled(self, on: bool) -> None:  # noqa: FBT001
        self.body.setVisible(on)
        self.say(self._summary, wrong=self._wrong)
        if on:
            self._opened.start()

    def _scroll(self) -> None:
        """Let the dock scroll so that what was opened is seen; its line surely is."""
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None:
            area.ensureWidgetVisible(self.body)
            area.ensureWidgetVisible(self.head)
