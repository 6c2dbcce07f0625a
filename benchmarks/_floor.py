"""The least time that a device can take: its peak arithmetic and bandwidth, and what models ask."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True)
class Device:
    """What a device reached in this run.

    Attributes
    ----------
    flops_per_s : float
        The better of a matrix product and a convolution, float32.
    bytes_per_s : float
        Read and written while copying.
    """

    flops_per_s: float
    bytes_per_s: float

    def floor_s(self, work: Work) -> float:
        """Return the least time for some work: neither arithmetic nor memory can be faster."""
        return max(work.flops / self.flops_per_s, work.bytes_moved / self.bytes_per_s)


@dataclass(frozen=True)
class Work:
    """What a model asks for.

    Attributes
    ----------
    flops : int
        Operations of all convolutions; a multiplication and an addition are two.
    bytes_moved : int
        Inputs, kernels and outputs of all convolutions. The rest could be done on the way.
    """

    flops: int
    bytes_moved: int


class _Traffic(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes that convolutions read and write."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes_moved = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Run an operation, and count it if it is a convolution or its gradient."""
        result = func(*args, **(kwargs or {}))
        if "convolution" in str(func):
            outputs = result if isinstance(result, (tuple, list)) else [result]
            tensors = [each for each in (*args, *outputs) if isinstance(each, Tensor)]
            self.bytes_moved += sum(each.numel() * each.element_size() for each in tensors)
        return result


def work_of(task: Callable[[], object]) -> Work:
    """Count the work of a task while it runs; it must not be in inference mode."""
    counter = FlopCounterMode(display=False)
    with counter, _Traffic() as traffic:
        task()
    return Work(counter.get_total_flops(), traffic.bytes_moved)


def clock(device: torch.device) -> float:
    """Return seconds: of this process on a processor, of the day on a graphics card."""
    if device.type == "cpu":
        return time.process_time()
    torch.cuda.synchronize(device)
    return time.perf_counter()


def seconds(task: Callable[[], object], device: torch.device) -> float:
    """Time one call."""
    start = clock(device)
    task()
    return clock(device) - start


def measure(device: torch.device, *, quick: bool) -> Device:
    """Measure a device with a matrix product, a convolution and a copy, the best of several."""
    side, px, channels, n = (256, 64, 16, 2) if quick else (2048, 320, 64, 4)
    square = torch.randn(side, side, device=device)
    image = torch.randn(1, channels, px, px, device=device)
    image = image.to(memory_format=torch.channels_last)
    kernel = torch.randn(channels, channels, 3, 3, device=device)
    source = torch.randn(2**20 if quick else 2**26, device=device)
    copy = torch.empty_like(source)

    def best(task: Callable[[], object]) -> float:
        task()
        return min(seconds(task, device) for _ in range(n))

    product = 2 * side**3 / best(lambda: square @ square)
    flops = 2 * 9 * (channels * px) ** 2
    convolution = flops / best(lambda: torch.conv2d(image, kernel, padding=1))
    moved = 2 * source.numel() * source.element_size()
    return Device(max(product, convolution), moved / best(lambda: copy.copy_(source)))
