"""Files of results that grow by each run, so that a study goes on where it stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

Row = Mapping[str, Any]
Key = tuple[Any, ...]
RUNS = "runs.csv"


def append(path: Path, rows: Sequence[Row], float_format: str | None = None) -> None:
    """Add rows to a file of results, which has a line of names if it is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table, is_new = pd.DataFrame(rows), not path.exists()
    table.to_csv(path, mode="a", header=is_new, index=False, float_format=float_format)


def is_done(folder: Path, which: Row) -> bool:
    """Whether the file of runs in a folder has a row with these values."""
    path = folder / RUNS
    if not path.exists():
        return False
    rows = pd.read_csv(path)
    same = [rows[name] == value for name, value in which.items()]
    return bool(pd.concat(same, axis=1).all(axis=1).any())


@dataclass(frozen=True)
class RunFile:
    """The file of runs in a folder.

    Attributes
    ----------
    folder : Path
    names : tuple of str
        Columns that tell one run from another.
    planned : tuple of tuple
        Their values for every run, in the order in which runs are made.
    """

    folder: Path
    names: tuple[str, ...]
    planned: tuple[Key, ...]

    def rows(self) -> pd.DataFrame:
        """Return the table; an empty one where there is no file."""
        path = self.folder / RUNS
        return pd.read_csv(path) if path.exists() else pd.DataFrame(columns=list(self.names))

    def missing(self) -> list[Key]:
        """Return the planned runs that the file does not have."""
        done = set(self.rows()[list(self.names)].itertuples(index=False, name=None))
        return [key for key in self.planned if key not in done]

    def append(self, row: Row) -> None:
        """Add a run at once."""
        append(self.folder / RUNS, [row])
