"""Walk and edit many images in one window, and follow its memory, layers and listeners."""

from __future__ import annotations

import gc
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil
from _report import Report
from _review_window import SIDE_PX, Scene, prediction_for

N_POINTS: Final = 60
WARM: Final = 20
MAP_BYTES: Final = 2**27
ACTIONS: Final = ("next", "accept", "next", "reject", "undo")


def soak(report: Report, n_images: int) -> None:
    """Print memory after the first images and after the last, and what was left behind."""
    with tempfile.TemporaryDirectory() as folder:
        _images(Path(folder), n_images)
        scene = Scene(None)
        scene.window.resize(1100, 700)
        report.figure("memory for maps, otherwise", scene.workspace.map_bytes / 1e6, "{:.0f} MB")
        scene.workspace.map_bytes = MAP_BYTES
        report.figure("memory for maps, here", MAP_BYTES / 1e6, "{:.0f} MB")
        scene.load.open_paths([Path(folder)])
        _wait(scene, n_images)
        megabytes, counts = [], []
        start = time.perf_counter()
        for number, entry in enumerate(scene.workspace.entries):
            _review(scene, entry.key, number)
            megabytes.append(_megabytes())
            counts.append(_counts(scene))
            if number % WARM == WARM - 1:
                report.figure(f"memory after {number + 1} images", megabytes[-1], "{:.0f} MB")
        minutes = (time.perf_counter() - start) / 60
        _tell(report, megabytes, counts, n_images)
        report.figure("walking and editing, clock", minutes, "{:.1f} min")
        state = scene.session.keeper.state
        report.figure("edits that were not kept", state.unkept, "{:.0f}", 0)
        scene.close()


def _tell(
    report: Report, megabytes: list[float], counts: list[dict[str, int]], n_images: int
) -> None:
    warm, last = megabytes[WARM - 1], megabytes[-1]
    report.figure("highest memory after any image", max(megabytes), "{:.0f} MB")
    report.figure(f"growth after the first {WARM}", 100 * (last / warm - 1), "{:.1f} %", 10)
    for name in counts[0]:
        grown = counts[-1][name] - counts[WARM - 1][name]
        report.figure(f"{name} after {n_images} images", counts[-1][name], "{:.0f}")
        report.figure(f"{name} more than after {WARM}", grown, "{:.0f}", 0)


def _images(folder: Path, number: int) -> None:
    import tifffile

    from napari_slitseg.core.points import PointTable, write_points

    rng = np.random.default_rng(0)
    for each in range(number):
        pixels = rng.integers(0, 255, (SIDE_PX, SIDE_PX), dtype=np.uint8)
        tifffile.imwrite(folder / f"{each:04}.tif", pixels)
        yx = rng.uniform(30, SIDE_PX - 30, (N_POINTS, 2))
        write_points(folder / f"{each:04}_annotations.csv", PointTable.from_yx(yx))


def _wait(scene: Scene, number: int) -> None:
    while sum(bool(entry.shape[0]) for entry in scene.workspace.entries) < number:
        scene.settle(0.1)


def _review(scene: Scene, key: int, number: int) -> None:
    """Open an image, find its slits, and correct some."""
    workspace = scene.workspace
    workspace.open(key)
    annotation: Any = workspace.entry(key).annotation
    workspace.set_prediction(key, prediction_for(annotation.yx, number))
    for action in ACTIONS:
        scene.reviewer.do(action)
        scene.app.processEvents()
    point = np.random.default_rng(number).uniform(30, SIDE_PX - 30, (1, 2))
    workspace.edit_annotation(
        key,
        np.append(workspace.entry(key).overlay.annotations.ids, -1),
        np.concatenate([workspace.entry(key).overlay.annotations.yx, point]),
    )
    scene.app.processEvents()


def _megabytes() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 1e6


def _counts(scene: Scene) -> dict[str, int]:
    """Layers, listeners and widgets of the window."""
    from qtpy.QtCore import QObject

    viewer, workspace = scene.viewer, scene.workspace
    signals = (
        *(workspace.entry_changed, workspace.current_changed, workspace.entries_changed),
        *(workspace.recorded, workspace.settings_changed, scene.session.keeper.state_changed),
    )
    emitters = [viewer.events, viewer.layers.events, viewer.dims.events]
    emitters += [layer.events for layer in viewer.layers]
    return {
        "layers": len(viewer.layers),
        "listeners of our signals": sum(len(signal) for signal in signals),
        "listeners of napari's": sum(
            len(emitter.callbacks) for group in emitters for emitter in group.emitters.values()
        ),
        "Qt objects of the window": len(scene.window.findChildren(QObject)),
    }
