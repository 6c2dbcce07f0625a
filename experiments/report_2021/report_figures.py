"""What the results say: a line for each arm, and numbers for the statements."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import pandas as pd
from report_plan import ARMS
from study_numbers import t_interval

START: Final = "pretraining"
NO_GRADIENT: Final = tuple(name for name, arm in ARMS.items() if arm.slit == "nothing")
DICE: Final = tuple(name for name, arm in ARMS.items() if arm.slit == "dice")
BEST, LAST, VALIDATION = "test best", "test last", "validation"


def epochs_of(folder: Path) -> pd.DataFrame:
    """Return the figures of every epoch and test."""
    return pd.read_csv(folder / "epochs.csv")


def at(epochs: pd.DataFrame, arm: str, part: str, figure: str) -> pd.Series:
    """Return a figure of the test images, by seed."""
    rows = epochs[(epochs.arm == arm) & (epochs.part == (BEST if arm == START else part))]
    return rows.set_index("seed")[figure].astype(float).sort_index()


def curve(epochs: pd.DataFrame, arm: str, figure: str) -> pd.DataFrame:
    """Return a figure of the validation images, a row an epoch and a column a seed."""
    rows = epochs[(epochs.arm == arm) & (epochs.part == VALIDATION)]
    return rows.pivot(index="epoch", columns="seed", values=figure)


def at_start(epochs: pd.DataFrame, arm: str, figure: str) -> pd.Series:
    """Return a figure of the validation images before the first step, by seed."""
    return _row(curve(epochs, arm, figure), 0)


def at_end(epochs: pd.DataFrame, arm: str, figure: str) -> pd.Series:
    """Return a figure of the validation images after the last epoch, by seed."""
    return _row(curve(epochs, arm, figure), -1)


def _row(values: pd.DataFrame, place: int) -> pd.Series:
    return values.iloc[place] if len(values) else pd.Series(dtype=float)


def lowest_loss(epochs: pd.DataFrame, arm: str, figure: str) -> pd.Series:
    """Return the lowest value after the start, by seed: that of the best weights."""
    return curve(epochs, arm, figure).iloc[1:].min()


def paired(first: pd.Series, second: pd.Series) -> tuple[float, float, float]:
    """Return mean and 95 % t-interval of first - second over the seeds that both have."""
    difference = (first - second).dropna().to_numpy()
    n = len(difference)
    mean = float(difference.mean()) if n else math.nan
    if n < 2:
        return mean, math.nan, math.nan
    return mean, *t_interval(difference)


def summary(epochs: pd.DataFrame) -> pd.DataFrame:
    """Return one line for each arm, means over seeds; `START` first."""
    names = [START, *(name for name in ARMS if name in set(epochs.arm))]
    return pd.DataFrame([_line(epochs, name) for name in names])


def _line(epochs: pd.DataFrame, name: str) -> dict[str, object]:
    ratio, loss = (curve(epochs, name, each) for each in ("ratio_doh", "composite_1"))
    later = slice(1, None) if len(ratio) > 1 else slice(None)
    start, dice = (at(epochs, each, LAST, "f1_tuned") for each in (START, "dice"))
    last = at(epochs, name, LAST, "f1_tuned")
    gain, below, above = paired(last, start)
    against, low, high = paired(last, dice)
    return {
        "arm": name,
        "seeds": ratio.shape[1],
        "lowest_ratio": ratio.iloc[later].min().mean(),
        "lowest_of_all": ratio.iloc[later].min().min(),
        "last_ratio": ratio.iloc[-1].mean(),
        "last_ratio_tuned": curve(epochs, name, "ratio_tuned").iloc[-1].mean(),
        "best_vanilla_px": curve(epochs, name, "vanilla_px").iloc[later].min().mean(),
        "best_composite": loss.iloc[later].min().mean(),
        "last_composite": loss.iloc[-1].mean(),
        "test_f1_best": at(epochs, name, BEST, "f1_tuned").mean(),
        "test_f1_last": last.mean(),
        "gain": gain,
        "gain_low": below,
        "gain_high": above,
        "against_dice": against,
        "against_dice_low": low,
        "against_dice_high": high,
    }
