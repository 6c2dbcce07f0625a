"""The tables and plots of the page."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from distance_evidence import write_evidence
from distance_plots import write_plots
from distance_results import Results
from distance_tables import tables
from study_page import fill

README: Final = Path(__file__).parent / "README.md"


def write_pages(results: Results, *, readme: bool) -> None:
    """Write plots beside the results, and tables into the page or, if not there, beside them."""
    found = tables(results)
    write_plots(results)
    if readme:
        fill(README, found)
        write_evidence(results)
        return
    text = "\n\n".join(f"<!-- {mark} -->\n{table}" for mark, table in found.items())
    results.folder.mkdir(parents=True, exist_ok=True)
    (results.folder / "tables.md").write_text(text + "\n", "utf-8")
