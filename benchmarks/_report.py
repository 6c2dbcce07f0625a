"""Where and when a benchmark ran, its figures, and whether they meet their goals."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class Report:
    """Prints where a benchmark ran, then its figures, and knows which goals were missed.

    Parameters
    ----------
    title : str
        Name of the benchmark.

    Attributes
    ----------
    date, hardware : str
        When and where it runs.
    missed : list of str
        Names of figures that missed their goal.
    figures : list of dict
        Every figure: its name, the figure with its unit, its goal ("" without), whether it is met.
    """

    def __init__(self, title: str) -> None:
        self.missed: list[str] = []
        self.figures: list[dict[str, Any]] = []
        self.date = f"{datetime.now(UTC):%Y-%m-%d}"
        self.hardware = f"{_processor()}, {os.cpu_count()} cores"
        print(f"# {title}")
        print(f"date:     {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
        print(f"hardware: {self.hardware}{_load()}, {platform.system()}")
        print(f"python:   {platform.python_version()}")
        print(f"commit:   {_commit()}\n")

    def figure(
        self,
        name: str,
        value: float,
        form: str,
        at_most: float | None = None,
        *,
        at_least: float | None = None,
    ) -> bool:
        """Print one figure.

        Parameters
        ----------
        name : str
            What was measured, and how.
        value : float
            The figure.
        form : str
            Format with its unit, such as "{:.0f} ms".
        at_most, at_least : float, optional
            Goal, in the same unit; one of the two. NaN misses it.

        Returns
        -------
        bool
            Whether the goal was met; True without one.
        """
        bound, sign = (at_most, "<=") if at_least is None else (at_least, ">=")
        is_met = bound is None or (value <= bound if at_least is None else value >= bound)
        missed = "" if is_met else ", MISSED"
        figure = form.format(value)
        goal = "" if bound is None else f"{sign} {form.format(bound)}"
        told = f"   (goal: {goal}{missed})" if goal else ""
        self.missed += [] if is_met else [name]
        self.figures.append({"name": name, "figure": figure, "goal": goal, "met": bool(is_met)})
        print(f"{name:<58} {figure:>16}{told}", flush=True)
        return is_met

    def exit_code(self) -> int:
        """Return 1 if a goal was missed, after saying which; else 0."""
        if self.missed:
            print(f"\nmissed goals: {'; '.join(self.missed)}", flush=True)
        return int(bool(self.missed))


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
