"""Pictures of the Fine-tune dock: a real training on simulated images of another contrast."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari import Viewer

_WINDOW = (1340, 900)
_DOCK_PX = 380
_PATIENCE_S = 1800.0
_N_IMAGES = 14
_SHAPE = (384, 512)
_EPOCHS = 8


def make_pictures(out: Path) -> int:
    """Train in a home folder of its own and save pictures of the dock; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="slitseg-") as home:
        os.environ.update(HOME=home, USERPROFILE=home, SLITSEG_STATE=f"{home}/state")
        images = Path(home) / "inverted"
        _make_images(images)
        import napari

        viewer = napari.Viewer(title="SlitSeg", show_welcome_screen=False)
        viewer.window.resize(*_WINDOW)
        try:
            return _Visit(viewer, images, out).take()
        finally:
            viewer.close()


def _make_images(folder: Path) -> None:
    """Write simulated micrographs with exchanged dark and bright, and their slits."""
    import tifffile

    from napari_slitseg.core.points import PointTable, write_points
    from napari_slitseg.core.simulate import SceneOptions, simulate

    folder.mkdir()
    for number in range(_N_IMAGES):
        scene = simulate(90_100 + number, SceneOptions(shape=_SHAPE))
        path = folder / f"biopsy-{number // 2 + 1}-{'ab'[number % 2]}.tif"
        per_cm = 1e7 / scene.pixel_size_nm
        tifffile.imwrite(
            path,
            255 - np.asarray(scene.image, np.uint8),
            resolution=(per_cm, per_cm),
            resolutionunit="CENTIMETER",
        )
        write_points(path.with_suffix(".csv"), PointTable.from_yx(scene.slits))


class _Visit:
    """One walk through the dock, with a camera."""

    def __init__(self, viewer: Viewer, images: Path, out: Path) -> None:
        from qtpy.QtCore import Qt

        from napari_slitseg.widgets.open_workspace import inner

        self.viewer, self.out = viewer, out
        self.load: Any = inner(viewer, "Load images")
        self.dock: Any = inner(viewer, "Fine-tune")
        self.load.open_paths([images])
        self.settle(2)
        around = self.dock.parentWidget()
        around.raise_()
        self.dock.window().resizeDocks([around], [_DOCK_PX], Qt.Orientation.Horizontal)
        self.settle(1)

    def take(self) -> int:
        """Save all pictures; return the exit code."""
        self.fill()
        self.form_pictures()
        self.wait(lambda: self.dock.card.checked is not None and not self.dock.card.runner.is_busy)
        self.bottom(0)
        self.both("finetune_check")
        self.dock.start_button.click()
        live = self.dock.live
        self.wait(lambda: bool(live.snapshot and len(live.snapshot.previews) > 6))
        live.preview.box.setChecked(True)
        self.settle(3)
        self.both("finetune_live")
        self.settle(1)
        name = str(self.out / "finetune_window.png")
        self.viewer.screenshot(name, canvas_only=False, flash=False)
        done = self.wait(lambda: bool(live.snapshot.verdict) and not live.snapshot.status.is_alive)
        live.preview.box.setChecked(False)
        self.settle(2)
        self.both("finetune_verdict")
        self.dock.tabs.setCurrentIndex(1)
        self.settle(2)
        self.both("finetune_runs")
        return 0 if done else 1

    def fill(self) -> None:
        """Choose what is quick enough for pictures."""
        from napari_slitseg.jobs import FinetuneJob

        images = tuple(entry.path for entry in self.dock.workspace.entries if entry.path)
        self.dock.form.setValue(
            FinetuneJob(
                images=images,
                name="inverted-contrast",
                epochs=_EPOCHS,
                test_share=0.5,
                patch_px=192,
                device="cpu",
            )
        )
        self.dock.refresh()

    def form_pictures(self) -> None:
        """Save the form, and the curve of a learning rate."""
        form = self.dock.form
        self.both("finetune_form")
        chosen = form.schedule.form.value()
        form.schedule.setValue({"name": "triangular2"})
        form.folds["schedule"].open()
        self.settle(1)
        self.snap("finetune_rate_dark", form.folds["schedule"])
        form.schedule.setValue(chosen.to_dict())
        form.folds["schedule"].head.setChecked(False)
        self.dock.check()

    def both(self, name: str) -> None:
        """Save the dock in both themes."""
        for theme in ("light", "dark"):
            self.viewer.theme = theme
            self.snap(f"{name}_{theme}", self.dock)

    def snap(self, name: str, widget: Any) -> None:
        """Save a widget, with as few colours as it needs."""
        from PIL import Image

        self.settle(1)
        path = self.out / f"{name}.png"
        widget.grab().save(str(path))
        Image.open(path).convert("RGB").quantize(200, dither=Image.Dither.NONE).save(path, optimize=True)

    def bottom(self, tab: int) -> None:
        """Scroll a page to its end."""
        from qtpy.QtWidgets import QScrollArea

        self.settle(1)
        for area in self.dock.tabs.widget(tab).findChildren(QScrollArea):
            area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())

    def settle(self, seconds: float) -> None:
        """Let the window draw itself."""
        from napari_slitseg.widgets.demo import wait_until

        wait_until(lambda: False, seconds)

    def wait(self, done: Any) -> bool:
        """Let the window work until something is done."""
        from napari_slitseg.widgets.demo import wait_until

        return bool(wait_until(done, _PATIENCE_S))
