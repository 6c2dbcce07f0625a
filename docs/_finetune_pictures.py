"""Pictures of the Fine-tune dock: real trainings on simulated images, one well and one ill."""

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
_PATIENCE_S = 600.0
_N_IMAGES = 14
_SHAPE = (288, 384)
_EPOCHS, _STEPS, _SHOWN_EPOCH = 8, 10, 5
_COLOURS = 256


def make_pictures(out: Path) -> int:
    """Train in a home folder of its own and save pictures of the dock; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="slitseg-") as home:
        os.environ.update(HOME=home, USERPROFILE=home, SLITSEG_STATE=f"{home}/state")
        images = Path(home) / "inverted"
        plain = Path(home) / "plain"
        _make_images(images, _N_IMAGES, inverted=True)
        _make_images(plain, 3, inverted=False)
        import napari

        viewer = napari.Viewer(title="SlitSeg", show_welcome_screen=False)
        viewer.window.resize(*_WINDOW)
        try:
            visit = _Visit(viewer, images, out)
            return visit.take() or visit.take_alarm(plain)
        finally:
            viewer.close()


def _make_images(folder: Path, n: int, *, inverted: bool) -> None:
    """Write simulated micrographs, perhaps with exchanged dark and bright, and their slits."""
    import tifffile

    from napari_slitseg.core.points import PointTable, write_points
    from napari_slitseg.core.simulate import SceneOptions, simulate

    folder.mkdir()
    for number in range(n):
        scene = simulate(90_100 + number, SceneOptions(shape=_SHAPE))
        path = folder / f"biopsy-{number // 2 + 1}-{'ab'[number % 2]}.tif"
        per_cm = 1e7 / scene.pixel_size_nm
        pixels = np.asarray(scene.image, np.uint8)
        tifffile.imwrite(
            path,
            255 - pixels if inverted else pixels,
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
        """Save the pictures of a training that goes well; return the exit code."""
        self.fill()
        self.form_pictures()
        card = self.dock.card
        self.wait(lambda: card.checked is not None and not card.runner.is_busy)
        card.fold.open()
        self.snap("finetune_check_dark", card)
        card.fold.head.setChecked(False)
        self.dock.start_button.click()
        live = self.dock.live
        self.wait(lambda: self.has_ended() or self.epoch() >= _SHOWN_EPOCH)
        live.preview.box.setChecked(True)
        self.settle(2)
        self.snap("finetune_live_dark", self.dock)
        self.window("finetune_window")
        self.wait(self.has_ended)
        live.preview.box.setChecked(False)
        self.settle(1)
        self.both("finetune_verdict")
        return 0 if live.snapshot.verdict else 1

    def take_alarm(self, images: Path) -> int:
        """Save the pictures of a training whose loss erases; return the exit code."""
        from napari_slitseg.jobs import FinetuneJob
        from napari_slitseg.pipelines.runs.asking import ask
        from napari_slitseg.pipelines.runs.folder import new_run

        job = FinetuneJob(
            images=(images,),
            name="squared-error",
            epochs=12,
            steps_per_epoch=8,
            slit_loss="mse",
            schedule={"name": "constant", "rate": 0.1},
            device="cpu",
            patch_px=128,
            batch=2,
        )
        folder, live = new_run(job), self.dock.live
        self.dock.actions.begin(folder)
        self.dock.show_run(folder)
        self.wait(lambda: bool(live.snapshot and live.snapshot.alarms) or self.has_ended())
        self.settle(2)
        self.snap("finetune_alarm_dark", self.dock)
        self.dock.tabs.setCurrentIndex(1)
        self.settle(2)
        self.snap("finetune_runs_dark", self.dock)
        ask(folder, "cancel")
        self.wait(self.has_ended)
        return 0 if live.snapshot.alarms else 1

    def epoch(self) -> int:
        """Return how many epochs are done."""
        found = self.dock.live.snapshot
        return found.status.epoch if found else 0

    def has_ended(self) -> bool:
        """Whether the run that is shown is over; False before anything is known of it."""
        from napari_slitseg.pipelines.runs.status import ENDED

        found = self.dock.live.snapshot
        return bool(found and found.status.state in ENDED and not found.status.is_alive)

    def fill(self) -> None:
        """Choose what is quick enough for pictures."""
        from napari_slitseg.jobs import FinetuneJob

        images = tuple(entry.path for entry in self.dock.workspace.entries if entry.path)
        self.dock.form.setValue(
            FinetuneJob(
                images=images,
                name="inverted-contrast",
                epochs=_EPOCHS,
                steps_per_epoch=_STEPS,
                schedule={"name": "cosine", "rate": 1e-3},
                test_share=0.45,
                device="cpu",
                patch_px=192,
                batch=4,
            )
        )
        self.dock.refresh()

    def form_pictures(self) -> None:
        """Save the form, and the curve of a learning rate."""
        form = self.dock.form
        self.snap("finetune_form_dark", self.dock)
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
        self.settle(0.5)
        path = self.out / f"{name}.png"
        widget.grab().save(str(path))
        _shrink(path)

    def window(self, name: str) -> None:
        """Save the whole window."""
        path = self.out / f"{name}.png"
        self.viewer.screenshot(str(path), canvas_only=False, flash=False)
        _shrink(path)

    def settle(self, seconds: float) -> None:
        """Let the window draw itself."""
        from napari_slitseg.widgets.demo import wait_until

        wait_until(lambda: False, seconds)

    def wait(self, done: Any) -> bool:
        """Let the window work until something is done."""
        from napari_slitseg.widgets.demo import wait_until

        return bool(wait_until(done, _PATIENCE_S))


def _shrink(path: Path) -> None:
    from PIL import Image

    image = Image.open(path).convert("RGB")
    image.quantize(_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
        path, optimize=True
    )
