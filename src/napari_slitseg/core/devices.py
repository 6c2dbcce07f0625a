"""Which device and precision a network runs on, and how much fits there."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import torch

from napari_slitseg.core.inference_types import InferenceError

PRECISIONS: Final = {
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
}

_GIB: Final = 2**30
_UNKNOWN_MEMORY: Final = 4 * _GIB


def available_devices() -> list[str]:
    """Names of the devices of this machine, the fastest first; the last is always "cpu"."""
    n_gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    gpus = ["cuda"] if n_gpus == 1 else [f"cuda:{i}" for i in range(n_gpus)]
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return [*gpus, *mps, "cpu"]


def choose_device(name: str = "auto") -> torch.device:
    """Find the device to run on.

    Parameters
    ----------
    name : str
        "auto" (a CUDA graphics card, else Apple's MPS, else the processor), "cpu", "mps", "cuda"
        or "cuda:<number>".

    Raises
    ------
    InferenceError
        If this machine has no such device.
    """
    devices = available_devices()
    if name == "auto":
        return torch.device(devices[0])
    if name in devices or (name in ("cuda", "cuda:0") and devices[0].startswith("cuda")):
        return torch.device(name)
    raise InferenceError(
        f"The device {name!r} is not available on this machine; "
        f"choose one of: auto, {', '.join(devices)}."
    )


def choose_dtype(precision: str, device: torch.device) -> torch.dtype:
    """Find the number format of the network's arithmetic.

    Parameters
    ----------
    precision : str
        "auto", "float32", "float16" or "bfloat16". Auto is bfloat16 on graphics cards that
        compute it, float16 on others and on MPS, and float32 on the processor: those without
        instructions for bfloat16 take 5 to 8 times as long with it (AMD EPYC, AVX2).
    device : torch.device
        Where the network runs.

    Raises
    ------
    InferenceError
        For any other name.
    """
    if precision in PRECISIONS:
        return PRECISIONS[precision]
    if precision != "auto":
        raise InferenceError(
            f"The precision {precision!r} is unknown; choose auto, {', '.join(PRECISIONS)}."
        )
    if device.type == "cuda":
        exact = torch.cuda.get_device_capability(device) >= (8, 0)
        return torch.bfloat16 if exact or torch.version.hip else torch.float16
    return torch.float16 if device.type == "mps" else torch.float32


def working_memory_bytes(device: torch.device) -> int:
    """Memory that one batch of tiles may take without crowding out others, bytes."""
    if device.type == "cuda":
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return (torch.cuda.mem_get_info(device)[0] + kept) // 2
    if device.type == "mps":
        limit = torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
        return max(limit, _GIB) // 2
    return min(_available_ram_bytes() // 4, 3 * _GIB)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that a device, or this machine, ran out of memory."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    words = r"out of memory|not enough memory|can't allocate memory|ALLOC_FAILED"
    return isinstance(error, RuntimeError) and re.search(words, str(error)) is not None


def free_cached_memory(device: torch.device) -> None:
    """Give memory that torch keeps for later back to the device."""
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def _available_ram_bytes() -> int:
    """Memory that programs may still claim; a cautious guess where the system does not tell."""
    try:
        found = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text("ascii"))
    except OSError:
        found = None
    if found:
        return int(found[1]) * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):
        return _UNKNOWN_MEMORY
