"""How long a large folder takes to measure: lines, assignment and every figure of 1,000 images.

Run with ``python benchmarks/measure.py``. Two processes measure 1,000 images of 640 x 640 px, 20
simulated scenes again and again, from maps of probabilities and slits; then the figures of all
images are rolled up with nested bootstrap intervals. Reading files and running a model is not in
it.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from _report import Report
from numpy.typing import NDArray
from scipy import ndimage

if TYPE_CHECKING:
    from napari_slitseg.core.morphometry import ImageRow

N_IMAGES = 1000
N_SCENES = 20
SIDE_PX, NM_PER_PX = 640, 10.0
PROCESSES = 2
GOAL_S = 60


class Measured(NamedTuple):
    """The sums of one image, and the processor time that measuring it took."""

    row: ImageRow
    seconds: float


def main() -> int:
    """Print all figures; return 1 if the goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=N_IMAGES)
    n_images = parser.parse_args().images
    report = Report("Measure")
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        list(pool.map(_warm, range(4 * PROCESSES)))
        start = time.perf_counter()
        found = list(pool.map(_measured, range(n_images), chunksize=10))
        clock = time.perf_counter() - start
    name = f"{n_images} images of {SIDE_PX} x {SIDE_PX}: "
    processor = sum(each.seconds for each in found)
    report.figure(f"{name}clock, {PROCESSES} processes", clock, "{:.1f} s", GOAL_S)
    report.figure(f"{name}processor", processor, "{:.1f} s", GOAL_S * PROCESSES)
    report.figure("one image: processor, median", 1e3 * _median(found), "{:.0f} ms")
    _roll_up(report, found)
    return report.exit_code()


def _median(found: list[Measured]) -> float:
    return float(np.median([each.seconds for each in found]))


@cache
def _scene(number: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return a map of probabilities, with soft edges and weak stretches, and slits."""
    from napari_slitseg.core.simulate import SceneOptions, simulate

    scene = simulate(number, SceneOptions((SIDE_PX, SIDE_PX), pixel_size_nm=NM_PER_PX))
    dice = np.random.default_rng(number)
    soft = ndimage.gaussian_filter(scene.membrane.astype(np.float32), 1.5)
    grain = ndimage.gaussian_filter(dice.normal(size=soft.shape), 10)
    share = np.clip(1 + 0.2 * grain / grain.std(), 0, 1)
    return np.asarray(soft * share, np.float32), scene.slits


def _warm(_: int) -> None:
    for number in range(N_SCENES):
        _scene(number)


def _measured(index: int) -> Measured:
    from napari_slitseg.core.calibration import Scale
    from napari_slitseg.core.morphometry import Sample, figures, measure_image, row_of

    membrane, slits = _scene(index % N_SCENES)
    start = time.process_time()
    scale = Scale(NM_PER_PX, "typed", "benchmark")
    measures = measure_image(membrane, np.arange(len(slits)), slits, scale=scale)
    figures(measures)
    sample = Sample(f"b{index % 20}", f"g{index % 60}", f"group {index % 2}")
    row = row_of(f"{index}", sample, measures)
    return Measured(row, time.process_time() - start)


def _roll_up(report: Report, found: list[Measured]) -> None:
    """Figures of 2 groups, 20 biopsies and 60 glomeruli, each with its interval."""
    from napari_slitseg.core.morphometry import roll_up

    clock, processor = time.perf_counter(), time.process_time()
    roll_up([each.row for each in found])
    name = f"{len(found)} images: groups, biopsies, glomeruli with intervals, "
    report.figure(f"{name}processor", time.process_time() - processor, "{:.1f} s")
    report.figure(f"{name}clock", time.perf_counter() - clock, "{:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
