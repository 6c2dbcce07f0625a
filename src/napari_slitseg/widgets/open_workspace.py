"""Open all docks at once, side by side where they fit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import napari.viewer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

PLUGIN = "napari-slitseg"


def open_workspace(viewer: napari.viewer.Viewer) -> None:
    """Open Load, Predict and Review as tabs on the right, Metrics and Measure below the image."""
    viewer = getattr(viewer, "__wrapped__", viewer)
    load = _dock(viewer, "Load images")
    predict = _dock(viewer, "Predict slits")
    review = _dock(viewer, "Review")
    metrics = _dock(viewer, "Metrics")
    measure = _dock(viewer, "Measure")
    window = load.parent()
    if isinstance(window, QMainWindow):
        _arrange(window, (load, predict, review), (metrics, measure))


def _arrange(
    window: QMainWindow, right: Sequence[QDockWidget], below: Sequence[QDockWidget]
) -> None:
    from qtpy.QtCore import Qt

    for dock in below:
        window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
    for one, other in (*pairwise(right), *pairwise(below)):
        window.tabifyDockWidget(one, other)
    for docks in (right, below):
        docks[0].raise_()
    window.resizeDocks([right[0]], [340], Qt.Orientation.Horizontal)
    window.resizeDocks([below[0]], [225], Qt.Orientation.Vertical)


def _dock(viewer: napari.viewer.Viewer, name: str) -> QDockWidget:
    """Dock of that name, opened if it is not open yet."""
    dock, _ = viewer.window.add_plugin_dock_widget(PLUGIN, name)
    dock.show()
    return dock


def inner(viewer: napari.viewer.Viewer, name: str) -> QWidget:
    """Widget in an open dock."""
    _, widget = viewer.window.add_plugin_dock_widget(PLUGIN, name)
    return widget
