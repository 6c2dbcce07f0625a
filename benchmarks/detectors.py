"""Time and accuracy of every detector, beside scikit-image's in the same run.

Run ``python benchmarks/detectors.py`` (a minute). One thread, 640 x 640 float32, 60 dots, Gaussians
from 1 to 4 px, 7 of them where a detector lets one choose. Times are medians of the processor's
time; ours and scikit-image's take turns, so that a busy machine slows both. On a graphics card,
images per second of a batch, by the clock. The noise of the map stays below the level at which
peaks are candidates, as on maps of a trained network; `predict.py` times peaks on a map of noise.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import skimage.feature
import torch
from _report import Report
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from napari_slitseg.core.detection.components import find_components
from napari_slitseg.core.detection.peaks import Detections, candidates
from napari_slitseg.core.detection.scale_space import Blobs, blob_dog, blob_doh, blob_log

Map = NDArray[np.float32]
Points = NDArray[np.float64]

RATIO_GOAL, PEAKS_GOAL_MS = 0.5, 10.0
RADIUS_PX, TOLERANCE_PX = 1.9, 2.0
SEVEN: dict[str, Any] = {"min_sigma": 1.0, "max_sigma": 4.0, "num_sigma": 7}
LOG: dict[str, Any] = {**SEVEN, "threshold": 0.1}
DOG: dict[str, Any] = {"min_sigma": 1.0, "max_sigma": 4.0, "threshold": 0.1}
DOH: dict[str, Any] = {**SEVEN, "threshold": 0.0025}


@dataclass(frozen=True)
class Size:
    """What is measured.

    Attributes
    ----------
    side_px, n_dots : int
        Of the map.
    runs : int
        Times each detector runs.
    batch : int
        Images at a time on a graphics card.
    """

    side_px: int = 640
    n_dots: int = 60
    runs: int = 15
    batch: int = 64


WHOLE, QUICK = Size(), Size(side_px=128, n_dots=6, runs=1, batch=2)


def main() -> int:
    """Print every figure; return 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small map, to try it out")
    size = QUICK if parser.parse_args().quick else WHOLE
    torch.set_num_threads(1)
    report = Report("Detectors")
    print(f"torch {torch.__version__}, {torch.get_num_threads()} thread, float32")
    print(f"{size.side_px} x {size.side_px}, {size.n_dots} dots of radius {RADIUS_PX} px\n")
    truth = centres(size)
    probability = dots(truth, size.side_px)
    for name, blobs, theirs in detectors():
        print_blobs(report, name, probability, truth, blobs, theirs, size.runs)
    print_maps(report, probability, truth, size.runs)
    print_device(report, probability, size)
    return report.exit_code()


class Ours(Protocol):
    """A detector on tensors."""

    def __call__(self, images: torch.Tensor, *, refine: bool = True) -> list[Blobs]:
        """Find the blobs of every image."""


Theirs = Callable[[Map], Points]


def detectors() -> list[tuple[str, Ours, Theirs]]:
    """Return name, function on tensors and scikit-image's function of each blob detector."""
    log, dog, doh = skimage.feature.blob_log, skimage.feature.blob_dog, skimage.feature.blob_doh
    return [
        ("LoG", partial(blob_log, **LOG), partial(log, **LOG)),
        ("DoG", partial(blob_dog, **DOG), partial(dog, **DOG)),
        ("DoH", partial(blob_doh, **DOH, bright_only=True), partial(doh, **DOH)),
    ]


def centres(size: Size) -> Points:
    """Return centres between the pixels, at least 8 px apart."""
    rng = np.random.default_rng(0)
    chosen: list[Points] = []
    while len(chosen) < size.n_dots:
        yx = rng.uniform(10, size.side_px - 10, 2)
        if all(np.hypot(*(yx - other)) >= 8 for other in chosen):
            chosen.append(yx)
    return np.array(chosen)


