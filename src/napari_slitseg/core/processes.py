"""Whether a process still lives, told from another one that was given its number later."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Final

_SAME_START_S: Final = 1.0
_START_FIELD: Final = 19


def this_host() -> str:
    """Return the name of this machine."""
    return platform.node()


def start_of(pid: int) -> float | None:
    """When a process of this machine began, in seconds; None where none of that number lives."""
    if platform.system() == "Linux":
        return _linux_start_of(pid)
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def is_living(pid: int, started: float) -> bool:
    """Whether the process that began then still lives on this machine."""
    start = start_of(pid)
    return start is not None and abs(start - started) < _SAME_START_S


def _linux_start_of(pid: int) -> float | None:
    """Seconds from the machine's start, which no change of the clock touches."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    if fields[0] in (b"Z", b"X"):
        return None
    return int(fields[_START_FIELD]) / os.sysconf("SC_CLK_TCK")
