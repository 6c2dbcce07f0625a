"""Pictures of the Measure dock: simulated biopsies of two groups, one of them partly effaced."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari import Viewer

_WINDOW = (1600, 1000)
_GROUPS = {"control": (0.02, ("C1", "C2", "C3", "C4")), "disease": (0.6, ("D1", "D2", "D3", "D4"))}
_IMAGES = 3
_PATIENCE_S = 300


def make_pictures(out: Path) -> int:
    """Measure simulated biopsies in a home folder of its own, save pictures; return the code."""
    with tempfile.TemporaryDirectory(prefix="slitseg-") as home:
        os.environ.update(HOME=home, USERPROFILE=home, XDG_CONFIG_HOME=f"{home}/config")
        import napari

        from napari_slitseg.widgets._pictures import Camera
        from napari_slitseg.widgets.open_workspace import inner, open_workspace

        images = _simulate(Path(home))
        viewer = napari.Viewer(title="SlitSeg", show_welcome_screen=False)
        viewer.window.resize(*_WINDOW)
        try:
            open_workspace(viewer)
            load, measure = inner(viewer, "Load images"), inner(viewer, "Measure")
            load.open_paths([images])
            _wait(lambda: len(load.workspace.entries) == _n_images() and _all_read(load.workspace))
            _show(viewer)
            _belong(measure)
            measure.controls.everything.click()
            _wait(lambda: measure.is_up_to_date)
            _look(viewer, measure, Camera(viewer, out))
        finally:
            viewer.close()
    return 0


def _look(viewer: Viewer, measure: Any, camera: Any) -> None:
    from qtpy.QtWidgets import QMainWindow

    window = measure.window()
    dock = measure.parentWidget()
    if isinstance(window, QMainWindow):
        from qtpy.QtCore import Qt

        window.resizeDocks([dock], [330], Qt.Orientation.Vertical)
    measure.workspace.open(measure.workspace.entries[0].key)
    _wait(lambda: measure.is_up_to_date)
    measure.tabs.setCurrentWidget(measure.units)
    _wait(lambda: measure.units.table.model.rowCount() > 0)
    camera.window("measure_dark")
    measure.tabs.setCurrentWidget(measure.intervals.view)
    viewer.theme = "light"
    camera.window("measure_light")


def _simulate(home: Path) -> Path:
    """Write images, slits and membranes, three a biopsy, named by biopsy and number."""
    from napari_slitseg.jobs import SimulateJob
    from napari_slitseg.pipelines.simulate import simulate_files

    folder, seed = home / "study", 40
    for effacement, biopsies in _GROUPS.values():
        for biopsy in biopsies:
            part = home / biopsy
            job = SimulateJob(out=part, n=_IMAGES, seed=seed, capillaries=2, effacement=effacement)
            for _ in simulate_files(job):
                continue
            for file in sorted(part.glob("*/*")):
                number = file.stem.rsplit("_", 1)[-1]
                new = folder / file.parent.name / f"{biopsy}_{int(number) - seed + 1}{file.suffix}"
                new.parent.mkdir(parents=True, exist_ok=True)
                file.rename(new)
            seed += _IMAGES
    return folder / "images"


def _belong(measure: Any) -> None:
    """Tell which biopsy and group each image belongs to."""
    from napari_slitseg.core.morphometry import Sample

    group_of = {biopsy: name for name, (_, those) in _GROUPS.items() for biopsy in those}
    for entry in measure.workspace.entries:
        biopsy = entry.name.split("_")[0]
        sample = Sample(biopsy=biopsy, group=group_of[biopsy])
        measure.measurer.set_sample(entry.key, biopsy=sample.biopsy, group=sample.group)


def _show(viewer: Viewer) -> None:
    dock, _ = viewer.window.add_plugin_dock_widget("napari-slitseg", "Measure")
    dock.show()
    dock.raise_()


def _n_images() -> int:
    return _IMAGES * sum(len(biopsies) for _, biopsies in _GROUPS.values())


def _all_read(workspace: Any) -> bool:
    return all(entry.shape[0] for entry in workspace.entries)


def _wait(until: Callable[[], bool]) -> None:
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + _PATIENCE_S
    while not until():
        if time.monotonic() > end:
            raise TimeoutError("The window did not get as far as the picture.")
        QApplication.processEvents()
        time.sleep(0.01)
