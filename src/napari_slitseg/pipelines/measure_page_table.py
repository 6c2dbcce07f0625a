"""A table of a report page, and how numbers are written in it; part of `measure_page`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    n_words : int
        How many columns from the right are text, not numbers.
    full : mapping of str to str
        Full names of short headings.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    n_names: int = 1
    is_long: bool = False
    n_words: int = 0
    full: Mapping[str, str] = field(default_factory=dict)

    def is_text(self, at: int) -> bool:
        """Return whether a column is text, and so stands to the left."""
        return at < self.n_names or at >= len(self.columns) - self.n_words

    @property
    def legend(self) -> str:
        """Full names of the headings, then what numbers are."""
        known = [name for name in self.columns if name in self.full]
        told = "; ".join(f"{name}: {self.full[name]}" for name in known)
        return " ".join(filter(None, (f"{told}." if told else "", self.note)))


def without(table: PageTable, names: Sequence[str]) -> PageTable:
    """Return a table without some of its columns."""
    kept = [at for at, name in enumerate(table.columns) if name not in names]
    first_words = len(table.columns) - table.n_words
    return replace(
        table,
        columns=tuple(table.columns[at] for at in kept),
        rows=tuple(tuple(row[at] for at in kept) for row in table.rows),
        n_names=sum(at < table.n_names for at in kept),
        n_words=sum(at >= first_words for at in kept),
    )


def told_once(table: PageTable, names: Sequence[str]) -> PageTable:
    """Return a table without columns that say nothing, or the same in each row: a note says it."""
    cells = {
        name: {row[at] for row in table.rows}
        for at, name in enumerate(table.columns)
        if name in names
    }
    empty = [name for name, found in cells.items() if found <= {"", NONE}]
    alike = [n for n, found in cells.items() if len(found) == 1 < len(table.rows)]
    said = [f"{n} {min(cells[n])}" for n in alike if n not in empty]
    note = f"The same in all rows: {'; '.join(said)}." if said else ""
    plain = without(table, [*empty, *alike])
    return replace(plain, note=" ".join(filter(None, (note, table.note))))


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


def short_range(value: float, ends: tuple[float, float], unit: str, how: str = "") -> str:
    """Write a value with its range in as few letters as can be, and what made it."""
    if not (math.isfinite(value) and all(map(math.isfinite, ends))):
        return number(value, unit)
    low, high = (number(end, unit) for end in ends)
    if unit == "":
        low, high = low.removesuffix(" %"), high.removesuffix(" %")
    return f"{number(value, unit)} ({low}\N{EN DASH}{high}{', ' * bool(how)}{how})"


def heading(figure: RollupFigure) -> str:
    """Return what stands above the numbers of a figure."""
    return f"{figure.title} ({figure.unit})" if figure.unit else figure.title


def percent(rolled: Rollup) -> str:
    """Return the confidence of all intervals as a percentage."""
    return f"{100 * confidence_of(rolled):g} %"
