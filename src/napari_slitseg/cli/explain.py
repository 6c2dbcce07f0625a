"""Losses, schedules, detectors and models in words, on the output stream."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from napari_slitseg.cli.tables import make_console
from napari_slitseg.cli.view import printable
from napari_slitseg.core.losses.spec import ERASURES
from napari_slitseg.core.spec_settings import Setting

_BAR: Final = 40
_BESIDE_BAR: Final = 31
_STACKED_BELOW: Final = 72
_ALL_COLUMNS_FROM: Final = 110
_SETTINGS: Final = ("setting", "default", "unit", "limits", "what it does")
_ABOUT: Final = (
    "idea",
    "use_when",
    "parameters",
    "erasure",
    "needs_pretraining",
    "compares_with",
    "family",
    "recommended",
    "source",
    "formula",
)


def print_rows(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    caption: str | None = None,
    spare: str | None = None,
) -> None:
    """Print a table of texts; on a narrow terminal without a spare column, or row below row."""
    console = make_console()
    kept = [
        i for i, name in enumerate(columns) if name != spare or console.width >= _ALL_COLUMNS_FROM
    ]
    titles = [columns[i].replace("_", " ") for i in kept]
    cells = [[printable(row[i], sys.stdout) for i in kept] for row in rows]
    if console.width < _STACKED_BELOW:
        _print_stacked(console, titles, cells, caption)
    else:
        grid = Table(caption=caption, caption_justify="left")
        for title in titles:
            grid.add_column(title, overflow="fold")
        for row in cells:
            grid.add_row(*map(Text, row))
        console.print(grid)


def _print_stacked(
    console: Console, titles: Sequence[str], rows: Iterable[Sequence[str]], caption: str | None
) -> None:
    for first, *others in rows:
        console.print(Text(first, style="bold"))
        for title, cell in zip(titles[1:], others, strict=True):
            if cell:
                console.print(Padding(Text(f"{title}: {cell}" if title else cell), (0, 0, 0, 2)))
    if caption:
        console.print(Text(caption, style="italic"))


def print_about(name: str, about: Mapping[str, Any]) -> None:
    """Print the name, and what there is to know with what helps to choose first."""
    console = make_console()
    console.print(Text(printable(f"{about['title']} ({name})", sys.stdout), style="bold"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for key in _ABOUT:
        if key in about:
            words = _words(key, about[key])
            grid.add_row(f"  {key.replace('_', ' ')}", Text(printable(words, sys.stdout)))
    console.print(grid)


def _words(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value}: {ERASURES[value]}" if key == "erasure" else str(value)


def print_settings(settings: Sequence[Setting]) -> None:
    """Print a table of settings, if there are any."""
    rows = [
        (each.name, json.dumps(each.default), each.unit, each.limits, each.description)
        for each in settings
    ]
    if rows:
        print_rows(_SETTINGS, rows)


def print_presets(presets: Mapping[str, Any]) -> None:
    """Print a table of presets, if there are any."""
    if presets:
        rows = [(name, json.dumps(values)) for name, values in presets.items()]
        print_rows(("preset", "values"), rows)


def print_rates(steps: Sequence[int], rates: Sequence[float], *, caption: str | None) -> None:
    """Print learning rates with bars."""
    console = make_console()
    highest = max(rates) or 1.0
    bar = min(_BAR, console.width - _BESIDE_BAR)
    grid = Table("step", "learning rate", "", caption=caption, caption_justify="left")
    for step, rate in zip(steps, rates, strict=True):
        grid.add_row(str(step), f"{rate:.6g}", "#" * round(bar * rate / highest))
    console.print(grid)
