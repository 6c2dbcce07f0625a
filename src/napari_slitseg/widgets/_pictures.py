"""Take pictures of the window and its docks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from qtpy.QtWidgets import QApplication

from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets.open_workspace import inner

if TYPE_CHECKING:
    from napari import Viewer

_DOCKS: Final = {"load": "Load images", "predict": "Predict slits", "metrics": "Metrics"}
_SETTLE_S: Final = 0.5
_ZOOM: Final = 4.5


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

    def close_up(self, entry: ImageEntry | None) -> None:
        """Save the window zoomed in on slits, where all kinds of marks are seen if possible."""
        if entry is None:
            return
        self.viewer.theme = "dark"
        layer = next(each for each in self.viewer.layers if each.name == "annotated slits")
        self.viewer.camera.center = layer.data_to_world(_busiest(entry))
        self.viewer.camera.zoom *= _ZOOM
        self.window("close_up")

    def window(self, name: str) -> None:
        """Save the whole window."""
        _settle()
        self.viewer.screenshot(str(self.folder / f"{name}.png"), canvas_only=False, flash=False)


def _busiest(entry: ImageEntry) -> tuple[float, float]:
    """Annotated or wrongly found point with the most kinds of marks around it."""
    marks = (entry.overlay.detections, entry.overlay.annotations)
    yx = np.concatenate([each.yx for each in marks])
    kind = np.concatenate([each.kind for each in marks])
    if not len(yx):
        return entry.shape[0] / 2, entry.shape[1] / 2
    near = np.abs(yx[:, None] - yx[None]).max(axis=2) < min(entry.shape) / (2 * _ZOOM)
    variety = [(len(set(kind[row])), int(row.sum())) for row in near]
    y, x = yx[max(range(len(yx)), key=variety.__getitem__)]
    return float(y), float(x)


def _settle() -> None:
    """Let the window draw itself."""
    end = time.monotonic() + _SETTLE_S
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)
