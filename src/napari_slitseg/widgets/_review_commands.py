"""Commands of napari's menus and command palette that act in the Review dock."""

from __future__ import annotations

import napari.viewer

from napari_slitseg.widgets.open_workspace import PLUGIN


def next_error(viewer: napari.viewer.Viewer) -> None:
    """Go to the next open item; the Review dock opens where it is not open yet."""
    _do(viewer, "next")


def undo_edit(viewer: napari.viewer.Viewer) -> None:
    """Take back the last edit of the image."""
    _do(viewer, "undo")


def _do(viewer: napari.viewer.Viewer, action: str) -> None:
    viewer = getattr(viewer, "__wrapped__", viewer)
    dock, review = viewer.window.add_plugin_dock_widget(PLUGIN, "Review")
    dock.show()
    dock.raise_()
    review.reviewer.do(action)
