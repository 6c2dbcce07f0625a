"""Where and when a benchmark ran, printed above its figures."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path


def print_header(title: str) -> None:
    """Print the title, the date, the hardware, how busy it is, and the commit."""
    print(f"# {title}")
    print(f"date:     {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    print(f"hardware: {_processor()}, {os.cpu_count()} cores{_load()}, {platform.system()}")
    print(f"python:   {platform.python_version()}")
    print(f"commit:   {_commit()}\n")


def print_figure(name: str, value: str, goal: str = "") -> None:
    """Print one line of the report."""
    print(f"{name:<58} {value:>16}{f'   (goal: {goal})' if goal else ''}", flush=True)


def _processor() -> str:
    try:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def _load() -> str:
    return f" (load {os.getloadavg()[0]:.1f})" if hasattr(os, "getloadavg") else ""


def _commit() -> str:
    """Return the short hash, marked when files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"
