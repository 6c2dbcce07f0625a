"""Take pictures of the window and its docks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from qtpy.QtWidgets import QApplication

from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._workspace import Workspace
from napari_slitseg.widgets.open_workspace import inner

if TYPE_CHECKING:
    from napari import Viewer

_DOCKS: Final = {"load": "Load images", "predict": "Predict slits", "metrics": "Metrics"}
_SETTLE_S: Final = 0.5
_ZOOM: Final = 3.5


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
        """Save the window zoomed in on the place with the most to tell."""
        self.viewer.theme = "dark"
        entry = max(workspace.entries, key=_mistakes)
        workspace.open(entry.key)
        self.viewer.reset_view()
        layer = next(each for each in self.viewer.layers if each.name == "annotated slits")
        camera = getattr(self.viewer, "scene", self.viewer).camera  # napari before 0.9
        camera.center = layer.data_to_world(_liveliest(entry))
        camera.zoom *= _ZOOM
        self.window("close_up")

    def window(self, name: str) -> None:
        """Save the whole window."""
        _settle()
        self.viewer.screenshot(str(self.folder / f"{name}.png"), canvas_only=False, flash=False)


def _mistakes(entry: ImageEntry) -> int:
    """How many of the two kinds of mistake the image shows, then how many mistakes."""
    counts = entry.overlay.counts()
    kinds = (counts["false positive"], counts["missed"])
    return 1000 * sum(n > 0 for n in kinds) + sum(kinds)


def _liveliest(entry: ImageEntry) -> tuple[float, float]:
    """Middle of the view, inside the image, that shows the most kinds of mark, then marks."""
    half = np.array(entry.shape) / (2 * _ZOOM)
    marks = (entry.overlay.detections, entry.overlay.annotations)
    yx = np.concatenate([each.yx for each in marks])
    kind = np.concatenate([each.kind for each in marks])
    views = np.clip(yx, half, np.array(entry.shape) - half)

    def told(view: NDArray[np.float64]) -> tuple[int, int]:
        seen = kind[(np.abs(yx - view) < 0.9 * half).all(axis=1)]
        return len(set(seen.tolist())), len(seen)

    y, x = max(views, key=told, default=np.array(entry.shape) / 2)
    return float(y), float(x)


def _settle() -> None:
    """Let the window draw itself."""
    end = time.monotonic() + _SETTLE_S
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)
