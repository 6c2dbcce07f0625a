"""What the docks add to napari: time to open them, and from the slider to the layers.

Run with ``python benchmarks/workspace.py``; needs a screen (or a virtual one).
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import numpy as np
from _report import Report

OPEN = """
import time, napari
from qtpy.QtWidgets import QApplication
viewer = napari.Viewer(title="benchmark")
for _ in range(50):
    QApplication.processEvents()
start = time.perf_counter(), time.process_time()
from napari_slitseg.widgets.open_workspace import open_workspace
open_workspace(viewer)
print(time.perf_counter() - start[0], time.process_time() - start[1])
viewer.close()
"""
N_SLITS = 60
REPEATS = 5


def main() -> int:
    """Print all figures; return 1 if a goal was missed.

    A person waits for the clock; on a busy machine the processor's time tells what the docks cost.
    """
    report = Report("Workspace")
    clock, processor = zip(*(_open() for _ in range(REPEATS)), strict=True)
    name = "opening all docks"
    report.figure(f"{name}, clock, median of {REPEATS}", _median(clock), "{:.2f} s", 1)
    report.figure(f"{name}, clock, best of {REPEATS}", min(clock), "{:.2f} s")
    report.figure(f"{name}, processor, median of {REPEATS}", _median(processor), "{:.2f} s")
    report.figure(f"{name}, processor, best of {REPEATS}", min(processor), "{:.2f} s", 1)
    took, worked = _slide()
    name = "slider to layers, 640 x 640"
    report.figure(f"{name}, clock, median", 1e3 * took, "{:.0f} ms", 100)
    report.figure(f"{name}, processor, median", 1e3 * worked, "{:.0f} ms", 100)
    return report.exit_code()


def _median(values: tuple[float, ...]) -> float:
    return statistics.median(values)


def _open() -> tuple[float, float]:
    """Clock and processor seconds to open the docks in a fresh napari."""
    done = subprocess.run([sys.executable, "-c", OPEN], capture_output=True, text=True, check=True)
    clock, processor = done.stdout.split()[-2:]
    return float(clock), float(processor)


def _slide() -> tuple[float, float]:
    """Clock and processor seconds from a move of the slider to points in the layers."""
    import napari

    from napari_slitseg.core.detection.peaks import Detections
    from napari_slitseg.core.image import Micrograph
    from napari_slitseg.core.points import PointTable
    from napari_slitseg.core.prediction import Prediction
    from napari_slitseg.widgets._session import workspace_of
    from napari_slitseg.widgets.open_workspace import inner, open_workspace

    rng = np.random.default_rng(0)
    yx = rng.uniform(0, 640, (N_SLITS, 2))
    maps = rng.random((640, 640)).astype(np.float32)
    score = np.linspace(1, 0, N_SLITS)
    viewer = napari.Viewer(title="benchmark")
    open_workspace(viewer)
    workspace = workspace_of(viewer)
    image = Micrograph((maps * 255).astype(np.uint8), 10.0, "benchmark", "benchmark")
    key = workspace.add_image(image, annotation=PointTable.from_yx(yx + rng.normal(size=yx.shape)))
    found = Detections(yx, score)
    workspace.set_prediction(key, Prediction(maps, maps, found, 0.5, 50, 10, "none", "0" * 64))
    workspace.open(key)
    slider = inner(viewer, "Predict slits").slider
    times = [_seconds(slider.setValue, value) for value in (20, 60, 35, 80, 50, 10, 45, 70, 30)]
    viewer.close()
    return _median(tuple(t[0] for t in times[1:])), _median(tuple(t[1] for t in times[1:]))


def _seconds(move: object, value: int) -> tuple[float, float]:
    start = time.perf_counter(), time.process_time()
    move(value)  # type: ignore[operator]
    return time.perf_counter() - start[0], time.process_time() - start[1]


if __name__ == "__main__":
    sys.exit(main())
