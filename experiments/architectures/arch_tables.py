"""The tables of the README, written from the file of runs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
from arch_results import FOLDER, runs
from arch_train import SETTINGS
from numpy.typing import NDArray
from scipy.special import stdtrit

README = Path(__file__).parent / "README.md"
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


def write_tables(folder: Path = FOLDER, readme: Path = README) -> None:
    """Replace what stands between the marks in the README."""
    text = readme.read_text("utf-8")
    for mark, table in tables(runs(folder)).items():
        block = f"<!-- {mark} -->\n{table}\n<!-- end of {mark} -->"
        pattern = f"<!-- {mark} -->.*<!-- end of {mark} -->"
        text, n = re.subn(pattern, lambda _, block=block: block, text, flags=re.DOTALL)  # type: ignore[misc]
        if n != 1:
            raise ValueError(f"{readme} needs one place between marks for {mark!r}, has {n}")
    readme.write_text(text, "utf-8")


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
            cells = [_spread(rows[name], 1 if name == "error_nm" else 3) for name in FIGURES]
            seconds = rows.seconds.median()
            lines.append(_line([network, losses, str(len(rows)), *cells, f"{seconds:.0f}"]))
    return "\n".join([_header([*heads, "seconds"]), *lines])


def differences_table(found: pd.DataFrame) -> str:
    """Return one line a pair of settings: paired differences over seeds."""
    names = ("membrane IoU", "slit IoU", "F1 of slits, tuned")
    lines = []
    for one, other in PAIRS:
        if set(of(found, one).seed) & set(of(found, other).seed):
            cells = [_difference(found, one, other, name) for name in COMPARED]
            lines.append(_line([f"{_name(one)} - {_name(other)}", *cells]))
    return "\n".join([_header(["pair", *names]), *lines])


def of(found: pd.DataFrame, setting: tuple[str, str]) -> pd.DataFrame:
    """Return the runs of a setting."""
    network, losses = setting
    return found[(found.network == network) & (found.losses == losses)]


def _difference(
    found: pd.DataFrame, one: tuple[str, str], other: tuple[str, str], name: str
) -> str:
    first, second = (of(found, each).set_index("seed")[name] for each in (one, other))
    seeds = [seed for seed in first.index if seed in second.index]
    return _shown(np.asarray(first[seeds] - second[seeds], dtype=np.float64))


def _shown(each: NDArray[np.float64]) -> str:
    """Return a mean with its interval, and a mark where that is clear of 0."""
    if len(each) < 2:
        return f"{each.mean():+.3f} (one seed)"
    low, high = t_interval(each)
    return f"{each.mean():+.3f} ({low:+.3f} to {high:+.3f}){'' if low <= 0 <= high else ' *'}"


def t_interval(each: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % t-interval of the mean of two values or more."""
    half = float(stdtrit(len(each) - 1, 0.975) * each.std(ddof=1) / np.sqrt(len(each)))
    return float(each.mean()) - half, float(each.mean()) + half


def _name(setting: tuple[str, str]) -> str:
    network, losses = setting
    return losses if network == "unet" and losses != "dice" else f"{network} ({losses})"


def _spread(values: pd.Series[float], digits: int) -> str:
    mean = f"{values.mean():.{digits}f}"
    return f"{mean} ± {values.std(ddof=1):.{digits}f}" if len(values) > 1 else mean


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _header(cells: list[str]) -> str:
    return f"{_line(cells)}\n|{'---|' * len(cells)}"
