"""Cost of a prediction: overhead over the bare network, seams, memory, the threshold slider.

Run ``python benchmarks/predict.py`` (two minutes) or with ``--full`` (about ten; adds a
20,000 x 20,000 px image and a 2,048 x 20,000 px strip through a real ForkNet).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
import zarr
from _memory import announce_ready, peak_of
from _report import Report
from numpy.typing import NDArray
from scipy import ndimage
from torch import nn

from napari_slitseg.core.bundled import DEFAULT_MODEL, bundled_models, resolve_model
from napari_slitseg.core.checkpoint import CheckpointInfo, load_checkpoint
from napari_slitseg.core.detection.peaks import candidates, select
from napari_slitseg.core.image import Normalisation
from napari_slitseg.core.inference import Predictor
from napari_slitseg.core.models import ForkNetSpec, ModelSpec, build_model
from napari_slitseg.core.models.base import Logits, SegmentationModel

T = TypeVar("T")
Pixels = NDArray[np.uint8]

STAND_IN = "stand-in network"


class StandIn(SegmentationModel):
    """A bright-spot filter that costs next to nothing but asks for ForkNet's halo."""

    size_multiple = 16
    receptive_radius_px = 116

    def __init__(self) -> None:
        super().__init__(ForkNetSpec(width=0.25))
        self.mean = nn.Conv2d(1, 1, 3, padding=1, bias=False)
        nn.init.constant_(self.mean.weight, 1 / 9)

    def forward(self, image: torch.Tensor) -> Logits:
        """Return logits that are high on the few spots above the noise."""
        return Logits(4 * image, 6 * (self.mean(image) - 1.7))


def main() -> int:
    """Print every figure; return 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="also the large images")
    parser.add_argument("--runs", type=int, default=15, help="paired runs for the overhead")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="name or file of the model")
    parser.add_argument("--threads", type=int, help="torch threads; all cores if not given")
    parser.add_argument("--child", nargs=2, metavar=("KIND", "STORE"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        kind, store = args.child
        predict_store(kind, store, args.model)
        return 0
    if args.threads:
        torch.set_num_threads(args.threads)
    report = Report("Prediction")
    print(f"torch threads: {torch.get_num_threads()}\n")
    model, info = load(args.model)
    print(f"model: {info.name}, {info.spec}\n")
    print_overhead(report, model, info, args.runs)
    print_seams(report, model, info)
    print_slider(report)
    if args.full:
        print_memory(report, STAND_IN, (20_000, 20_000), args.model)
        print_memory(report, "the model", (2_048, 20_000), args.model)
    return report.exit_code()


def load(name: str) -> tuple[SegmentationModel, CheckpointInfo]:
    """Return a model, or random weights where the bundled one is missing."""
    if name != DEFAULT_MODEL or name in bundled_models():
        return load_checkpoint(resolve_model(name))
    torch.manual_seed(0)
    spec = ForkNetSpec(width=0.25)
    return build_model(spec).eval(), bare_info(spec)


def bare_info(spec: ModelSpec) -> CheckpointInfo:
    """Return what a predictor needs to know about weights without a card."""
    return CheckpointInfo(
        name="random weights",
        spec=spec,
        normalisation=Normalisation(),
        pixel_size_nm=10.0,
        threshold=0.5,
        min_distance_nm=80.0,
        card={},
        job={},
        sha256="",
    )


def spots(shape: tuple[int, int], seed: int = 0) -> Pixels:
    """Return grey noise with a bright spot every 50 px or so."""
    rng = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(rng.normal(size=shape), 1.5) * 150
    marks = (rng.random(shape) < 1 / 2500).astype(float)
    bright = ndimage.gaussian_filter(marks, 2.0) * 4000
    grey: Pixels = np.clip(100 + noise + bright, 0, 255).astype(np.uint8)
    return grey


def result(steps: Generator[Any, None, T]) -> T:
    """Run a generator to its end."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: T = end.value
            return value


