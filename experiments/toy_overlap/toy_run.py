"""Overlap losses on random images: ``python experiments/toy_overlap/toy_run.py``.

Trains what the results lack, one setting after the other, then writes tables and plots again. With
``--minutes N`` it starts no setting after that time; ``--quick --out FOLDER`` is a reduced run.
"""

from __future__ import annotations

import sys
import time
from itertools import groupby
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "shared_study"))
import pandas as pd
from study_command import make_in_folder
from study_results import append, is_done
from toy_cases import SETTINGS, Setting, runs_of
from toy_page import write_page
from toy_training import Row, Training, summary

HERE = Path(__file__).parent
QUICK_STEPS, QUICK_SEEDS = 12, (0,)


def main() -> None:
    """Train what is missing, then write tables and plots."""
    quick = "two settings, one seed, few steps"
    make_in_folder(__doc__, quick, HERE, train_missing, write_page)


def train_missing(folder: Path, until: float, *, quick: bool) -> None:
    """Train the settings that the files lack, and append each when it is done."""
    for setting in SETTINGS[:2] if quick else SETTINGS:
        if time.monotonic() < until and not is_done(folder, named(setting)):
            began = time.monotonic()
            keep(folder, setting, *trained(setting, quick=quick))
            print(f"{setting}: {time.monotonic() - began:.0f} s", flush=True)


def trained(setting: Setting, *, quick: bool) -> tuple[list[Row], list[Row]]:
    """Return a row for each run, and one for each mean over the seeds at each tracked step."""
    runs = runs_of(setting, QUICK_SEEDS) if quick else runs_of(setting)
    began = time.monotonic()
    rows = Training(setting, runs).steps(QUICK_STEPS if quick else setting.steps)
    seconds = round((time.monotonic() - began) / len(runs), 2)
    rows.sort(key=lambda row: (row["foreground"], row["loss"], row["seed"], row["step"]))
    by_run = groupby(rows, lambda row: (row["foreground"], row["loss"], row["seed"]))
    ends = [{**summary(list(each)), "seconds": seconds} for _, each in by_run]
    means = pd.DataFrame(rows).groupby(["foreground", "loss", "step"], as_index=False).mean()
    curves = means.drop(columns=["seed", "accuracy", "recall_background", "recall_foreground"])
    return ends, [{str(k): v for k, v in row.items()} for row in curves.to_dict("records")]


def named(setting: Setting) -> Row:
    """Return the columns that tell a setting."""
    values = dict(vars(setting))
    return {"budget" if name == "steps" else name: values[name] for name in values}


def keep(folder: Path, setting: Setting, ends: list[Row], curves: list[Row]) -> None:
    """Add the rows of one setting to the files; those that tell of the end come last."""
    for name, rows in (("curves", curves), ("runs", ends)):
        whole = [{**named(setting), **row} for row in rows]
        append(folder / f"{name}.csv", whole, "%.4g")


if __name__ == "__main__":
    main()
