"""What the training loop adds to the bare step, and whether its memory stays flat.

Run with ``python benchmarks/training.py``.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from _report import Report
from torch.nn.functional import binary_cross_entropy_with_logits

from napari_slitseg.core.bundled import resolve_model
from napari_slitseg.core.checkpoint import CheckpointInfo, load_checkpoint, save_checkpoint
from napari_slitseg.core.image_normalisation import Normalisation
from napari_slitseg.core.models import build_model, model_spec
from napari_slitseg.events import EpochDone, Event, Finished, StepDone
from napari_slitseg.jobs import FinetuneJob, SimulateJob
from napari_slitseg.pipelines.finetune import finetune
from napari_slitseg.pipelines.runs.folder import new_run
from napari_slitseg.pipelines.simulate import simulate_files

BATCH, PATCH_PX = 4, 256
PAIRS, WARM_UP, UNDISTURBED = 12, 2, 15
EPOCHS, SETTLED = 200, 20


def main() -> int:
    """Print all figures; return 1 if a goal was missed."""
    torch.set_num_threads(2)
    report = Report("Training")
    with tempfile.TemporaryDirectory() as folder:
        images = _simulated(Path(folder) / "large", 6, 640)
        _steps(report, Path(folder), images)
        _waiting(report, Path(folder), images)
        _memory(report, Path(folder))
    return report.exit_code()


def _steps(report: Report, folder: Path, images: Path) -> None:
    """Compare steps of the loop with bare steps that alternate with them."""
    job = FinetuneJob(
        images=(images,), runs=folder, steps_per_epoch=PAIRS + WARM_UP, epochs=1, batch=BATCH
    )
    bare, ours = _bare_steps(), list[tuple[float, float]]()
    for event in _events(job):
        if isinstance(event, StepDone):
            ours.append((event.seconds, next(bare)))
    ratios = [mine / plain for mine, plain in ours[WARM_UP:]]
    name = f"step, ForkNet(0.25), {BATCH} x {PATCH_PX} x {PATCH_PX}"
    report.figure(f"{name}, clock, median", statistics.median(s for s, _ in ours), "{:.2f} s")
    report.figure("the same bare, clock, median", statistics.median(b for _, b in ours), "{:.2f} s")
    report.figure("ratio, median of pairs", statistics.median(ratios), "{:.3f}", 1.10)


def _waiting(report: Report, folder: Path, images: Path) -> None:
    """Measure the share of time in which steps wait for patches, without bare steps between."""
    job = FinetuneJob(
        images=(images,), runs=folder, steps_per_epoch=UNDISTURBED, epochs=1, batch=BATCH
    )
    steps = [event for event in _events(job) if isinstance(event, StepDone)][WARM_UP:]
    share = sum(step.waited for step in steps) / sum(step.seconds for step in steps)
    report.figure("share of steps spent waiting for patches", 100 * share, "{:.1f} %", 2)


def _memory(report: Report, folder: Path) -> None:
    """Follow the memory of a small training over many validations."""
    job = FinetuneJob(
        images=(_simulated(folder / "small", 6, 320),),
        start=str(_small_model(folder / "small.safetensors")),
        runs=folder,
        steps_per_epoch=1,
        epochs=EPOCHS,
        batch=2,
        patch_px=64,
    )
    sizes = [event.memory_mb for event in _events(job) if isinstance(event, EpochDone)]
    settled, end = max(sizes[: SETTLED + 1]), max(sizes[-SETTLED:])
    report.figure(f"memory after {SETTLED} validations", settled, "{:.0f} MB")
    growth = 100 * (end / settled - 1)
    report.figure(f"growth until {EPOCHS} validations", growth, "{:+.1f} %", 5)


def _events(job: FinetuneJob) -> Iterator[Event]:
    """Train, and stop with an error where the training does."""
    for event in finetune(new_run(job), lambda: "go"):
        yield event
        if isinstance(event, Finished) and event.reason != "done":
            raise RuntimeError(event.message)


def _bare_steps() -> Iterator[float]:
    """Yield the seconds of steps with nothing but forward, a loss, backward and optimiser."""
    model, _ = load_checkpoint(resolve_model("slitseg-unet-v2"))
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)
    pixels = torch.randn(BATCH, 1, PATCH_PX, PATCH_PX)
    target = (torch.rand(BATCH, 1, PATCH_PX, PATCH_PX) > 0.95).float()
    while True:
        begun = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        losses = [binary_cross_entropy_with_logits(each, target) for each in model(pixels)]
        torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        yield time.perf_counter() - begun


def _simulated(folder: Path, n: int, side: int) -> Path:
    """Draw annotated micrographs and return their folder."""
    for event in simulate_files(SimulateJob(out=folder, n=n, shape=(side, side))):
        if isinstance(event, Finished) and event.reason != "done":
            raise RuntimeError(event.message)
    return folder / "images"


def _small_model(path: Path) -> Path:
    """Write a small untrained model."""
    spec = model_spec("forknet", width=0.0625)
    info = CheckpointInfo("small", spec, Normalisation(), 10.0, 0.5, 20.0)
    save_checkpoint(path, build_model(spec), info)
    return path


if __name__ == "__main__":
    raise SystemExit(main())
