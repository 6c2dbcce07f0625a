"""Pictures of the Review dock: simulated images whose detections hold errors of every kind."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari import Viewer

_WINDOW = (1600, 1000)


def make_pictures(out: Path) -> int:
    """Review simulated images in a home folder of its own and save pictures; return the code."""
    with tempfile.TemporaryDirectory(prefix="slitseg-") as home:
        os.environ.update(HOME=home, USERPROFILE=home, XDG_CONFIG_HOME=f"{home}/config")
        import napari

        from napari_slitseg.widgets._pictures import Camera
        from napari_slitseg.widgets._session import workspace_of
        from napari_slitseg.widgets.open_workspace import inner, open_workspace

        viewer = napari.Viewer(title="SlitSeg", show_welcome_screen=False)
        viewer.window.resize(*_WINDOW)
        try:
            open_workspace(viewer)
            workspace = workspace_of(viewer)
            workspace.editor = "Ada"
            _fill(workspace)
            _show(viewer)
            dock = inner(viewer, "Review")
            dock.settings = dock.settings.__class__(editor="Ada")
            _review(viewer, dock, Camera(viewer, out))
            for entry in workspace.entries:
                workspace.update(entry.key, edited=False)
        finally:
            viewer.close()
    return 0


def _review(viewer: Viewer, dock: Any, camera: Any) -> None:
    """Walk a little, and look at each state."""
    for action in ("next", "reject", "next"):
        dock.reviewer.do(action)
    camera.window("review_dark")
    dock.reviewer.do("help")
    camera.window("review_keys_dark")
    dock.reviewer.do("help")
    viewer.theme = "light"
    dock.folds[0].open()
    dock.reviewer.do("taken_away")
    camera.window("review_light")


def _show(viewer: Viewer) -> None:
    dock, _ = viewer.window.add_plugin_dock_widget("napari-slitseg", "Review")
    dock.show()
    dock.raise_()


def _fill(workspace: Any) -> None:
    """Add the samples, each with a prediction that misses, invents and displaces slits."""
    from napari_slitseg.core.detection.peaks import Detections
    from napari_slitseg.core.image import Micrograph
    from napari_slitseg.core.points import PointTable
    from napari_slitseg.core.prediction import Prediction
    from napari_slitseg.widgets._samples import SAMPLES, scene_of

    random = np.random.default_rng(0)
    for sample in SAMPLES.values():
        scene = scene_of(sample)
        found = np.delete(scene.slits, [2, 7], axis=0)
        found = found + random.normal(0, 1.2, found.shape)
        found[4] += (3.0, 2.0)
        found = np.vstack([found, random.uniform(60, 560, (3, 2))])
        maps = np.zeros(scene.image.shape, np.float16)
        prediction = Prediction(
            membrane=maps,
            slit=maps,
            candidates=Detections(found, np.sort(random.uniform(0.5, 1, len(found)))[::-1]),
            threshold=0.4,
            min_distance_nm=60.0,
            pixel_size_nm=scene.pixel_size_nm,
            model_name="slitseg-unet-v2",
            model_sha256="0" * 64,
        )
        image = Micrograph(scene.image, scene.pixel_size_nm, "simulation", sample.name)
        key = workspace.add_image(image, annotation=PointTable.from_yx(scene.slits))
        workspace.set_prediction(key, prediction)
    workspace.set_cut(0.4, 60.0)
    workspace.open(workspace.entries[0].key)
    workspace.settle()
