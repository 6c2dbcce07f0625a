"""The tables and plots of the page."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from distance_evidence import write_evidence
from distance_plots import write_plots
from distance_results import Results
from distance_tables import tables

README: Final = Path(__file__).parent / "README.md"


def write_pages(results: Results, *, readme: bool) -> None:
    """Write plots beside the results, and tables into the page or, if not there, beside them."""
    found = tables(results)
    write_plots(results)
    if readme:
        README.write_text(put(README.read_text("utf-8"), found), "utf-8")
        write_evidence(results)
        return
    text = "\n\n".join(f"<!-- {mark} -->\n{table}" for mark, table in found.items())
    results.folder.mkdir(parents=True, exist_ok=True)
    (results.folder / "tables.md").write_text(text + "\n", "utf-8")


def put(text: str, found: dict[str, str]) -> str:
    """Return a page with its marked tables replaced."""
    for mark, table in found.items():
        first, last = f"<!-- {mark} -->\n", f"<!-- end of {mark} -->"
        before, _, rest = text.partition(first)
        text = f"{before}{first}{table}\n{last}{rest.partition(last)[2]}"
    return text
