"""The committed file of runs: what is there, what is missing, one more row."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
from arch_scores import Row
from arch_train import GROUPS

FOLDER = Path(__file__).parent / "results"
RUNS = "runs.csv"
SEEDS = (0, 1, 2)

Key = tuple[str, str, int]


def runs(folder: Path = FOLDER) -> pd.DataFrame:
    """Return the table of runs; an empty one where there is no file."""
    path = folder / RUNS
    if path.exists():
        return pd.read_csv(path)
    return pd.DataFrame(columns=["network", "losses", "seed"])


def missing(folder: Path = FOLDER) -> list[Key]:
    """Return network, losses and seed of the runs that the file does not have."""
    done = set(runs(folder)[["network", "losses", "seed"]].itertuples(index=False, name=None))
    planned = [(*each, seed) for group in GROUPS for seed in SEEDS for each in group]
    return [key for key in planned if key not in done]


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
