"""What all docks have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from weakref import WeakMethod

from psygnal import SignalInstance
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QKeySequence, QShortcut, QShowEvent
from qtpy.QtWidgets import (
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_slitseg.widgets._close_guard import CloseGuard
from napari_slitseg.widgets._thread import Runner
from napari_slitseg.widgets._workspace import Workspace

_SOON_MS: Final = 30
_SIGN: Final = "⚠ "


class Dock(QWidget):
    """A widget whose subscriptions to the workspace end with it."""

    workspace: Workspace

    def __init__(self) -> None:
        super().__init__()
        self._links = _Links()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self.refresh)
        self.destroyed.connect(self._links.end)

    def link(self, signal: SignalInstance, slot: Callable[..., Any]) -> None:
        """Call a method of this widget for as long as the widget lives."""
        self._links.add(signal, slot)

    def refresh_soon(self) -> None:
        """Call `refresh` a moment from now, once for many changes."""
        if not self._soon.isActive():
            self._soon.start()

    def refresh(self) -> None:
        """Show the workspace as it is now."""

    def showEvent(self, event: QShowEvent) -> None:
        """Qt: the dock appears; from now on closing its window asks about unsaved work."""
        super().showEvent(event)
        window = self.parentWidget()
        while window is not None and not isinstance(window, QMainWindow):
            window = window.parentWidget()
        if window is not None and window.findChild(CloseGuard) is None:
            CloseGuard(window, self.workspace)

    def shortcut(self, keys: str, slot: Callable[[], Any]) -> None:
        """Bind keys everywhere in this window."""
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
        shortcut.activated.connect(slot)


class _Links:
    """Subscriptions of a widget.

    Qt may call `end` while Python collects the widget. It is a method, which PyQt holds weakly,
    because a function could have been collected already, and calling that ends the process.
    """

    def __init__(self) -> None:
        self._all: list[tuple[SignalInstance, WeakMethod[Any]]] = []

    def add(self, signal: SignalInstance, slot: Callable[..., Any]) -> None:
        signal.connect(slot)
        self._all.append((signal, WeakMethod(slot)))

    def end(self) -> None:
        for signal, slot in self._all:
            method = slot()
            if method is not None:
                signal.disconnect(method, missing_ok=True)


class Message(QLabel):
    """A line of text under the controls: what is going on, or what went wrong.

    Attributes
    ----------
    colour : str
        Of the next text; "" for that of the theme.
    """

    def __init__(self) -> None:
        super().__init__()
        self.colour = ""
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)

    def say(self, text: str) -> None:
        """Show plain news."""
        self._set(text, "")

    def warn(self, text: str) -> None:
        """Show what went wrong."""
        self._set(f"{_SIGN}{text}" if text else "", "font-weight: bold;")

    def add(self, text: str, *, bad: bool = False) -> None:
        """Show more news below the news so far; the same news only once."""
        lines = [line for line in self.text().removeprefix(_SIGN).split("\n") if line]
        bad = bad or self.text().startswith(_SIGN)
        (self.warn if bad else self.say)("\n".join(dict.fromkeys([*lines, *text.split("\n")])))

    def _set(self, text: str, style: str) -> None:
        """Show a text; the same again costs nothing, though it may come every second."""
        style += f" color: {self.colour};" if self.colour else ""
        if style != self.styleSheet():
            self.setStyleSheet(style)
        self.setText(text)
        self.setVisible(bool(text))


class TaskBar(QWidget):
    """Progress and a cancel button, there while a runner is busy."""

    def __init__(self, runner: Runner) -> None:
        super().__init__()
        self.runner = runner
        self.bar = QProgressBar()
        self.bar.setTextVisible(True)
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop at the next step; images that are done stay done.")
        self.cancel.clicked.connect(runner.cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel)
        self.setVisible(False)

    def show_busy(self, busy: bool) -> None:  # noqa: FBT001
        """Appear, of unknown length, or disappear."""
        self.setVisible(busy)
        self.progress(0, 0, "")

    def progress(self, done: float, total: float, text: str) -> None:
        """Show how far the work has come; a total of 0 means it is not known."""
        self.bar.setRange(0, round(1000 * total))
        self.bar.setValue(round(1000 * done))
        self.bar.setFormat(text or "%p%")


def row(*widgets: QWidget, stretch: int | None = None) -> QHBoxLayout:
    """Widgets beside each other; the one numbered `stretch` takes the room that is left."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    for number, widget in enumerate(widgets):
        layout.addWidget(widget, int(number == stretch))
    return layout


def scrollable(dock: QWidget, content: QWidget, *, above: QWidget | None = None) -> None:
    """Fill a dock with content that scrolls where the window is low, below what stays in sight."""
    area = QScrollArea()
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    layout = QVBoxLayout(dock)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    if above is not None:
        layout.addWidget(above)
    layout.addWidget(area, 1)


def spin(low: float, high: float, decimals: int, suffix: str, tooltip: str) -> QDoubleSpinBox:
    """Field for a number."""
    spin = QDoubleSpinBox()
    spin.setRange(low, high)
    spin.setDecimals(decimals)
    spin.setSingleStep(10.0**-decimals)
    spin.setSuffix(suffix)
    spin.setToolTip(tooltip)
    return spin


def beside(left: QWidget, right: QWidget) -> QWidget:
    """Two widgets beside each other; the left one takes the room that is left."""
    both = QWidget()
    both.setLayout(row(left, right, stretch=0))
    return both


def line() -> QFrame:
    """Line between parts of a dock."""
    frame = QFrame()
    frame.setFrameShape(QFrame.Shape.HLine)
    return frame


def button(text: str, tooltip: str, slot: Callable[[], Any]) -> QPushButton:
    """Button that calls a method."""
    made = QPushButton(text)
    made.setToolTip(tooltip)
    made.clicked.connect(slot)
    return made
