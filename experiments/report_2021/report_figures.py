"""What the results say: a line for each arm, and numbers for the statements."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from report_plan import ARMS, FULL, MOVING_EPOCHS
from scipy import stats

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
    return rows.pivot_table(index="epoch", columns="seed", values=figure)


def lowest_loss(epochs: pd.DataFrame, arm: str, figure: str) -> pd.Series:
    """Return the lowest value after the start, by seed: that of the best weights."""
    return curve(epochs, arm, figure).iloc[1:].min()


def paired(first: pd.Series, second: pd.Series) -> tuple[float, float, float]:
    """Return mean and 95 % t-interval of first - second over the seeds that both have."""
    difference = (first - second).dropna().to_numpy()
    mean, n = float(difference.mean()), len(difference)
    if n < 2:
        return mean, float("nan"), float("nan")
    half = stats.t.ppf(0.975, n - 1) * difference.std(ddof=1) / np.sqrt(n)
    return mean, mean - half, mean + half


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


def numbers(folder: Path) -> dict[str, float]:
    """Return the numbers that statements quote."""
    epochs = epochs_of(folder)
    lines = summary(epochs).set_index("arm")
    found = {
        f"{arm}__{figure}": float(lines.loc[arm, figure])
        for arm in lines.index
        for figure in lines.columns
    }
    silent = lines[lines.index.isin(NO_GRADIENT)]
    best = silent.sort_values("gain").iloc[-1]
    return {
        **found,
        "epochs": float(FULL.epochs),
        "moving": float(MOVING_EPOCHS),
        "best_silent_gain": float(best["gain"]),
        "best_silent_low": float(best["gain_low"]),
        "best_silent_high": float(best["gain_high"]),
        **_reloading(epochs),
        **_wandering(epochs),
        **_losses_compared(epochs),
        **_heads(epochs),
        **_mechanism(folder),
    }


def _reloading(epochs: pd.DataFrame) -> dict[str, float]:
    """Compare the models of section 4.3 by composite loss on the validation images."""
    original = curve(epochs, "composite_1", "composite_1").iloc[0]
    models = {
        "orig": original,
        "A": lowest_loss(epochs, "composite_1", "composite_1"),
        "A_last": curve(epochs, "composite_1", "composite_1").iloc[-1],
        "B": lowest_loss(epochs, "reloaded", "composite_1"),
        "B_control": lowest_loss(epochs, "not_reloaded", "composite_1"),
        "dice": lowest_loss(epochs, "dice", "composite_1"),
    }
    means = {f"cl_{name}": float(values.mean()) for name, values in models.items()}
    less = {
        f"{a}_below_{b}": float((models[a] < models[b]).sum())
        for a, b in (
            *(("B", "A"), ("orig", "A"), ("A", "orig"), ("B", "orig"), ("A", "dice")),
            *(("B_control", "A"), ("B_control", "B"), ("B", "B_control"), ("orig", "A_last")),
        )
    }
    tests = {
        f"cl_test_{name}": float(at(epochs, arm, BEST, "composite_1").mean())
        for name, arm in (
            *(("orig", START), ("A", "composite_1"), ("B", "reloaded")),
            *(("B_control", "not_reloaded"), ("dice", "dice")),
        )
    }
    return {**means, **less, **tests, "seeds": float(len(original))}


def _wandering(epochs: pd.DataFrame) -> dict[str, float]:
    """Say how much the distance jumps, how often counts fall, and whether they come back."""
    found: dict[str, float] = {}
    for arm in ("composite_1", "ambitious", "triangular2_ambitious", "dice", "dice_ambitious"):
        distance, ratio = (curve(epochs, arm, each) for each in ("vanilla_px", "ratio_doh"))
        steps = ratio.diff().iloc[1:].to_numpy()
        found |= {
            f"{arm}__jump_px": float(distance.diff().abs().iloc[1:].mean().mean()),
            f"{arm}__falls": float((steps < 0).sum() / max(1, (steps != 0).sum())),
            f"{arm}__better_epochs": float((distance.iloc[1:] < distance.iloc[0]).mean().mean()),
            f"{arm}__start_ratio": float(ratio.iloc[0].mean()),
            f"{arm}__highest": float(ratio.iloc[1:].max().mean()),
            f"{arm}__back": float(_highest_after_lowest(ratio).mean()),
        }
    return found


def _highest_after_lowest(ratio: pd.DataFrame) -> pd.Series:
    values = ratio.iloc[1:].to_numpy()
    return pd.Series([column[column.argmin() :].max() for column in values.T])


def _losses_compared(epochs: pd.DataFrame) -> dict[str, float]:
    """Compare arms pairwise on the test images, and figures with each other."""
    pairs = {
        "point_vanilla": ("point", "vanilla"),
        "proportional_vanilla": ("proportional", "vanilla"),
        "composite_vanilla": ("composite_1", "vanilla"),
        "literal_composite": ("composite_0", "composite_1"),
        "cycles_plateau": ("triangular2", "composite_1"),
        "cycles_plateau_dice": ("dice_triangular2", "dice"),
        "cycles_plateau_ambitious": ("triangular2_ambitious", "ambitious"),
    }
    found: dict[str, float] = {}
    for name, (a, b) in pairs.items():
        for part, short in ((BEST, "best"), (LAST, "last")):
            values = paired(at(epochs, a, part, "f1_tuned"), at(epochs, b, part, "f1_tuned"))
            keys = (f"{name}_{short}", f"{name}_{short}_low", f"{name}_{short}_high")
            found |= dict(zip(keys, values, strict=True))
        losses = [lowest_loss(epochs, arm, "composite_1") for arm in (a, b)]
        found[f"{name}_cl"] = float((losses[0] - losses[1]).mean())
    tests = epochs[epochs.part.isin((BEST, LAST))]
    for figure in ("vanilla_px", "slit_dice_loss"):
        found[f"rank_{figure}"] = float(stats.spearmanr(tests[figure], tests.f1_tuned).statistic)
    return found


def _heads(epochs: pd.DataFrame) -> dict[str, float]:
    """Say how both heads' dice losses changed from the first to the last epoch."""
    found = {}
    for arm in ("composite_1", "ambitious", "dice", "dice_ambitious"):
        for head in ("membrane", "slit"):
            loss = curve(epochs, arm, f"{head}_dice_loss")
            found[f"{arm}__{head}"] = float((loss.iloc[-1] - loss.iloc[0]).mean())
    start = curve(epochs, "composite_1", "vanilla_px").iloc[0]
    point = curve(epochs, "composite_1", "composite_0").iloc[0]
    return {**found, "orig_distance": float(start.mean()), "orig_beta_point": float(point.mean())}


