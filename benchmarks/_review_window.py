"""A window with all docks in which a benchmark reviews, and how long its actions take."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SIDE_PX = 1024


@dataclass(frozen=True)
class Timing:
    """Seconds of one action.

    Attributes
    ----------
    filled, worked : float
        Until layers are filled, by the clock and of the processor.
    drawn : float
        Until the window is drawn.
    idle : float
        To draw the window at the same zoom just before, where nothing had changed.
    """

    filled: float
    worked: float
    drawn: float
    idle: float


def many_points(folder: Path, number: int) -> Path:
    """Write an image, and an annotation that a model will find nine tenths of."""
    import tifffile

    from napari_slitseg.core.points import PointTable, write_points

    rng = np.random.default_rng(0)
    tifffile.imwrite(folder / "a.tif", rng.integers(0, 255, (SIDE_PX, SIDE_PX), dtype=np.uint8))
    yx = rng.uniform(0, SIDE_PX - 1, (number, 2))
    write_points(folder / "a_annotations.csv", PointTable.from_yx(yx))
    return folder / "a.tif"


def prediction_for(yx: np.ndarray, seed: int = 1) -> Any:
    """Return maps of noise, and detections near nine tenths of some points."""
    from napari_slitseg.core.detection.peaks import Detections
    from napari_slitseg.core.prediction import Prediction

    rng = np.random.default_rng(seed)
    found = yx + rng.normal(size=yx.shape)
    wrong = rng.random(len(yx)) < 0.1
    found[wrong] = rng.uniform(0, SIDE_PX, (int(wrong.sum()), 2))
    found = np.clip(found, 0, SIDE_PX - 1)
    maps = rng.random((SIDE_PX, SIDE_PX), dtype=np.float32)
    score = np.linspace(1, 0.01, len(found))
    return Prediction(maps, maps, Detections(found, score), 0.0, 0.0, 10, "none", "0" * 64)


class Scene:
    """A viewer with its docks, and one image in it."""

    def __init__(self, image: Path | None) -> None:
        import napari
        from qtpy.QtWidgets import QApplication

        from napari_slitseg.core.image import read_image
        from napari_slitseg.core.points import read_points
        from napari_slitseg.widgets._session import session_of
        from napari_slitseg.widgets.open_workspace import inner, open_workspace

        self.viewer = napari.Viewer(title="benchmark")
        self.window = self.viewer.window._qt_window
        self.window.resize(1500, 950)
        open_workspace(self.viewer)
        self.app = QApplication.instance()
        self.session = session_of(self.viewer)
        self.workspace = self.session.workspace
        self.load = inner(self.viewer, "Load images")
        self.reviewer = inner(self.viewer, "Review").reviewer
        self.shown = -1
        if image is not None:
            self.shown = key = self.workspace.add_paths([image])[0]
            table = read_points(image.with_name(f"{image.stem}_annotations.csv"))
            self.workspace.set_read(key, read_image(image).with_pixel_size(10.0), annotation=table)
            self.workspace.set_prediction(key, prediction_for(table.yx))
            self.workspace.set_cut(0.0, 0.0)
            self.workspace.open(key)
        self.settle()

    @property
    def canvas(self) -> Any:
        """What napari draws into."""
        return self.viewer.window._qt_viewer.canvas.native

    def settle(self, seconds: float = 0.5) -> None:
        """Let everything that was put off happen."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self.app.processEvents()
            time.sleep(0.005)

    def _idle_redraw(self) -> float:
        """Seconds to draw the window where nothing changed."""
        start = time.perf_counter()
        self.canvas.update()
        self.app.processEvents()
        return time.perf_counter() - start

    def _point_at(self, number: int) -> None:
        """Put the pointer at a place of the image where no point is."""
        layer = self.session.layers.stack.layer("annotated slits")
        self.viewer.cursor.position = layer.data_to_world((20.3 + number, 30.7 + 3 * number))

    def act(self, action: str, repeats: int) -> list[Timing]:
        """Do an action of the review again and again, each on another error."""
        times = []
        for number in range(repeats + 1):
            if action in ("accept", "reject"):
                self.reviewer.do("next")
            self._point_at(number)
            self.settle()
            idle = self._idle_redraw()
            before = self.reviewer.walk.item, self.workspace.entry(self.shown).history
            start, worked = time.perf_counter(), time.thread_time()
            self.reviewer.do(action)
            filled, worked = time.perf_counter() - start, time.thread_time() - worked
            self.app.processEvents()
            times.append(Timing(filled, worked, time.perf_counter() - start, idle))
            if before == (self.reviewer.walk.item, self.workspace.entry(self.shown).history):
                raise RuntimeError(f"'{action}' did nothing, so its time says nothing.")
        return times[1:]

    def open_folder(self, folder: Path) -> float:
        """Seconds until the images of a folder are listed and the window answers."""
        start = time.perf_counter()
        self.load.open_paths([folder])
        while not self.load.table.rowCount():
            self.app.processEvents()
        took = time.perf_counter() - start
        self.load.runner.cancel()
        self.settle()
        return took

    def close(self) -> None:
        """Close the window."""
        self.viewer.close()
        self.session.keeper.close()
        self.app.processEvents()