def dots(truth: Points, side_px: int) -> Map:
    """Return a map of discs with soft edges on a little noise."""
    y, x = np.indices((side_px, side_px))
    squared, _ = cKDTree(truth).query(np.stack([y, x], axis=-1))
    soft = np.clip(RADIUS_PX + 0.5 - squared, 0, 1)
    noise = np.random.default_rng(1).uniform(0, 0.01, soft.shape)
    result: Map = np.clip(0.9 * soft + noise, 0, 1).astype(np.float32)
    return result


def print_blobs(
    report: Report,
    name: str,
    probability: Map,
    truth: Points,
    blobs: Ours,
    theirs: Theirs,
    runs: int,
) -> None:
    """Print times and accuracy of a blob detector and of scikit-image's."""
    images = torch.from_numpy(probability)[None]
    own_ms, other_ms = alternating_ms(lambda: blobs(images), lambda: theirs(probability), runs)
    report.figure(f"{name}: time", own_ms, "{:.1f} ms")
    report.figure(f"{name}: time of scikit-image", other_ms, "{:.1f} ms")
    report.figure(f"{name}: ratio", own_ms / other_ms, "{:.2f}", RATIO_GOAL)
    print_accuracy(report, f"{name}, refined", blobs(images)[0].yx, truth)
    print_accuracy(report, f"{name}, not refined", blobs(images, refine=False)[0].yx, truth)
    print_accuracy(report, f"{name} of scikit-image", theirs(probability)[:, :2], truth)


def print_maps(report: Report, probability: Map, truth: Points, runs: int) -> None:
    """Print time and accuracy of the detectors that only read whole maps."""
    kinds: list[tuple[str, Callable[[Map], Detections], float | None]] = [
        ("peaks", lambda image: candidates(image), PEAKS_GOAL_MS),
        ("components", lambda image: find_components(image), None),
    ]
    for name, detect, goal in kinds:
        took_ms, _ = alternating_ms(lambda d=detect: d(probability), lambda: None, runs)  # type: ignore[misc]
        report.figure(f"{name}: time", took_ms, "{:.1f} ms", goal)
        found = detect(probability)
        print_accuracy(report, name, found.yx[found.score >= 0.5], truth)


def print_accuracy(report: Report, name: str, yx: Points, truth: Points) -> None:
    """Print how many dots were found, how many others, and how far off they are."""
    distance, nearest = cKDTree(truth).query(yx)
    near = distance <= TOLERANCE_PX
    off = distance[near]
    report.figure(f"{name}: dots found, of {len(truth)}", len(set(nearest[near])), "{:.0f}")
    report.figure(f"{name}: others found", len(yx) - len(set(nearest[near])), "{:.0f}")
    report.figure(f"{name}: mean error", off.mean() if len(off) else np.nan, "{:.3f} px")
    rms = np.sqrt((off**2).mean()) if len(off) else np.nan
    report.figure(f"{name}: RMS error", float(rms), "{:.3f} px")


def alternating_ms(
    first: Callable[[], object], second: Callable[[], object], runs: int
) -> tuple[float, float]:
    """Return the median times of two functions that take turns, ms."""
    first(), second()
    times = [(seconds(first), seconds(second)) for _ in range(runs)]
    one, two = (1e3 * statistics.median(each) for each in zip(*times, strict=True))
    return one, two


def seconds(work: Callable[[], object]) -> float:
    """Return the time of one call, the processor's own."""
    start = time.thread_time()
    work()
    return time.thread_time() - start


def print_device(report: Report, probability: Map, size: Size) -> None:
    """Print images per second of a batch on a graphics card, where there is one."""
    if not torch.cuda.is_available():
        print("\nno graphics card here: images per second not measured", flush=True)
        return
    images = torch.from_numpy(probability).to("cuda").repeat(size.batch, 1, 1)
    print(f"\n{torch.cuda.get_device_name()}, batch of {size.batch}")
    for name, blobs, _ in detectors():
        blobs(images)
        start = time.perf_counter()
        for _ in range(size.runs):
            blobs(images)
        each_s = (time.perf_counter() - start) / size.runs / size.batch
        report.figure(f"{name}: images per second", 1 / each_s, "{:.0f}")


if __name__ == "__main__":
    raise SystemExit(main())
