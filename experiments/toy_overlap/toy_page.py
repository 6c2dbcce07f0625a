"""Tables of the README and the plots, from the files of results."""

from __future__ import annotations

from pathlib import Path


def write_page(folder: Path, readme: Path | None) -> None:
    """Write plots into the folder and tables into the README."""
