"""Cost of every loss beside one training step of the published network.

Run ``python benchmarks/losses.py`` (some ten minutes on two cores). Each loss is measured on two
maps, dots beside the annotations and the noise of an untrained network; the slower one counts.
On the processor everything runs in one thread and its time is the processor's, so that the shares
hold on a busy machine too; on a graphics card time is the clock's.
"""

from __future__ import annotations

import argparse
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import torch
from _report import Report

from napari_slitseg.core.losses import LOSSES, build_loss
from napari_slitseg.core.losses.draw import draw_dots, draw_heatmap
from napari_slitseg.core.losses.spec_overlap import Dice
from napari_slitseg.core.losses.target import Target
from napari_slitseg.core.models import ForkNetSpec, build_model

MAPS = ("dots", "noise")
SHARE_GOAL, MEMORY_GOAL_MB = 0.10, 200.0
RADIUS_PX, SIGMA_PX, OFF_PX = 1.9, 1.9, 2.0
MEASURED = "extra MB:"


@dataclass(frozen=True)
class Size:
    """How large the measured tensors are.

    Attributes
    ----------
    batch, side_px, n_points : int
        Images, their height and width, and annotations in each.
    width : float
        Of the network.
    """

    batch: int = 4
    side_px: int = 640
    n_points: int = 60
    width: float = 1.0


WHOLE, QUICK = Size(), Size(batch=2, side_px=64, n_points=6, width=0.125)


def main() -> int:
    """Print every figure; return 1 if a recommended loss missed a goal."""
    args = arguments()
    size = QUICK if args.quick else WHOLE
    device = torch.device(args.device)
    if device.type == "cpu":
        torch.set_num_threads(1)
    if args.child:
        print(MEASURED, extra_here_mb(args.child, size, device))
        return 0
    report = Report("Losses")
    print(
        f"torch {torch.__version__}, {torch.get_num_threads()} threads, {name_of(device)}, float32"
    )
    print(f"{size.batch} x 1 x {size.side_px} x {size.side_px}, {size.n_points} points an image\n")
    micro = args.micro_batch or (1 if device.type == "cpu" else size.batch)
    step_s = training_step_s(size, device, micro)
    title = f"one step of ForkNet(width={size.width:g}), {micro} image(s) at a time"
    report.figure(title, step_s, "{:.3f} s")
    above = [
        name for name in args.only or LOSSES if not print_loss(report, name, size, device, step_s)
    ]
    if above:
        print(f"\nnot recommended, and above the goals: {', '.join(above)}")
    return report.exit_code()


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--only", nargs="+", choices=list(LOSSES), metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="small images, to try it out")
    parser.add_argument(
        "--micro-batch",
        type=int,
        help="images of the network's step at a time; 1 on the processor, else all",
    )
    parser.add_argument("--child", choices=list(LOSSES), help=argparse.SUPPRESS)
    return parser.parse_args()


