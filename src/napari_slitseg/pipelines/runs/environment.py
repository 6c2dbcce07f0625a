"""The machine, the versions and the command of a run, for its record."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import psutil

from napari_slitseg import __version__
from napari_slitseg.core.processes import this_host

_PACKAGES: Final = ("torch", "lightning-fabric", "numpy", "scipy", "scikit-image", "tifffile")
_VARIABLES: Final = (
    *("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "MKL_NUM_THREADS"),
    *("CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID"),
)
_ASK_S: Final = 10


def describe_environment() -> dict[str, Any]:
    """Return the machine, the versions and the command of this process as JSON values."""
    return {
        "time": datetime.now().astimezone().isoformat(timespec="seconds"),
        "versions": {
            "napari-slitseg": __version__,
            "python": platform.python_version(),
            **{name: _version(name) for name in _PACKAGES},
        },
        "platform": platform.platform(),
        "host": this_host(),
        "processor": _processor(),
        "cores": psutil.cpu_count(logical=True),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "graphics_cards": _graphics_cards(),
        "variables": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
        "command": sys.argv,
        "executable": sys.executable,
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _graphics_cards() -> list[str]:
    """Names of NVIDIA's cards, as their driver tells without torch."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    command = [program, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.split("\n")[:-1]
