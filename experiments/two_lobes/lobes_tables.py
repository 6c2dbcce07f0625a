"""The tables of the README, written from the file of runs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from lobes_numbers import PRINTED, PRINTED_ACCURACY
from lobes_results import TASKS
from lobes_train import SETTINGS
from numpy.typing import NDArray
from study_numbers import with_interval, with_spread
from study_page import markdown

LOSSES = [name for name, setting in SETTINGS.items() if setting.in_table]
NULL = ("dice_bce", "dice_bce, other start")
DRAWS = 2000


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
        figures = (rows.mean_precision, rows.iou, rows.tuned_iou, rows.accuracy)
        cells += [with_spread(each, 4) for each in figures]
        cells += [f"{each:.4f}" if each else "" for each in (score, accuracy)] if is_posters else []
        lines.append(cells)
    return markdown(heads, lines)


def pairs_table(found: pd.DataFrame) -> str:
    """Return one line a pair of losses: the difference of their scores, over seeds and pictures."""
    heads = ["pair", "difference of scores, each seed", "mean, 95 % t-interval over seeds"]
    heads += ["seeds of which the pictures alone tell them apart"]
    lines = [
        [f"`{one}` - `{other}`", *_pair(found, one, other)]
        for one, other in [NULL, *combinations(LOSSES, 2)]
        if {one, other} <= set(found.setting)
    ]
    return markdown(heads, lines)


def _pair(found: pd.DataFrame, one: str, other: str) -> list[str]:
    first, second = (found[found.setting == each].set_index("seed") for each in (one, other))
    seeds = [seed for seed in first.index if seed in second.index]
    each = np.asarray(first.mean_precision[seeds] - second.mean_precision[seeds])
    apart = sum(not _holds_zero(first.ious[seed], second.ious[seed]) for seed in seeds)
    shown = ", ".join(f"{value:+.3f}" for value in each)
    return [shown, with_interval(each), f"{apart} of {len(seeds)}"]


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
