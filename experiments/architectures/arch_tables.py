"""The tables of the README, written from the file of runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from arch_train import SETTINGS
from study_numbers import with_interval, with_spread
from study_page import markdown

BASE = ("unet", "dice")
FIGURES = ("membrane_iou", "slit_iou", "f1_at_half", "f1", "f1_100nm", "count_ratio", "error_nm")
COMPARED = ("membrane_iou", "slit_iou", "f1")
HEADS = ("membrane IoU", "slit IoU", "F1 at p >= 0.5", "F1, tuned", "F1, tuned, within 100 nm")
PAIRS = (
    *((each, BASE) for each in SETTINGS if each[0] != "unet"),
    (("deeplabv3, stride 8", "dice"), ("deeplabv3", "dice")),
    (("unet", "bce"), BASE),
    (("unet", "lovasz + dice"), BASE),
    (("unet", "dice, then lovasz + dice"), BASE),
    (("unet", "bce, then lovasz + dice"), ("unet", "bce")),
    (("unet", "bce, then lovasz + dice"), ("unet", "lovasz + dice")),
    (("unet", "dice, then lovasz + dice"), ("unet", "lovasz + dice")),
)


def tables(found: pd.DataFrame) -> dict[str, str]:
    """Return what stands between each pair of marks."""
    return {"scores": scores_table(found), "differences": differences_table(found)}


def scores_table(found: pd.DataFrame) -> str:
    """Return one line a setting: means and standard deviations over seeds."""
    heads = ["network", "losses", "runs", *HEADS, "detections / annotations", "error, nm"]
    lines = []
    for network, losses in SETTINGS:
        rows = of(found, (network, losses))
        if len(rows):
            cells = [with_spread(rows[name], 1 if name == "error_nm" else 3) for name in FIGURES]
            seconds = rows.seconds.median()
            lines.append([network, losses, str(len(rows)), *cells, f"{seconds:.0f}"])
    return markdown([*heads, "seconds"], lines)


def differences_table(found: pd.DataFrame) -> str:
    """Return one line a pair of settings: paired differences over seeds."""
    names = ("membrane IoU", "slit IoU", "F1 of slits, tuned")
    lines = []
    for one, other in PAIRS:
        if set(of(found, one).seed) & set(of(found, other).seed):
            cells = [_difference(found, one, other, name) for name in COMPARED]
            lines.append([f"{_name(one)} - {_name(other)}", *cells])
    return markdown(["pair", *names], lines)


def of(found: pd.DataFrame, setting: tuple[str, str]) -> pd.DataFrame:
    """Return the runs of a setting."""
    network, losses = setting
    return found[(found.network == network) & (found.losses == losses)]


def _difference(
    found: pd.DataFrame, one: tuple[str, str], other: tuple[str, str], name: str
) -> str:
    first, second = (of(found, each).set_index("seed")[name] for each in (one, other))
    seeds = [seed for seed in first.index if seed in second.index]
    return with_interval(np.asarray(first[seeds] - second[seeds], dtype=np.float64))


def _name(setting: tuple[str, str]) -> str:
    network, losses = setting
    return losses if network == "unet" and losses != "dice" else f"{network} ({losses})"
