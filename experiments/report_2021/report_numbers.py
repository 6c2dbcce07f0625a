"""Numbers that the statements quote, by name; what was not run is absent."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Final

import pandas as pd
from report_figures import (
    BEST,
    LAST,
    NO_GRADIENT,
    START,
    at,
    at_end,
    at_start,
    curve,
    epochs_of,
    lowest_loss,
    paired,
    summary,
)
from report_plan import FULL, MOVING_EPOCHS

Numbers = dict[str, float | str]
_PAIRS: Final = {
    "point_vanilla": ("point", "vanilla"),
    "proportional_vanilla": ("proportional", "vanilla"),
    "composite_vanilla": ("composite_1", "vanilla"),
    "literal_composite": ("composite_0", "composite_1"),
    "cycles_plateau": ("triangular2", "composite_1"),
    "cycles_plateau_dice": ("dice_triangular2", "dice"),
    "cycles_plateau_ambitious": ("triangular2_ambitious", "ambitious"),
}
_LESS: Final = (
    *(("B", "A"), ("orig", "A"), ("A", "orig"), ("B", "orig"), ("A", "dice")),
    *(("B_control", "A"), ("B_control", "B"), ("B", "B_control"), ("orig", "A_last")),
)
_MODELS: Final = {
    "A": "composite_1",
    "B": "reloaded",
    "B_control": "not_reloaded",
    "dice": "dice",
}


def numbers(folder: Path) -> Numbers:
    """Return every number that there is."""
    epochs = epochs_of(folder)
    found: Numbers = {
        "epochs": FULL.epochs,
        "moving": MOVING_EPOCHS,
        **_arms(epochs),
        **_reloading(epochs),
        **_wandering(epochs),
        **_losses_compared(epochs),
        **_heads(epochs),
        **_gradients(folder),
        **_moves(folder),
        **_detectors(folder),
    }
    return {name: each for name, each in found.items() if isinstance(each, str) or each == each}


def _arms(epochs: pd.DataFrame) -> Numbers:
    lines = summary(epochs).set_index("arm")
    found: Numbers = {
        f"{arm}__{figure}": value
        for arm, line in lines.to_dict("index").items()
        for figure, value in line.items()
    }
    for arm, line in lines.iterrows():
        found[f"{arm}__gain_range"] = range_text(line.gain_low, line.gain_high)
    silent = lines[lines.index.isin(NO_GRADIENT)].sort_values("gain")
    if len(silent):
        best = silent.iloc[-1]
        found |= {
            "best_silent": str(silent.index[-1]),
            "best_silent_gain": float(best["gain"]),
            "best_silent_range": range_text(best["gain_low"], best["gain_high"]),
        }
    return found


def range_text(low: float, high: float) -> str:
    """Return an interval in words, or that there is none."""
    return "(one seed)" if math.isnan(low) else f"({low:+.3f} to {high:+.3f})"


def models_by_loss(epochs: pd.DataFrame) -> pd.DataFrame:
    """Return the composite loss of the models of section 4.3, validation images, a row a seed."""
    loss = "composite_1"
    table = {
        "orig": at_start(epochs, loss, loss),
        "A_last": at_end(epochs, loss, loss),
        **{name: lowest_loss(epochs, arm, loss) for name, arm in _MODELS.items()},
    }
    return pd.DataFrame(table)


def _reloading(epochs: pd.DataFrame) -> Numbers:
    models = models_by_loss(epochs)
    complete = models.dropna()
    found: Numbers = {f"cl_{name}": float(values.mean()) for name, values in models.items()}
    found |= {f"{a}_below_{b}": int((complete[a] < complete[b]).sum()) for a, b in _LESS}
    for name, arm in {"orig": START, **_MODELS}.items():
        found[f"cl_test_{name}"] = float(at(epochs, arm, BEST, "composite_1").mean())
    return {**found, "seeds": len(complete)}


def _wandering(epochs: pd.DataFrame) -> Numbers:
    """Say how much the distance jumps, how often counts fall, and whether they come back."""
    found: Numbers = {}
    for arm in epochs.arm.unique():
        distance, ratio = (curve(epochs, arm, each) for each in ("vanilla_px", "ratio_doh"))
        if len(ratio) < 2:
            continue
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


def _losses_compared(epochs: pd.DataFrame) -> Numbers:
    """Compare arms pairwise on the test images, and figures with each other."""
    found: Numbers = {}
    for name, (a, b) in _PAIRS.items():
        for part, short in ((BEST, "best"), (LAST, "last")):
            both = (at(epochs, arm, part, "f1_tuned") for arm in (a, b))
            mean, low, high = paired(*both)
            found[f"{name}_{short}"] = mean
            found[f"{name}_{short}_range"] = range_text(low, high)
        losses = [lowest_loss(epochs, arm, "composite_1") for arm in (a, b)]
        found[f"{name}_cl"] = float((losses[0] - losses[1]).mean())
    tests = epochs[epochs.part.isin((BEST, LAST))]
    for figure in ("vanilla_px", "slit_dice_loss"):
        found[f"rank_{figure}"] = float(tests[figure].rank().corr(tests.f1_tuned.rank()))
    return found


def _heads(epochs: pd.DataFrame) -> Numbers:
    """Say how both heads' dice losses changed from the first to the last epoch."""
    found: Numbers = {
        "orig_distance": float(at_start(epochs, "composite_1", "vanilla_px").mean()),
        "orig_beta_point": float(at_start(epochs, "composite_1", "composite_0").mean()),
    }
    for arm in epochs.arm.unique():
        for head in ("membrane", "slit"):
            figure = f"{head}_dice_loss"
            change = at_end(epochs, arm, figure) - at_start(epochs, arm, figure)
            found[f"{arm}__{head}"] = float(change.mean())
    return found


