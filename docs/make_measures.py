"""Renew the table of figures in ``docs/measure.md``: ``python docs/make_measures.py``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from napari_slitseg.core.morphometry import MEASURES, Measure

PAGE = Path(__file__).parent / "measure.md"
START = "<!-- figures: python docs/make_measures.py -->\n"
END = "<!-- end of figures -->\n"


def renewed(page: str) -> str:
    """Return the page with the table as the figures say it."""
    before, rest = page.split(START)
    return f"{before}{START}{table()}{END}{rest.split(END)[1]}"


def table() -> str:
    """Return the table: figures that differ in their unit alone share a row."""
    rows: dict[tuple[str, str], list[Measure]] = {}
    for measure in MEASURES.values():
        rows.setdefault((measure.title, measure.definition), []).append(measure)
    lines = ["| figure | in tables | what it is | source |", "|---|---|---|---|"]
    for (title, definition), same in rows.items():
        names = ", ".join(f"`{each.name}`" for each in same)
        source = "" if same[0].source == "definition" else same[0].source
        lines.append(f"| {title} | {names} | {definition} | {source} |")
    return "\n".join(lines) + "\n"


def main(words: Sequence[str] | None = None) -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(description="Renew the table of figures.")
    parser.add_argument("--to", type=Path, default=PAGE, help="page to renew")
    page: Path = parser.parse_args(words).to
    page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
