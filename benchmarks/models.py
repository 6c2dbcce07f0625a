"""Time and memory of every model: ``python benchmarks/models.py`` (about ten minutes).

For each model: parameters, a forward pass, as prediction runs it, and a training step of one image
of 640 x 640 px at the default width and at that of the bundled model, and how many times longer
they take than arithmetic and bandwidth of the device allow. Then each way to run the
forward pass beside the plain one, in pairs: ratio of times, and the largest deviation of
probabilities. Times on a processor are those of one thread and of this process, so that other
programs disturb them little.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from _floor import Device, Work, measure
from _memory import peak_of
from _model_work import Task, perform
from _report import Report

from napari_slitseg.core.models import MODELS, build_model, model_spec

BUNDLED_WIDTH = 0.25
SLOWER_AT_MOST = 1.02
MEMORY_AT_MOST = 1.25


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes
    ----------
    side_px, variants_px : int
        Side of the image, and of the one that the ways are compared on.
    widths : tuple of float
        Of the models for time and memory.
    runs : int
        Forward passes of which the fastest counts, and pairs.
    compiles : bool
        Whether `torch.compile` is among the ways; it takes most of a minute for each model.
    """

    side_px: int = 640
    variants_px: int = 320
    widths: tuple[float, ...] = (1.0, BUNDLED_WIDTH)
    runs: int = 3
    compiles: bool = True


WHOLE, QUICK = Size(), Size(64, 64, (0.05,), 1, compiles=False)


def main() -> int:
    """Print every figure; return 1 if a goal was missed."""
    args = _parser().parse_args()
    if args.child:
        perform(args.child[0], Path(args.child[1]))
        return 0
    report = Report("Models")
    size = QUICK if args.quick else WHOLE
    for device in args.device or _devices():
        torch.set_num_threads(args.threads)
        print(f"## {_title(device, args.threads)}\n")
        limits = measure(torch.device(device), quick=args.quick)
        report.figure("arithmetic, float32", limits.flops_per_s / 1e9, "{:.0f} GFLOP/s")
        report.figure("bandwidth", limits.bytes_per_s / 1e9, "{:.1f} GB/s")
        print()
        for name in args.only or MODELS:
            for width in size.widths:
                _print_model(report, Case(name, width, device, args.threads, size), limits)
        ratios = [
            _print_ways(report, Case(name, size.widths[-1], device, args.threads, size))
            for name in args.only or MODELS
        ]
        goal = SLOWER_AT_MOST if device == "cpu" and not args.quick else None
        middle = statistics.median(ratios)
        report.figure(
            "default way of prediction, of the fastest without compiling", middle, "{:.2f}", goal
        )
    return report.exit_code()


@dataclass(frozen=True)
class Case:
    """One model on one device."""

    name: str
    width: float
    device: str
    threads: int
    size: Size

    def run(self, kind: str, side_px: int, runs: int) -> tuple[dict[str, Any], float]:
        """Return what a child process found, and by how many MB its memory rose."""
        task = Task(
            kind,
            self.name,
            self.width,
            side_px,
            self.device,
            runs,
            self.threads,
            self.size.compiles,
        )
        with tempfile.TemporaryDirectory(prefix="slitseg-") as folder:
            result = Path(folder) / "result.json"
            start, peak, _ = peak_of([__file__, "--child", task.text(), str(result)])
            found: dict[str, Any] = json.loads(result.read_text())
        return found, found.get("device_mb") or peak.private - start.private


def _print_model(report: Report, case: Case, limits: Device) -> None:
    """Print parameters, forward pass and training step."""
    size, title = case.size, f"{case.name}, width {case.width:g}"
    forward, forward_mb = case.run("forward", size.side_px, 1)
    step, step_mb = case.run("step", size.side_px, 1)
    work = Work(forward["flops"], forward["bytes_moved"])
    floor_s = limits.floor_s(work)
    report.figure(f"{title}: parameters", count(case), "{:,.0f}")
    report.figure(f"{title}: forward, arithmetic", work.flops / 1e9, "{:.1f} GFLOP")
    report.figure(f"{title}: forward", 1000 * forward["s"], "{:.0f} ms")
    report.figure(f"{title}: forward, of the device's floor", forward["s"] / floor_s, "{:.2f}")
    report.figure(f"{title}: forward, memory", forward_mb, "{:.0f} MB")
    reckoned_mb = forward["bytes_per_px"] * size.side_px**2 / 1e6
    goal = MEMORY_AT_MOST if case.device == "cpu" and size is WHOLE else None
    report.figure(f"{title}: that, of what tiles reckon", forward_mb / reckoned_mb, "{:.2f}", goal)
    report.figure(f"{title}: training step", 1000 * step["s"], "{:.0f} ms")
    report.figure(f"{title}: step, of three such floors", step["s"] / (3 * floor_s), "{:.2f}")
    report.figure(f"{title}: step, memory", step_mb, "{:.0f} MB")


def _print_ways(report: Report, case: Case) -> float:
    """Print each way to run a forward pass; return how the default compares with the best."""
    found, _ = case.run("variants", case.size.variants_px, case.size.runs)
    for way, figures in found.items():
        title = f"{case.name}: {way}"
        report.figure(f"{title}: time, of plain", figures["ratio"], "{:.2f}")
        report.figure(f"{title}: deviation", figures["deviation"], "{:.1e}")
    exact = {way: each for way, each in found.items() if "compiled" not in way}
    default = "channels-last, folded"
    if case.device != "cpu":
        default += ", bfloat16 autocast"
    best = min(each["ratio"] for each in exact.values())
    return float(exact[default]["ratio"] / best)


def count(case: Case) -> int:
    """Return the number of parameters."""
    with torch.device("meta"):
        model = build_model(model_spec(case.name, width=case.width))
    return sum(each.numel() for each in model.parameters())


def _devices() -> list[str]:
    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


def _title(device: str, threads: int) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else f"processor, {threads} thread(s)"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny, to see that it runs")
    parser.add_argument("--only", nargs="+", metavar="MODEL", choices=list(MODELS), help="models")
    parser.add_argument("--device", nargs="+", choices=["cpu", "cuda"], help="all there are")
    parser.add_argument("--threads", type=int, default=1, help="of the processor")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