def _mechanism(folder: Path) -> dict[str, float]:
    gradients, loops, moves, detectors = (
        pd.read_csv(folder / f"{name}.csv", keep_default_na=False, na_values=["nan", ""])
        for name in ("gradients", "loops", "moves", "detectors")
    )
    silent = gradients[gradients.loss != "dice"]
    study = loops[loops.detector.notna()]
    found = {
        "slit_tensors": float(silent[silent.part == "slit branch"].tensors.max()),
        "slit_without": float(silent[silent.part == "slit branch"].without.min()),
        "shared_without": float(silent[silent.part == "shared encoder"].without.max()),
        "loops_run": float(len(study)),
        "loops_same": float((study.same_weights == "yes").sum()),
        "ms_alone": float(loops[loops.loss == "membrane dice alone"].ms_per_step.median()),
        "ms_dice": float(loops[loops.loss == "dice on both heads"].ms_per_step.median()),
    }
    for name, rows in study.groupby("detector"):
        found[f"ms_{name}"] = float(rows.ms_per_step.median())
    for name, rows in moves.groupby("variant"):
        key = _key(str(name))
        found |= {
            f"move_{key}": float(rows.mean_change.mean()),
            f"move_{key}_largest": float(rows.largest_change.max()),
            f"ratio_{key}": float(rows.ratio_doh.mean()),
            f"vanilla_{key}": float(rows.vanilla_px.mean()),
        }
    for name, rows in detectors.groupby("detector"):
        key = _key(str(name))
        for figure in ("ms_96", "ms_640", "ratio", "f1_tuned", "offset_px", "unequal"):
            found[f"{figure}_{key}"] = float(rows[figure].mean())
    return found


def _key(words: str) -> str:
    """Return the last part of the words after a colon, as statements write it."""
    return re.sub(r"[^a-z0-9]+", "_", words.rpartition(":")[2].strip().replace("'", ""))