def table_of(folder: Path, name: str) -> pd.DataFrame:
    """Return a table of the results; an empty one where it was not made."""
    path = folder / f"{name}.csv"
    return pd.read_csv(path) if path.exists() else pd.DataFrame()


def _gradients(folder: Path) -> Numbers:
    gradients, loops = (table_of(folder, name) for name in ("gradients", "loops"))
    if gradients.empty or loops.empty:
        return {}
    silent = gradients[gradients.loss != "dice"]
    study = loops[loops.detector.notna()]
    found: Numbers = {
        "slit_tensors": int(silent[silent.part == "slit branch"].tensors.max()),
        "slit_without": int(silent[silent.part == "slit branch"].without.min()),
        "shared_without": int(silent[silent.part == "shared encoder"].without.max()),
        "loops_run": len(study),
        "loops_same": int((study.same_weights == "yes").sum()),
        "ms_alone": float(loops[loops.loss == "membrane dice alone"].ms_per_step.median()),
        "ms_dice": float(loops[loops.loss == "dice on both heads"].ms_per_step.median()),
    }
    for name, rows in study.groupby("detector"):
        found[f"ms_{name}"] = float(rows.ms_per_step.median())
    return found


def _moves(folder: Path) -> Numbers:
    found: Numbers = {}
    moves = table_of(folder, "moves")
    for name, rows in moves.groupby("variant") if len(moves) else ():
        key = _key(str(name))
        found |= {
            f"move_{key}": float(rows.mean_change.mean()),
            f"move_{key}_largest": float(rows.largest_change.max()),
            f"ratio_{key}": float(rows.ratio_doh.mean()),
            f"vanilla_{key}": float(rows.vanilla_px.mean()),
        }
    return found


def _detectors(folder: Path) -> Numbers:
    found: Numbers = {}
    detectors = table_of(folder, "detectors")
    for name, rows in detectors.groupby("detector") if len(detectors) else ():
        for figure in ("ms_96", "ms_640", "ratio", "f1_tuned", "offset_px", "unequal"):
            found[f"{figure}_{_key(str(name))}"] = float(rows[figure].mean())
    return found


def _key(words: str) -> str:
    """Return the last part of the words after a colon, as statements write it."""
    return re.sub(r"[^a-z0-9]+", "_", words.rpartition(":")[2].strip().replace("'", ""))
