"""Where the Fine-tune dock is in its window: in tabs with our docks at its side."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

from napari_slitseg.widgets.open_workspace import PLUGIN


class Place(QObject):
    """Puts a dock into tabs with ours at its side: those that are there, and those to come.

    Below each other none would have the height it needs.

    Parameters
    ----------
    widget : QWidget
        What is in the dock.
    window : QMainWindow
        It shows the dock.
    """

    def __init__(self, widget: QWidget, window: QMainWindow) -> None:
        super().__init__(widget)
        self._window = window
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._take_newcomers)
        self._join_others()
        self._known = self._beside()
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt: docks of the window may have come or gone."""
        if event.type() in (QEvent.Type.ChildAdded, QEvent.Type.ChildRemoved):
            self._soon.start()
        return bool(super().eventFilter(watched, event))

    def _join_others(self) -> None:
        own, others = self._own(), list(self._beside().values())
        if own is not None and others and not self._window.tabifiedDockWidgets(own):
            self._window.tabifyDockWidget(others[-1], own)
            QTimer.singleShot(0, own.raise_)

    def _take_newcomers(self) -> None:
        own, beside = self._own(), self._beside()
        for title in beside.keys() - self._known.keys() if own is not None else ():
            if beside[title] not in self._window.tabifiedDockWidgets(own):
                self._window.tabifyDockWidget(own, beside[title])
                QTimer.singleShot(0, beside[title].raise_)
        self._known = beside

    def _own(self) -> QDockWidget | None:
        around = self.parent()
        while around is not None and not isinstance(around, QDockWidget):
            around = around.parent()
        return around

    def _beside(self) -> dict[str, QDockWidget]:
        """Return our other docks in the same area of the window, by title."""
        own = self._own()
        area = None if own is None else self._window.dockWidgetArea(own)
        return {
            each.windowTitle(): each
            for each in self._window.findChildren(QDockWidget)
            if PLUGIN in each.windowTitle()
            and each is not own
            and self._window.dockWidgetArea(each) == area
        }
