"""A table of a report page, and how numbers are written in it; part of `measure_page`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from napari_slitseg.core.morphometry import Rollup, RollupFigure
from napari_slitseg.pipelines.measure_rollups import confidence_of

NONE: Final = "\N{EN DASH}"
"""What stands where there is no value."""


@dataclass(frozen=True)
class PageTable:
    """A table as a person reads it.

    Attributes
    ----------
    title : str
    columns : tuple of str
        Headings.
    rows : tuple of tuple of str
    note : str
        What numbers are; below the table.
    n_names : int
        How many columns from the left are names, not numbers.
    is_long : bool
        Whether it has a row for each image or glomerulus: may be folded away.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    n_names: int = 1
    is_long: bool = False


def number(value: float, unit: str = "") -> str:
    """Write a figure with three digits, or what stands for none."""
    if not math.isfinite(value):
        return NONE
    if unit == "" and 0 <= value <= 1:
        return f"{100 * value:.1f} %"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def ranged(value: float, low: float, high: float, unit: str) -> str:
    """Write a value with its range in brackets, or that there is none."""
    if not math.isfinite(value):
        return NONE
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"{number(value, unit)} (no interval)"
    return f"{number(value, unit)} ({number(low, unit)} to {number(high, unit)})"


def heading(figure: RollupFigure) -> str:
    """Return what stands above the numbers of a figure."""
    return f"{figure.title} ({figure.unit})" if figure.unit else figure.title


def percent(rolled: Rollup) -> str:
    """Return the confidence of all intervals as a percentage."""
    return f"{100 * confidence_of(rolled):g} %"
