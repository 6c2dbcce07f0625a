"""What stands between the marks of a study's page: tables, written from its results."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

STATEMENT = ("nr", "statement", "verdict", "evidence")


def fill(readme: Path, tables: Mapping[str, str]) -> None:
    """Replace what stands between the marks of a page; ValueError as in `filled`."""
    readme.write_text(filled(readme.read_text("utf-8"), tables), "utf-8")


def filled(text: str, tables: Mapping[str, str]) -> str:
    """Return the text of a page with each table between the marks of its name.

    Raises
    ------
    ValueError
        If there is not one pair of marks for each table.
    """
    for mark, table in tables.items():
        parts = re.split(f"(<!-- (?:end of )?{mark} -->)", text)
        if len(parts) != 5:
            raise ValueError(f"the page needs one place between marks for {mark!r}")
        text = "".join([*parts[:2], f"\n{table}\n", *parts[3:]])
    return text


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    return "\n".join([_line(heads), f"|{'---|' * len(heads)}", *map(_line, rows)])


def statements_table(path: Path) -> str:
    """Return the statements of a file with their verdicts."""
    with path.open(encoding="utf-8") as file:
        rows = [[row[name] for name in STATEMENT] for row in csv.DictReader(file)]
    return markdown(STATEMENT, rows)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