def name_of(device: torch.device) -> str:
    """Return the name of a graphics card, or of the kind of device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def training_step_s(size: Size, device: torch.device, micro: int) -> float:
    """Time forward, dice on both heads, backward and the optimiser's step.

    The batch goes through in parts of `micro` images where memory is short.
    """
    torch.manual_seed(0)
    model = build_model(ForkNetSpec(width=size.width)).to(device)
    optimiser = torch.optim.AdamW(model.parameters())
    dice = build_loss(Dice())
    target = target_of(size, device)
    image = torch.randn(size.batch, 1, size.side_px, size.side_px, device=device)

    def step() -> None:
        optimiser.zero_grad()
        for first in range(0, size.batch, micro):
            part = slice(first, first + micro)
            mask = Target(mask=None if target.mask is None else target.mask[part])
            membrane, slit = model(image[part])
            (dice(membrane, mask) + dice(slit, mask)).backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    return median_s(step, device, runs=1 if device.type == "cpu" else 5)


def print_loss(report: Report, name: str, size: Size, device: torch.device, step_s: float) -> bool:
    """Print time and memory of a loss; return whether it meets the goals or has them to miss."""
    recommended = LOSSES[name].about.recommended
    share = max(loss_s(name, kind, size, device) for kind in MAPS) / step_s
    memory = extra_mb(name, size, device)
    goals = (SHARE_GOAL, MEMORY_GOAL_MB) if recommended else (None, None)
    star = " (recommended)" if recommended else ""
    report.figure(f"{name}{star}: time, of a step", share, "{:.1%}", goals[0])
    report.figure(f"{name}{star}: extra memory", memory, "{:.0f} MB", goals[1])
    return recommended or (share <= SHARE_GOAL and memory <= MEMORY_GOAL_MB)


def loss_s(name: str, kind: str, size: Size, device: torch.device) -> float:
    """Time forward and backward of a loss with its defaults, median."""
    run = forward_backward(name, kind, size, device)
    return median_s(run, device, runs=5)


def forward_backward(name: str, kind: str, size: Size, device: torch.device) -> Callable[[], None]:
    """Return the work that is measured; forward alone where there is no gradient."""
    loss = build_loss(LOSSES[name]())
    target = target_of(size, device)
    logits = logits_of(kind, size, device).requires_grad_()

    def run() -> None:
        logits.grad = None
        value = loss(logits, target)
        if value.requires_grad:
            value.backward()  # type: ignore[no-untyped-call]

    return run


def median_s(work: Callable[[], None], device: torch.device, runs: int) -> float:
    """Time a call, after one that does not count if there are several."""
    times = []
    for _ in range(runs + (runs > 1)):
        start = now_s(device)
        work()
        times.append(now_s(device) - start)
    return statistics.median(times[-runs:])


def now_s(device: torch.device) -> float:
    """Return the clock's time when a graphics card has done all it was told, or the processor's."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        return time.perf_counter()
    return time.process_time()


def extra_mb(name: str, size: Size, device: torch.device) -> float:
    """Return the most memory that a loss takes beyond logits and target, in a fresh process."""
    command = [sys.executable, __file__, "--child", name, "--device", str(device)]
    command += ["--quick"] if size == QUICK else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return float(done.stdout.rpartition(MEASURED)[2])


def extra_here_mb(name: str, size: Size, device: torch.device) -> float:
    """Return what `extra_mb` does, of this process; NaN where the system does not tell."""
    small = Size(batch=1, side_px=32, n_points=2)
    works = [forward_backward(name, kind, size, device) for kind in MAPS]
    forward_backward(name, MAPS[0], small, device)()
    if device.type == "cuda":
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
    else:
        before = psutil.Process().memory_info().rss
    for work in works:
        work()
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else peak_resident()
    return (peak - before) / 1e6


def peak_resident() -> float:
    """Return the largest memory this process ever had, bytes; NaN where the system is silent."""
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [each for each in status.read_text().splitlines() if each.startswith("VmHWM")]
        return 1024 * float(line.split()[1])
    return float(getattr(psutil.Process().memory_info(), "peak_wset", math.nan))


def points_of(size: Size) -> list[torch.Tensor]:
    """Return random points, (y, x) px, the same every time."""
    rng = np.random.default_rng(0)
    inside = (4, size.side_px - 5)
    drawn = rng.uniform(*inside, (size.batch, size.n_points, 2))
    return [torch.tensor(yx, dtype=torch.float32) for yx in drawn]


def target_of(size: Size, device: torch.device) -> Target:
    """Return points, and dots as mask."""
    points = [yx.to(device) for yx in points_of(size)]
    shape = (size.side_px, size.side_px)
    return Target(mask=draw_dots(points, shape, radius_px=RADIUS_PX, device=device), points=points)


def logits_of(kind: str, size: Size, device: torch.device) -> torch.Tensor:
    """Return dots 2 px off the annotations, or the smooth noise round 0 of an untrained network."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn((size.batch, 1, size.side_px, size.side_px), generator=generator)
    smooth = torch.nn.functional.avg_pool2d(noise, 3, stride=1, padding=1)
    if kind == "noise":
        return (0.3 * smooth).to(device)
    moved: Sequence[torch.Tensor] = [yx + OFF_PX / math.sqrt(2) for yx in points_of(size)]
    dots = draw_heatmap(moved, (size.side_px, size.side_px), sigma_px=SIGMA_PX)
    return (10 * dots - 5 + 0.3 * smooth).to(device)


if __name__ == "__main__":
    sys.exit(main())
