"""The Metrics dock with many images: a drag of the threshold, and how the others catch up.

Run with ``python benchmarks/metrics_dock.py``; needs a screen (or a virtual one). Times are those
of the window's own thread, in which a person's clicks wait: the longest block is the longest wait.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from _report import Report

N_IMAGES = 500
N_SLITS = 60
N_MOVES = 30
SHAPE = (256, 256)
VIEWS = ("table", "histogram", "counts", "agreement", "recall", "threshold", "points")
LONGEST_BLOCK_MS = 50
MOST_WORK_S = 3


def main() -> int:
    """Print all figures; return 1 if a goal was missed."""
    import napari
    from qtpy.QtWidgets import QApplication

    from napari_slitseg.widgets.open_workspace import inner, open_workspace

    report = Report(f"Metrics dock, {N_IMAGES} images of {N_SLITS} slits")
    viewer = napari.Viewer(title="benchmark")
    open_workspace(viewer)
    dock = inner(viewer, "Metrics")
    _fill(dock.workspace)
    _blocks(lambda: dock.is_up_to_date)
    for view in VIEWS:
        _measure(report, dock, view)
    _export(report, dock)
    viewer.close()
    QApplication.processEvents()
    return report.exit_code()


def _fill(workspace: Any) -> None:
    """Add images with what a model found in them, and open one."""
    from napari_slitseg.core.detection.peaks import Detections
    from napari_slitseg.core.image import Micrograph
    from napari_slitseg.core.points import PointTable
    from napari_slitseg.core.prediction import Prediction

    rng = np.random.default_rng(0)
    maps, pixels = np.zeros(SHAPE, np.float16), np.zeros(SHAPE, np.uint8)
    for number in range(N_IMAGES):
        yx = rng.uniform(0, SHAPE[0], (N_SLITS, 2))
        annotation = PointTable.from_yx(yx + rng.normal(size=yx.shape))
        image = Micrograph(pixels, 10.0, "benchmark", f"image {number:03}")
        key = workspace.add_image(image, annotation=annotation)
        found = Detections(yx, np.sort(rng.random(N_SLITS))[::-1])
        workspace.set_prediction(key, Prediction(maps, maps, found, 0.5, 0, 10, "none", "0" * 64))
    workspace.open(workspace.entries[0].key)


def _measure(report: Report, dock: Any, view: str) -> None:
    """Move the threshold once and wait, then drag it."""
    dock.views.choose(view)
    _catch_up(dock)
    dock.workspace.set_cut(0.45, 0.0)
    start = time.perf_counter()
    blocks = _catch_up(dock)
    took = time.perf_counter() - start
    report.figure(f"{view}: others follow, clock", took, "{:.1f} s")
    report.figure(f"{view}: others follow, processor", sum(blocks), "{:.1f} s", MOST_WORK_S)
    report.figure(f"{view}: longest block", 1e3 * max(blocks), "{:.0f} ms", LONGEST_BLOCK_MS)
    moves = [_move(dock, 0.3 + 0.4 * step / N_MOVES) for step in range(N_MOVES)]
    report.figure(f"{view}: a move of a drag, median", 1e3 * statistics.median(moves), "{:.0f} ms")
    report.figure(f"{view}: a move of a drag, longest", 1e3 * max(moves), "{:.0f} ms", 100)
    _catch_up(dock)


def _catch_up(dock: Any) -> list[float]:
    blocks = _blocks(lambda: dock.is_up_to_date and not dock.curve.runner.is_busy)
    return blocks + _blocks(_after(0.3))


def _move(dock: Any, threshold: float) -> float:
    """Seconds from a move to the window being free again; moves come each 20 ms."""
    start = time.thread_time()
    dock.workspace.set_cut(threshold, 0.0)
    blocks = _blocks(_after(0.02))
    return time.thread_time() - start - sum(blocks) + blocks[0]


def _after(seconds: float) -> Callable[[], bool]:
    end = time.perf_counter() + seconds
    return lambda: time.perf_counter() > end


def _blocks(is_done: Callable[[], bool], limit_s: float = 120) -> list[float]:
    """Handle events until something holds; processor seconds of each round."""
    from qtpy.QtWidgets import QApplication

    blocks: list[float] = []
    is_late = _after(limit_s)
    while not (blocks and is_done()) and not is_late():
        start = time.thread_time()
        QApplication.processEvents()
        blocks.append(time.thread_time() - start)
    return blocks


def _export(report: Report, dock: Any) -> None:
    """Write a workbook of all images and their points."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scores.xlsx"
        start = time.perf_counter()
        dock.export_to(path)
        blocks = _blocks(lambda: not dock.export.runner.is_busy)
        report.figure("workbook, clock", time.perf_counter() - start, "{:.1f} s", 60)
        report.figure("workbook, longest block", 1e3 * max(blocks), "{:.0f} ms")
        report.figure("workbook, size", path.stat().st_size / 1e6, "{:.1f} MB", 10)


if __name__ == "__main__":
    sys.exit(main())
