"""Which devices a job takes, without torch where there is but the processor."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from typing import Final

from napari_slitseg.jobs import FinetuneJob

_DRIVERS: Final = (Path("/proc/driver/nvidia/gpus"), Path("/dev/kfd"))
_CLUSTERS: Final = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID", "TORCHELASTIC_RUN_ID")


def devices_of(job: FinetuneJob) -> tuple[str, ...]:
    """Return the names of all devices that a job takes on this machine.

    Graphics cards are named by their number on the machine, also where only some can be seen.

    Parameters
    ----------
    job : FinetuneJob

    Returns
    -------
    tuple of str
        "cpu", "mps" or "cuda:0" and so on.
    """
    kind, _, number = _kind_of(job.device).partition(":")
    if kind != "cuda":
        return (kind,)
    numbers = (int(number),) if number else range(job.devices)
    return tuple(f"cuda:{_number_on_machine(each)}" for each in numbers)


def is_given_devices() -> bool:
    """Whether a cluster or launcher has given this process its devices, so that none must wait."""
    return any(name in os.environ for name in _CLUSTERS)


def _kind_of(device: str) -> str:
    if device != "auto":
        return device
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return "mps"
    return _fastest() if _may_have_gpu() else "cpu"


def _may_have_gpu() -> bool:
    return any(path.exists() for path in _DRIVERS) or shutil.which("nvidia-smi") is not None


def _fastest() -> str:
    from napari_slitseg.core.devices import available_devices

    return available_devices()[0]


def _number_on_machine(number: int) -> str:
    seen = [each.strip() for each in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")]
    return seen[number] if number < len(seen) and seen[number] else str(number)
