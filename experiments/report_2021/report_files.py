"""The committed files of results: rows are added as soon as a run is done."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from report_scores import FIGURES

Row = Mapping[str, Any]

COLUMNS: Final = {
    "epochs": ("arm", "seed", "part", "epoch", "rate", *FIGURES),
    "runs": ("arm", "seed", "seconds"),
    "gradients": ("arm", "seed", "detector", "loss", "value", "part", "tensors", "without", "norm"),
    "loops": ("arm", "seed", "detector", "loss", "ms_per_step", "same_weights"),
    "moves": (
        *("arm", "seed", "variant", "mean_change", "largest_change"),
        *("ratio_doh", "ratio_tuned", "vanilla_px"),
    ),
    "detectors": (
        *("arm", "seed", "detector", "ms_96", "ms_640", "ratio"),
        *("f1_tuned", "offset_px", "unequal"),
    ),
}


class Results:
    """Tables in a folder.

    A run counts as done when `runs` says so; rows of one that was cut short are dropped when it is
    run again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def rows(self, table: str) -> list[dict[str, str]]:
        """Return the rows of a table as text; none where there is no file."""
        path = self.folder / f"{table}.csv"
        if not path.exists():
            return []
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def done(self) -> set[tuple[str, int]]:
        """Return the runs that are complete."""
        return {(row["arm"], int(row["seed"])) for row in self.rows("runs")}

    def add(self, table: str, rows: Sequence[Row]) -> None:
        """Put the rows of one run in the place of those it may have left before."""
        runs = {(str(row["arm"]), str(row["seed"])) for row in rows}
        kept = [row for row in self.rows(table) if (row["arm"], row["seed"]) not in runs]
        self._write(table, [*kept, *rows])

    def close(self, arm: str, seed: int, seconds: float) -> None:
        """Say that a run is complete."""
        self.add("runs", [{"arm": arm, "seed": seed, "seconds": seconds}])

    def _write(self, table: str, rows: Sequence[Row]) -> None:
        path = self.folder / f"{table}.csv"
        part = path.with_suffix(".part")
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS[table], lineterminator="\n")
            writer.writeheader()
            writer.writerows({name: _shown(each) for name, each in row.items()} for row in rows)
        part.replace(path)


def _shown(value: object) -> object:
    return f"{value:.5g}" if isinstance(value, float) else value
