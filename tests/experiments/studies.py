"""The files of a study, which is no package, and what holds for the results of every one."""

from __future__ import annotations

import csv
import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
SHARED = EXPERIMENTS / "shared_study"
SHARED_MODULES = tuple(sorted(each.stem for each in SHARED.glob("*.py")))


@contextmanager
def modules_of(study: Path, names: Sequence[str], prefix: str = "") -> Iterator[SimpleNamespace]:
    """Give the modules of a folder by their names without the prefix, and those all studies share.

    They are forgotten in the end.
    """
    folders = [str(study), str(SHARED)]
    sys.path[:0] = folders
    try:
        files = {name: importlib.import_module(f"{prefix}{name}") for name in names}
        shared = {name: importlib.import_module(name) for name in SHARED_MODULES}
        yield SimpleNamespace(**files, **shared)
    finally:
        for folder in folders:
            sys.path.remove(folder)
        forget(study, SHARED)


def forget(*folders: Path) -> None:
    """Have the modules of folders imported anew the next time."""
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "").parent in folders:
            del sys.modules[name]


def check_statements(study: Path, seed: str) -> None:
    """Every statement of the committed table has its number, verdict and evidence."""
    with (study / "results" / "statements.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["nr"] for row in rows] == [str(i + 1) for i in range(len(rows))]
    assert {row["seed"] for row in rows} == {seed}
    assert {row["verdict"] for row in rows} <= {"holds", "fails", "unclear"}
    assert all(row["evidence"].strip() and row["statement"].strip() for row in rows)


def check_page(study: Path, shared: SimpleNamespace, tables: Mapping[str, str]) -> None:
    """The page has these tables between its marks."""
    text = (study / "README.md").read_text("utf-8")
    assert shared.study_page.filled(text, tables) == text, "write the tables again"
