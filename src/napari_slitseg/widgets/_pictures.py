"""Take pictures of the window and its docks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from qtpy.QtWidgets import QApplication

from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._workspace import Workspace
from napari_slitseg.widgets.open_workspace import inner

if TYPE_CHECKING:
    from napari import Viewer

_DOCKS: Final = {"load": "Load images", "predict": "Predict slits", "metrics": "Metrics"}
_SETTLE_S: Final = 0.5
_ZOOM: Final = 7.0


class Camera:
    """Saves pictures of one viewer into a folder."""

    def __init__(self, viewer: Viewer, folder: Path) -> None:
        self.viewer = viewer
        self.folder = folder

    def overview(self, theme: str) -> None:
        """Save the whole window with the whole image."""
        self.viewer.theme = theme
        self.viewer.reset_view()
        self.window(f"overview_{theme}")

    def docks(self, theme: str) -> None:
        """Save each dock by itself."""
        self.viewer.theme = theme
        _settle()
        for name, title in _DOCKS.items():
            inner(self.viewer, title).grab().save(str(self.folder / f"{name}_{theme}.png"))

    def close_up(self, workspace: Workspace) -> None:
        """Save the window zoomed in on the matched pair that lies farthest apart."""
        self.viewer.theme = "dark"
        entry = max(workspace.entries, key=_widest)
        workspace.open(entry.key)
        self.viewer.reset_view()
        layer = next(each for each in self.viewer.layers if each.name == "annotated slits")
        camera = getattr(self.viewer, "scene", self.viewer).camera  # napari before 0.9
        camera.center = layer.data_to_world(_widest_at(entry))
        camera.zoom *= _ZOOM
        self.window("close_up")

    def window(self, name: str) -> None:
        """Save the whole window."""
        _settle()
        self.viewer.screenshot(str(self.folder / f"{name}.png"), canvas_only=False, flash=False)


def _widest(entry: ImageEntry) -> float:
    """Distance of the matched pair that lies farthest apart, px; 0 without one."""
    return float(np.nan_to_num(entry.overlay.annotations.distance_px).max(initial=0.0))


def _widest_at(entry: ImageEntry) -> tuple[float, float]:
    """Where that pair is; the middle of the image without one."""
    marks = entry.overlay.annotations
    if not _widest(entry):
        return entry.shape[0] / 2, entry.shape[1] / 2
    y, x = marks.yx[int(np.nanargmax(marks.distance_px))]
    return float(y), float(x)


def _settle() -> None:
    """Let the window draw itself."""
    end = time.monotonic() + _SETTLE_S
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)
