"""The Measure dock with many images: measure all, open another image, biopsies, a report.

Run with ``python benchmarks/measure_dock.py``; needs a screen (or a virtual one). A block is how
long the window's own thread is busy at a time, in which a person's clicks wait; it is told by the
clock, so it holds what other threads take away, too.
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
N_SLITS = 40
SHAPE = (512, 512)
N_OPENED = 20
LONGEST_BLOCK_MS = 100
OPENING_MS = 100
_REST_S = 0.002
"""As a window rests that waits for events: it takes nothing from the other threads meanwhile."""


def main() -> int:
    """Print all figures; return 1 if a goal was missed."""
    import napari
    from qtpy.QtWidgets import QApplication

    from napari_slitseg.widgets.open_workspace import inner, open_workspace

    report = Report(f"Measure dock, {N_IMAGES} images of {N_SLITS} slits")
    viewer = napari.Viewer(title="benchmark")
    open_workspace(viewer)
    dock = inner(viewer, "Measure")
    _fill(dock.workspace)
    _catch_up(dock)
    _all(report, dock)
    _open(report, dock)
    _one_slit(report, dock)
    _biopsies(report, dock)
    _report(report, dock)
    viewer.close()
    QApplication.processEvents()
    return report.exit_code()


def _fill(workspace: Any) -> None:
    """Add images with a wavy membrane in a model's map and slits on it, and open one."""
    from napari_slitseg.core.detection.peaks import Detections
    from napari_slitseg.core.image import Micrograph
    from napari_slitseg.core.prediction import Prediction

    rng = np.random.default_rng(0)
    pixels, x = np.zeros(SHAPE, np.uint8), np.linspace(8, SHAPE[1] - 8, N_SLITS)
    for number in range(N_IMAGES):
        phase, waves = rng.uniform(0, 6, 2)
        membrane = _wave(np.arange(SHAPE[1]), phase, waves)
        rows = np.abs(np.arange(SHAPE[0])[:, None] - membrane[None])
        image = Micrograph(pixels, 10.0, "benchmark", f"image {number:03}")
        key = workspace.add_image(image)
        yx = np.stack([_wave(x, phase, waves), x], axis=1)
        found = Detections(yx, np.full(N_SLITS, 0.9))
        maps = (rows < 8).astype(np.float16)
        workspace.set_prediction(key, Prediction(maps, maps, found, 0.5, 0, 10, "none", "0" * 64))
    workspace.open(workspace.entries[0].key)


def _wave(x: Any, phase: float, waves: float) -> Any:
    return SHAPE[0] / 2 + 60 * np.sin(phase + waves * x / 80)


def _all(report: Report, dock: Any) -> None:
    start, processor = time.perf_counter(), time.thread_time()
    dock.controls.everything.click()
    blocks = _catch_up(dock)
    report.figure("measure all, clock", time.perf_counter() - start, "{:.1f} s", 60)
    report.figure("measure all, window's processor", time.thread_time() - processor, "{:.1f} s")
    report.figure("measure all, longest block", 1e3 * max(blocks), "{:.0f} ms", LONGEST_BLOCK_MS)
    slow = 1e3 * sorted(blocks)[-max(1, len(blocks) // 100)]
    report.figure("measure all, one block in 100 is longer than", slow, "{:.0f} ms")


def _open(report: Report, dock: Any) -> None:
    """Open one image after the other, all measured."""
    workspace = dock.workspace
    times, own, blocks = [], [], []
    for entry in workspace.entries[1 : N_OPENED + 1]:
        start = time.thread_time()
        workspace.open(entry.key)
        opened = time.thread_time()
        dock.refresh()
        own.append(time.thread_time() - opened)
        times.append(time.thread_time() - start)
        blocks += _catch_up(dock)
    report.figure("open an image, all docks, median", 1e3 * statistics.median(times), "{:.0f} ms")
    report.figure("its part in this dock, median", 1e3 * statistics.median(own), "{:.0f} ms")
    report.figure("its part in this dock, longest", 1e3 * max(own), "{:.0f} ms", OPENING_MS)
    report.figure("open an image, longest block after", 1e3 * max(blocks), "{:.0f} ms")


def _one_slit(report: Report, dock: Any) -> None:
    """Exclude a stretch of the current image; its figures follow."""
    key = dock.workspace.current.key
    start = time.perf_counter()
    dock.measurer.set_excluded(key, (np.array([[0.0, 0], [0, 200], [511, 200], [511, 0]]),))
    _blocks(lambda: not dock.measurer.is_stale(key))
    report.figure("figures follow an edit, clock", 1e3 * (time.perf_counter() - start), "{:.0f} ms")
    _catch_up(dock)


def _biopsies(report: Report, dock: Any) -> None:
    """Say the biopsy of every image and wait for figures with intervals."""
    from napari_slitseg.core.morphometry import Sample

    samples = {
        entry.key: Sample(f"B{number % 20}", f"G{number % 3}", "ab"[number % 2])
        for number, entry in enumerate(dock.workspace.entries)
    }
    start = time.perf_counter()
    dock.tabs.setCurrentWidget(dock.units)
    dock.samples.found.emit(samples, ())
    dock.tabs.setCurrentWidget(dock.units)
    blocks = _catch_up(dock)
    report.figure("biopsies, clock", time.perf_counter() - start, "{:.1f} s", 30)
    report.figure("biopsies, longest block", 1e3 * max(blocks), "{:.0f} ms", LONGEST_BLOCK_MS)


def _report(report: Report, dock: Any) -> None:
    """Write a workbook and a page of all images."""
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("xlsx", "html"):
            start = time.perf_counter()
            dock.report.write(Path(folder) / f"measures.{kind}")
            blocks = _blocks(lambda: not dock.report.runner.is_busy)
            report.figure(f"{kind}, clock", time.perf_counter() - start, "{:.1f} s", 60)
            report.figure(f"{kind}, longest block", 1e3 * max(blocks), "{:.0f} ms")


def _catch_up(dock: Any) -> list[float]:
    return _blocks(lambda: dock.is_up_to_date) + _blocks(_after(0.3))


def _after(seconds: float) -> Callable[[], bool]:
    end = time.perf_counter() + seconds
    return lambda: time.perf_counter() > end


def _blocks(is_done: Callable[[], bool], limit_s: float = 180) -> list[float]:
    """Handle events until something holds; seconds of each round."""
    from qtpy.QtWidgets import QApplication

    blocks: list[float] = []
    is_late = _after(limit_s)
    while not (blocks and is_done()) and not is_late():
        start = time.perf_counter()
        QApplication.processEvents()
        blocks.append(time.perf_counter() - start)
        time.sleep(_REST_S)
    return blocks


if __name__ == "__main__":
    sys.exit(main())
