"""Losses and schedules in words, on the output stream."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from napari_slitseg.cli.tables import make_console
from napari_slitseg.cli.view import printable
from napari_slitseg.core.spec_settings import Setting

_BAR: Final = 40
_SETTINGS: Final = ("setting", "default", "unit", "limits", "what it does")


def print_rows(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str | None = None
) -> None:
    """Print a table of texts."""
    grid = Table(caption=caption, caption_justify="left")
    for column in columns:
        grid.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        grid.add_row(*(Text(printable(cell, sys.stdout)) for cell in row))
    make_console().print(grid)


def print_about(name: str, about: Mapping[str, Any]) -> None:
    """Print the name and one line for each thing to know."""
    console = make_console()
    console.print(Text(f"{about['title']} ({name})", style="bold"), soft_wrap=True)
    for key, value in about.items():
        if key != "title":
            words = str(value) if not isinstance(value, bool) else ("yes" if value else "no")
            line = f"  {key.replace('_', ' '):<14}{words}"
            console.print(Text(printable(line, sys.stdout)), soft_wrap=True)


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
    highest = max(rates) or 1.0
    rows = [
        (str(step), f"{rate:.6g}", "#" * round(_BAR * rate / highest))
        for step, rate in zip(steps, rates, strict=True)
    ]
    print_rows(("step", "learning rate", ""), rows, caption=caption)
