"""The tables of the README, written from the file of runs."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from lobes_numbers import PRINTED, PRINTED_ACCURACY
from lobes_results import FOLDER, TASKS, runs
from lobes_train import SETTINGS
from numpy.typing import NDArray
from scipy.special import stdtrit

README = Path(__file__).parent / "README.md"
LOSSES = [name for name, setting in SETTINGS.items() if setting.in_table]
NULL = ("dice_bce", "dice_bce, other start")
DRAWS = 2000


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
    by_task = {task: found[found.task == task] for task in TASKS}
    return {
        **{task: scores_table(each) for task, each in by_task.items()},
        **{f"pairs {task}": pairs_table(each) for task, each in by_task.items()},
    }


def scores_table(found: pd.DataFrame) -> str:
    """Return one line a setting: figures of all seeds, beside those of the poster."""
    heads = ["setting", "hits of 640, each seed", "their mean / 640", "mean IoU"]
    heads += ["IoU at tuned threshold", "accuracy"]
    is_posters = set(found.task) == {"lobes"}
    heads += ["poster's score", "poster's accuracy"] if is_posters else []
    lines = []
    for name in (each for each in SETTINGS if each in set(found.setting)):
        rows = found[found.setting == name].sort_values("seed")
        score, accuracy = PRINTED.get(name), PRINTED_ACCURACY.get(name)
        cells = [f"`{name}`", ", ".join(str(each) for each in rows.hits)]
        cells += [_spread(rows.mean_precision), _spread(rows.iou), _spread(rows.tuned_iou)]
        cells += [_spread(rows.accuracy)]
        cells += [f"{each:.4f}" if each else "" for each in (score, accuracy)] if is_posters else []
        lines.append(_line(cells))
    return "\n".join([_header(heads), *lines])


def pairs_table(found: pd.DataFrame) -> str:
    """Return one line a pair of losses: the difference of their scores, over seeds and pictures."""
    heads = ["pair", "difference of scores, each seed", "mean, 95 % t-interval over seeds"]
    heads += ["seeds of which the pictures alone tell them apart"]
    lines = [
        _line([f"`{one}` - `{other}`", *_pair(found, one, other)])
        for one, other in [NULL, *combinations(LOSSES, 2)]
        if {one, other} <= set(found.setting)
    ]
    return "\n".join([_header(heads), *lines])


def _pair(found: pd.DataFrame, one: str, other: str) -> list[str]:
    first, second = (found[found.setting == each].set_index("seed") for each in (one, other))
    seeds = [seed for seed in first.index if seed in second.index]
    each = np.asarray(first.mean_precision[seeds] - second.mean_precision[seeds])
    apart = sum(not _holds_zero(first.ious[seed], second.ious[seed]) for seed in seeds)
    shown = ", ".join(f"{value:+.3f}" for value in each)
    return [shown, _shown(each), f"{apart} of {len(seeds)}"]


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


def _holds_zero(first: str, second: str) -> bool:
    """Whether a bootstrap over pictures leaves the sign of the difference of scores open."""
    difference = precision_of(first) - precision_of(second)
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(difference), (DRAWS, len(difference)))
    low, high = np.quantile(difference[drawn].mean(axis=1), (0.025, 0.975))
    return bool(low <= 0 <= high)


def precision_of(ious: str) -> NDArray[np.float64]:
    """Return the share of the thresholds .50, .55, ... .95 that each IoU exceeds."""
    values = np.array([float(each) for each in ious.split()])
    share: NDArray[np.float64] = (values[:, None] > np.arange(10, 20) / 20).mean(axis=1)
    return share


def _spread(values: pd.Series[float]) -> str:
    mean = f"{values.mean():.4f}"
    return f"{mean} ± {values.std(ddof=1):.4f}" if len(values) > 1 else mean


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _header(cells: list[str]) -> str:
    return f"{_line(cells)}\n|{'---|' * len(cells)}"