def seconds(work: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def print_overhead(
    report: Report, model: SegmentationModel, info: CheckpointInfo, runs: int
) -> None:
    """Compare normalise + network + detect with the network's forward alone, run by run."""
    pixels = spots((640, 640))
    predictor = Predictor(model, info, device="cpu")
    image = torch.randn(1, 1, 640, 640)

    def bare() -> object:
        with torch.inference_mode():
            return model(image)

    def whole() -> object:
        maps = result(predictor.predict(pixels, info.pixel_size_nm))
        return select(candidates(maps.slit), threshold=info.threshold, min_distance_px=8)

    bare(), whole()
    pairs = [(seconds(bare), seconds(whole)) for _ in range(runs)]
    bare_s, whole_s = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(whole / bare for bare, whole in pairs)
    report.figure("bare forward, 640 x 640, channels last, median", 1000 * bare_s, "{:.0f} ms")
    report.figure("normalise + network + detect, median", 1000 * whole_s, "{:.0f} ms")
    report.figure("overhead, ratio of the medians", whole_s / bare_s, "{:.3f}", 1.25)
    report.figure("overhead, median of the paired ratios", ratio, "{:.3f}", 1.25)


def print_seams(report: Report, model: SegmentationModel, info: CheckpointInfo) -> None:
    """Compare an image in tiles with the same image in one piece."""
    predictor = Predictor(model, info, device="cpu")
    for shape, nm in (((900, 1010), 10.0), (((640, 1203)), 6.3)):
        pixels = spots(shape)
        whole = result(predictor.predict(pixels, nm))
        tiled = result(predictor.predict(pixels, nm, tile_px=448))
        worst = max(
            float(np.abs(getattr(whole, head) - getattr(tiled, head)).max())
            for head in ("membrane", "slit")
        )
        name = f"tiled - whole, {shape[0]} x {shape[1]} at {nm} nm, largest"
        report.figure(name, worst, "{:.1e}", 1e-4)


def print_slider(report: Report) -> None:
    """Time what happens when the threshold moves, for a usual map and a hopeless one."""
    rng = np.random.default_rng(0)
    marks = ndimage.gaussian_filter((rng.random((640, 640)) < 1e-4).astype(float), 2.0) * 20
    noise = ndimage.gaussian_filter(rng.random((640, 640)), 1.0)
    for name, probability in (("40 slits", marks), ("noise all over", noise)):
        found = candidates(np.clip(probability, 0, 1))
        slow = [seconds(lambda p=probability: candidates(np.clip(p, 0, 1))) for _ in range(9)]  # type: ignore[misc]
        quick = [
            seconds(lambda f=found, t=t: select(f, threshold=t, min_distance_px=8))  # type: ignore[misc]
            for t in np.linspace(0, 1, 41)
        ]
        middle = 1e3 * statistics.median(slow)
        report.figure(f"candidates, {name} ({len(found)})", middle, "{:.0f} ms")
        title = f"threshold slider to points, {name}, slowest"
        report.figure(title, 1e3 * max(quick), "{:.1f} ms", 100)


def print_memory(report: Report, kind: str, shape: tuple[int, int], model: str) -> None:
    """Predict and detect in a large lazy image, in a child process."""
    with tempfile.TemporaryDirectory(prefix="slitseg-") as folder:
        store = Path(folder) / "image.zarr"
        write_store(store, shape)
        start, peak, took = peak_of([__file__, "--model", model, "--child", kind, str(store)])
    name = f"{shape[0]:,} x {shape[1]:,} px, {kind}"
    rises = peak.private - start.private, peak.resident - start.resident
    report.figure(f"{name}: memory before", start.resident, "{:.0f} MB")
    report.figure(f"{name}: rise", rises[0], "{:.0f} MB")
    report.figure(f"{name}: with pages of files", rises[1], "{:.0f} MB")
    report.figure(f"{name}: time", took, "{:.0f} s")


def write_store(path: Path, shape: tuple[int, int]) -> None:
    """Write spots as a chunked file, block by block."""
    store = zarr.create_array(path, shape=shape, dtype="uint8", chunks=(1024, 1024))
    block = spots((1024, 1024))
    for y in range(0, shape[0], 1024):
        for x in range(0, shape[1], 1024):
            part = np.roll(block, (y // 7, x // 5), axis=(0, 1))
            store[y : y + 1024, x : x + 1024] = part[: shape[0] - y, : shape[1] - x]


def predict_store(kind: str, store: str, name: str) -> None:
    """Do the work of `print_memory`, in the child."""
    stand_in = kind == STAND_IN
    model, info = (StandIn(), bare_info(ForkNetSpec())) if stand_in else load(name)
    predictor = Predictor(model, info, device="cpu")
    pixels = zarr.open_array(store, mode="r")
    result(predictor.predict(spots((64, 64)), info.pixel_size_nm))
    announce_ready()
    maps = result(predictor.predict(pixels, info.pixel_size_nm))
    n_slits = len(candidates(maps.slit))
    if stand_in and not n_slits:
        raise SystemExit("nothing was found, so nothing was measured")


if __name__ == "__main__":
    sys.exit(main())
