"""The demo: three simulated micrographs, the bundled model run on them, its slits judged.

``python -m napari_slitseg.widgets.demo`` opens it; ``--screenshots DIR`` saves what a person would
see, with the table of scores, and ends.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.points import PointTable
from napari_slitseg.widgets._samples import SAMPLES, Sample, scene_of

if TYPE_CHECKING:
    from napari import Viewer

_SIZE: Final = (1280, 800)
_PATIENCE_S: Final = 600.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the demo, or save its pictures; return the exit code."""
    parser = argparse.ArgumentParser(prog="slitseg demo", description=__doc__)
    parser.add_argument(
        "--screenshots", type=Path, metavar="DIR", help="save pictures and the table here, then end"
    )
    folder = parser.parse_args(arguments).screenshots
    import napari

    viewer = napari.Viewer(title="SlitSeg demo", show_welcome_screen=False)
    viewer.window.resize(*_SIZE)
    open_demo(viewer)
    if folder is None:
        napari.run()
        return 0
    try:
        return save_pictures(viewer, folder)
    finally:
        viewer.close()


def open_demo(viewer: Viewer) -> None:
    """Open the workspace with the samples and start the model on them."""
    from napari_slitseg.widgets._session import workspace_of
    from napari_slitseg.widgets.open_workspace import open_workspace

    open_workspace(viewer)
    workspace = workspace_of(viewer)
    keys = [workspace.add_image(*_image(sample), **_truth(sample)) for sample in SAMPLES.values()]
    workspace.open(keys[0])
    predict_dock(viewer).predict_all()


def _image(sample: Sample) -> tuple[Micrograph]:
    scene = scene_of(sample)
    return (Micrograph(scene.image, scene.pixel_size_nm, "simulation", sample.name),)


def _truth(sample: Sample) -> dict[str, Any]:
    return {"annotation": PointTable.from_yx(scene_of(sample).slits)}


def predict_dock(viewer: Viewer) -> Any:
    """Return the Predict dock."""
    from napari_slitseg.widgets.open_workspace import inner

    return inner(viewer, "Predict slits")


def save_pictures(viewer: Viewer, folder: Path, patience_s: float = _PATIENCE_S) -> int:
    """Save pictures of the window and the table of scores once the model is done.

    Parameters
    ----------
    viewer : Viewer
        With the demo in it.
    folder : Path
        It is made if there is none.
    patience_s : float
        How long the model may take.

    Returns
    -------
    int
        Exit code: 0 if every image has scores.
    """
    from napari_slitseg.widgets._export import Scores, write_scores
    from napari_slitseg.widgets._pictures import Camera
    from napari_slitseg.widgets._session import workspace_of

    folder.mkdir(parents=True, exist_ok=True)
    dock = predict_dock(viewer)
    if not wait_until(lambda: not dock.runner.is_busy, patience_s):
        dock.runner.cancel()
        sys.stderr.write(f"The model was not done after {patience_s:g} s; nothing was saved.\n")
        return 1
    workspace = workspace_of(viewer)
    workspace.settle()
    write_scores(folder / "metrics.csv", Scores(workspace.entries))
    camera = Camera(viewer, folder)
    for theme in ("dark", "light"):
        camera.overview(theme)
        camera.docks(theme)
    camera.close_up(workspace)
    if all(entry.scores for entry in workspace.entries):
        return 0
    sys.stderr.write(f"{dock.message.text()}\n")
    return 1


def wait_until(done: Callable[[], bool], patience_s: float = _PATIENCE_S) -> bool:
    """Let the window work until something is done; False if that takes longer than `patience_s`."""
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + patience_s
    while not (is_done := done()) and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)
    return is_done


if __name__ == "__main__":
    sys.exit(main())
