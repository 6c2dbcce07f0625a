"""The committed files of results: every finished run is a line, written at once."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from distance_training import Setting

FOLDER: Final = Path(__file__).parent / "results"
KEYS: Final = ("regime", "recipe", "rate", "weight", "seed")
FIGURES: Final = (
    *("f1", "f1_2px", "chamfer_px", "count_error", "count_ratio", "count_ratio_first"),
    *("soft_dice", "threshold", "seconds"),
)
LOOKS: Final = ("step", "ratio_tuned", "ratio_first", "threshold")
FIRST_TUNING_SEED: Final = 100


@dataclass(frozen=True)
class Results:
    """The files in one folder."""

    folder: Path

    def runs(self) -> pd.DataFrame:
        """Return every finished run."""
        return self._table("runs", (*KEYS, *FIGURES))

    def looks(self) -> pd.DataFrame:
        """Return what was seen in the course of the runs."""
        return self._table("epochs", (*KEYS, *LOOKS))

    def done(self) -> set[Setting]:
        """Return the settings that need not run again."""
        return {setting_of(row) for row in self.runs().to_dict("records")}

    def add(self, name: str, setting: Setting, rows: Iterable[Mapping[str, float]]) -> None:
        """Append rows of one run to `runs` or `epochs`."""
        columns = (*KEYS, *{"runs": FIGURES, "epochs": LOOKS}[name])
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{name}.csv"
        is_new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            if is_new:
                writer.writerow(columns)
            for row in rows:
                writer.writerow([_shown({**asdict(setting), **row}[each]) for each in columns])

    def chosen(self) -> dict[str, tuple[float, float]]:
        """Return the learning rate and weight of each recipe: best mean F1 of tuning seeds."""
        runs = self.runs()
        tuning = runs[(runs.seed >= FIRST_TUNING_SEED) & (runs.regime == "ordinary")]
        mean = tuning.groupby(["recipe", "rate", "weight"], sort=False).f1.mean().reset_index()
        best = mean.loc[mean.groupby("recipe", sort=False).f1.idxmax()]
        return {
            str(row["recipe"]): (float(row["rate"]), float(row["weight"]))
            for row in best.to_dict("records")
        }

    def tested(self, regime: str) -> pd.DataFrame:
        """Return the runs of test seeds with the settings that were chosen."""
        runs, chosen = self.runs(), self.chosen()
        is_chosen = np.array(
            [
                chosen.get(recipe) == (rate, weight)
                for recipe, rate, weight in zip(runs.recipe, runs.rate, runs.weight, strict=True)
            ],
            dtype=bool,
        )
        return runs[is_chosen & (runs.seed < FIRST_TUNING_SEED) & (runs.regime == regime)]

    def _table(self, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
        path = self.folder / f"{name}.csv"
        return pd.read_csv(path) if path.exists() else pd.DataFrame(columns=list(columns))


def looks_of(results: Results, tested: pd.DataFrame) -> pd.DataFrame:
    """Return what was seen in the course of some runs."""
    looks = results.looks()
    if looks.empty or tested.empty:
        return looks.head(0)
    return looks.merge(tested[list(KEYS)], on=list(KEYS))


def setting_of(row: Mapping[Any, Any]) -> Setting:
    """Return the setting of a row."""
    return Setting(
        regime=str(row["regime"]),
        recipe=str(row["recipe"]),
        rate=float(row["rate"]),
        weight=float(row["weight"]),
        seed=int(row["seed"]),
    )


def _shown(value: object) -> object:
    return f"{value:.5g}" if isinstance(value, float) else value
