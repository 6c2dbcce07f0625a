"""Means over seeds with what can be said of them, and figures that need no training."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

Number = tuple[str, float]


def t_interval(each: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % t-interval of the mean of two values or more."""
    half = float(stdtrit(len(each) - 1, 0.975) * each.std(ddof=1) / np.sqrt(len(each)))
    return float(each.mean()) - half, float(each.mean()) + half


def with_interval(each: NDArray[np.float64]) -> str:
    """Return a mean with its interval, and a mark where that is clear of 0."""
    if len(each) < 2:
        return f"{each.mean():+.3f} (one seed)"
    low, high = t_interval(each)
    return f"{each.mean():+.3f} ({low:+.3f} to {high:+.3f}){'' if low <= 0 <= high else ' *'}"


def with_spread(values: pd.Series[float], digits: int) -> str:
    """Return a mean and the standard deviation, where there are two values or more."""
    mean = f"{values.mean():.{digits}f}"
    return f"{mean} ± {values.std(ddof=1):.{digits}f}" if len(values) > 1 else mean


def write_numbers(path: Path, numbers: Iterable[Number]) -> None:
    """Write figures with their names to a file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["figure", "value"])
        writer.writerows((name, f"{value:.6g}") for name, value in numbers)
