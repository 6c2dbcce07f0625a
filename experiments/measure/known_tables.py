"""Errors by condition, as CSV and in the README."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

FOLDER: Final = Path(__file__).parent / "results"
README: Final = Path(__file__).parent / "README.md"
FIGURES: Final = {"length_nm": "length", "fpw_nm": "FPW", "density_per_um": "density"}
COLUMNS: Final = ("kind", "nm_per_px", "seed", "method", *FIGURES)

Row = dict[str, Any]


def error_row(truth: Any, method: str, found: dict[str, float]) -> Row:
    """Relative errors of one measurement, in percent."""
    true = truth.figures
    errors = {name: 100 * (found[name] / true[name] - 1) for name in FIGURES}
    about = {"kind": truth.kind, "nm_per_px": truth.nm_per_px, "seed": truth.seed}
    return {**about, "method": method, **errors}


def write_rows(name: str, rows: Sequence[Row]) -> None:
    """Write all errors as CSV, in percent."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{name}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow(
                {key: f"{row[key]:.3f}" if key in FIGURES else row[key] for key in COLUMNS}
            )


def read_rows(name: str) -> list[Row]:
    """Read what `write_rows` wrote."""
    with (FOLDER / f"{name}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    numbers = ("nm_per_px", *FIGURES)
    return [{**row, **{key: float(row[key]) for key in numbers}} for row in rows]


def table(rows: Sequence[Row], by: Sequence[str], *, worst: bool) -> list[str]:
    """Markdown: for each group mean error, and the error farthest from 0, in percent."""
    heads = [f"{title} {what}" for title in FIGURES.values() for what in _kinds(worst=worst)]
    lines = [_line([*by, "images", *heads]), _line(["---"] * (len(by) + 1 + len(heads)))]
    for key in dict.fromkeys(tuple(row[each] for each in by) for row in rows):
        group = [row for row in rows if tuple(row[each] for each in by) == key]
        cells = [_shown([row[name] for row in group], worst=worst) for name in FIGURES]
        lines.append(
            _line(
                [
                    *(f"{part:g}" if isinstance(part, float) else part for part in key),
                    str(len(group)),
                    *(cell for pair in cells for cell in pair),
                ]
            )
        )
    return lines


def _kinds(*, worst: bool) -> list[str]:
    return ["mean", "worst"] if worst else ["mean", "SD"]


def _shown(values: Sequence[float], *, worst: bool) -> list[str]:
    known = np.array([value for value in values if np.isfinite(value)])
    missing = len(values) - len(known)
    if not len(known):
        return ["none", "none"]
    other = known[np.abs(known).argmax()] if worst else known.std()
    form = "{:+.2f}" if worst else "{:+.1f}"
    note = f" ({missing} none)" if missing else ""
    return [form.format(known.mean()) + note, form.format(other).replace("+", "+" if worst else "")]


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def put(name: str, lines: Sequence[str]) -> None:
    """Replace what stands between two marks in the README."""
    text = README.read_text()
    before, rest = text.split(f"<!-- {name} -->\n")
    _, after = rest.split(f"<!-- end of {name} -->")
    README.write_text(
        f"{before}<!-- {name} -->\n" + "\n".join(lines) + f"\n<!-- end of {name} -->{after}"
    )
