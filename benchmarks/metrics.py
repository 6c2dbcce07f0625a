"""What figures of points cost: curves over thresholds, matching, and distances one to one.

Run with ``python benchmarks/metrics.py``. Seconds are the processor's, on one thread.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from _report import Report
from numpy.typing import NDArray

from napari_slitseg.core.detection import Detections
from napari_slitseg.core.matching import match
from napari_slitseg.core.metrics import (
    ScoredImage,
    bijective_chamfer_distance,
    chamfer_distance,
    earth_movers_distance,
    precision_recall,
    rank_image,
    tolerance_curve,
)

Points = NDArray[np.float64]
N_IMAGES, N_CANDIDATES, N_SLITS, SIDE_PX = 50, 2000, 100, 640
TOLERANCE_PX = 6.0


def main() -> int:
    """Print all figures; return 1 if a goal was missed."""
    report = Report("Metrics of points")
    images = [_image(seed) for seed in range(N_IMAGES)]
    name = f"{N_IMAGES} images of {N_CANDIDATES} candidates"
    report.figure(
        f"precision-recall, {name}", _seconds(lambda: precision_recall(images)), "{:.2f} s", 5
    )
    doubtful = [_image(seed, n_uncertain=10) for seed in range(N_IMAGES)]
    took = _seconds(lambda: precision_recall(doubtful))
    report.figure("the same with 10 uncertain annotations each", took, "{:.2f} s", 10)
    ranked = [rank_image(image) for image in images]
    took = _seconds(lambda: precision_recall(ranked))
    report.figure("the same of images ranked before", 1e3 * took, "{:.0f} ms", 200)
    took = _seconds(lambda: tolerance_curve(images, threshold=0.9))
    report.figure("F1 over all tolerances of their detections", took, "{:.2f} s", 5)
    many = _two_sets(10_000, 9_000, side_px=10_000)
    report.figure(
        "match, 10000 points", _seconds(lambda: match(*many, TOLERANCE_PX)), "{:.2f} s", 3
    )
    took = _seconds(lambda: chamfer_distance(*many, empty_px=0))
    report.figure("Chamfer distance, 10000 points", 1e3 * took, "{:.0f} ms", 200)
    _report_transport(report)
    return report.exit_code()


def _report_transport(report: Report) -> None:
    for n, m in ((100, 110), (300, 310)):
        took = _seconds(partial(earth_movers_distance, *_two_sets(n, m), empty_px=0))
        report.figure(f"earth mover's distance, {n} and {m} points", took, "{:.2f} s", 3)
    two = _two_sets(2000, 2100)
    took = _seconds(lambda: bijective_chamfer_distance(*two, penalty_px=TOLERANCE_PX))
    report.figure("bijective Chamfer distance, 2000 and 2100 points", took, "{:.2f} s", 10)


def _image(seed: int, *, n_uncertain: int = 0) -> ScoredImage:
    """Return an image of which every slit has a candidate near, among many others."""
    rng = np.random.default_rng(seed)
    yx, annotated = _two_sets(N_CANDIDATES, N_SLITS, seed=seed)
    found = Detections(yx[rng.permutation(len(yx))], np.sort(rng.random(len(yx)))[::-1])
    return ScoredImage(
        found=found,
        annotated_yx=annotated,
        tolerance_px=TOLERANCE_PX,
        min_distance_px=3.0,
        uncertain_yx=rng.uniform(0, SIDE_PX, (n_uncertain, 2)),
        ignore_radius_px=TOLERANCE_PX,
    )


def _two_sets(n: int, m: int, *, side_px: int = SIDE_PX, seed: int = 0) -> tuple[Points, Points]:
    """Return n points anywhere, and m that are 2 px off the first of them as far as there are."""
    rng = np.random.default_rng(seed)
    first, second = rng.uniform(0, side_px, (n, 2)), rng.uniform(0, side_px, (m, 2))
    both = min(n, m)
    second[:both] = first[:both] + rng.normal(0, 2, (both, 2))
    return first, second


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())
