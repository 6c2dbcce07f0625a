"""What is timed for one model, in a process of its own."""

from __future__ import annotations

import copy
import json
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from _floor import seconds, work_of
from _memory import announce_ready
from torch import Tensor, nn
from torch.nn import functional

from napari_slitseg.core.models import build_model, model_spec
from napari_slitseg.core.models.base import Logits, SegmentationModel
from napari_slitseg.core.models.folding import folded


@dataclass(frozen=True)
class Task:
    """What a child process does.

    Attributes
    ----------
    kind : str
        ``"forward"``, ``"step"`` or ``"variants"``.
    """

    kind: str
    name: str
    width: float
    side_px: int
    device: str
    runs: int
    threads: int
    compiles: bool

    def text(self) -> str:
        """Return the task as an argument of a command."""
        return json.dumps(asdict(self))


def perform(text: str, result: Path) -> None:
    """Do a task in the child process and write what was found."""
    task = Task(**json.loads(text))
    torch.set_num_threads(task.threads)
    torch.manual_seed(0)
    device = torch.device(task.device)
    model = build_model(model_spec(task.name, width=task.width)).to(device)
    _know_statistics(model, device)
    image = torch.randn(1, 1, task.side_px, task.side_px, device=device)
    kinds = {"forward": _forward, "step": _step, "variants": _variants}
    result.write_text(json.dumps(kinds[task.kind](task, model, image)))


def _know_statistics(model: SegmentationModel, device: torch.device) -> None:
    """Let batch norms see noise, so that numbers stay of ordinary size."""
    norms = [each for each in model.modules() if isinstance(each, nn.BatchNorm2d)]
    for each in norms:
        each.momentum = 0.5
    with torch.no_grad():
        for _ in range(4):
            model.train()(torch.randn(2, 1, 64, 64, device=device))


def _forward(task: Task, model: SegmentationModel, image: Tensor) -> dict[str, Any]:
    """Time the forward pass as prediction runs it, and count its work."""
    used = folded(model).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    with torch.no_grad():
        work_of(lambda: used(image[..., :64, :64]))
    announce_ready()
    _begin_memory(image.device)
    with torch.no_grad():
        work = work_of(lambda: used(image))
    with torch.inference_mode():
        times = [seconds(lambda: used(image), image.device) for _ in range(task.runs)]
    found = {"s": min(times), "device_mb": _device_memory_mb(image.device)}
    return {**found, **asdict(work), "bytes_per_px": model.spec.bytes_per_px}


def _step(task: Task, model: SegmentationModel, image: Tensor) -> dict[str, Any]:
    """Time forward, loss, backward and AdamW."""
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        logits = torch.cat(model(image), dim=1)
        loss = functional.binary_cross_entropy_with_logits(logits, torch.zeros_like(logits))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    announce_ready()
    _begin_memory(image.device)
    times = [seconds(step, image.device) for _ in range(task.runs)]
    peak = _device_memory_mb(image.device)
    return {"s": min(times), "device_mb": peak}


def _variants(task: Task, model: SegmentationModel, image: Tensor) -> dict[str, Any]:
    """Time each way to run a forward pass beside the plain one, in pairs."""
    announce_ready()
    model.eval()
    ways = _ways(task, model, image)
    found: dict[str, Any] = {}
    with torch.inference_mode():
        plain = ways.pop("plain")
        expected = torch.cat(plain(), 1).float()
        for name, way in ways.items():
            logits = torch.cat(way(), 1).float()
            pairs = [
                (seconds(plain, image.device), seconds(way, image.device)) for _ in range(task.runs)
            ]
            found[name] = {
                "ratio": statistics.median(other / one for one, other in pairs),
                "deviation": _deviation(expected, logits),
            }
    return found


def _deviation(expected: Tensor, found: Tensor) -> float:
    """Return the largest deviation of probabilities, with logits brought to unit variance.

    Untrained weights give logits so close to each other that sigmoids would hide differences.
    """
    mean = expected.mean((2, 3), keepdim=True)
    deviation = expected.std((2, 3), keepdim=True).clamp(min=1e-6)
    one, other = (torch.sigmoid((each - mean) / deviation) for each in (expected, found))
    return float((one - other).abs().max())


def _ways(task: Task, model: SegmentationModel, image: Tensor) -> dict[str, Callable[[], Logits]]:
    last = copy.deepcopy(model).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    used = folded(model)
    used = (copy.deepcopy(used) if used is model else used).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    shorter = {"bfloat16 autocast": torch.bfloat16}
    if image.device.type == "cuda":
        shorter["float16 autocast"] = torch.float16

    def in_short(dtype: torch.dtype) -> Logits:
        with torch.autocast(image.device.type, dtype):
            return used(image)  # type: ignore[no-any-return]

    ways: dict[str, Callable[[], Logits]] = {
        "plain": lambda: model(image),
        "channels-last": lambda: last(image),
        "channels-last, folded": lambda: used(image),
    }
    for name, dtype in shorter.items():
        ways[f"channels-last, folded, {name}"] = lambda dtype=dtype: in_short(dtype)  # type: ignore[misc]
    if task.compiles:
        compiled = torch.compile(copy.deepcopy(used))
        ways["channels-last, folded, compiled"] = lambda: compiled(image)  # type: ignore[no-untyped-call]
    return ways


def _begin_memory(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def _device_memory_mb(device: torch.device) -> float:
    """Return the most memory that tensors took on a graphics card, else 0."""
    return torch.cuda.max_memory_allocated(device) / 1e6 if device.type == "cuda" else 0.0
