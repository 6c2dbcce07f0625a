"""The committed file of runs: what is there, what is missing, one more row."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
from lobes_train import SETTINGS, Row

FOLDER = Path(__file__).parent / "results"
RUNS = "runs.csv"
TASKS = ("lobes", "membrane")
SEEDS = (0, 1, 2)

Key = tuple[str, str, int]


def planned() -> list[Key]:
    """Return task, setting and seed of every run, in the order in which they are made."""
    return [
        (task, name, seed)
        for task in TASKS
        for seed in SEEDS
        for name, setting in SETTINGS.items()
        if task == "lobes" or setting.in_table
    ]


def runs(folder: Path = FOLDER) -> pd.DataFrame:
    """Return the table of runs; an empty one where there is no file."""
    path = folder / RUNS
    return pd.read_csv(path) if path.exists() else pd.DataFrame(columns=["task", "setting", "seed"])


def missing(folder: Path = FOLDER) -> list[Key]:
    """Return the planned runs that the file does not have."""
    done = set(runs(folder)[["task", "setting", "seed"]].itertuples(index=False, name=None))
    return [key for key in planned() if key not in done]


def append(row: Row, folder: Path = FOLDER) -> None:
    """Add a run to the file at once."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / RUNS
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, row, lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow(row)
