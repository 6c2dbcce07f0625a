"""The largest memory that a child process takes, seen from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass

import psutil

READY = "ready"


@dataclass(frozen=True)
class Memory:
    """Memory of a process, MB.

    Attributes
    ----------
    private : float
        What only this process can free.
    resident : float
        That plus pages of files, which the system drops when memory is short.
    """

    private: float
    resident: float


def announce_ready() -> None:
    """Tell the parent, from within the child, that set-up is done."""
    print(READY, flush=True)


def peak_of(arguments: list[str]) -> tuple[Memory, Memory, float]:
    """Run Python with these arguments in a child process.

    Returns
    -------
    start, peak : Memory
        When the child said it was ready, and the largest of either kind from then on.
    seconds : float
        How long that took.
    """
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as child:
        if child.stdout is None or child.stdout.readline().strip() != READY:
            raise RuntimeError(f"the child process failed: {' '.join(arguments)}")
        process = psutil.Process(child.pid)
        start = peak = _memory(process)
        began = time.perf_counter()
        while child.poll() is None:
            now = _memory(process)
            peak = Memory(max(peak.private, now.private), max(peak.resident, now.resident))
            time.sleep(0.01)
        if child.returncode:
            raise RuntimeError(f"the child process failed with code {child.returncode}")
    return start, peak, time.perf_counter() - began


def _memory(process: psutil.Process) -> Memory:
    try:
        info = process.memory_info()
    except psutil.NoSuchProcess:
        return Memory(0, 0)
    return Memory((info.rss - getattr(info, "shared", 0)) / 1e6, info.rss / 1e6)
