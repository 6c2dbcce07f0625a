"""Curves of runs that can be laid over each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from napari_slitseg.pipelines.runs.history import History

LOSSES: Final = frozenset({"train", "validation"})
"""Groups whose values have another unit in every run, unless the runs have the same losses."""

_SCORES: Final = ("f1", "count_ratio", "chamfer_nm", "vanilla_nm", "point_loss")
_GROUPS: Final = ("train", "validation", "scores", "tracked")


@dataclass(frozen=True)
class Curve:
    """One number of a run, epoch by epoch.

    Attributes
    ----------
    group : str
        "train" or "validation" (losses), "scores" or "tracked".
    name : str
        Such as "total", "slit" or "f1".
    epochs, steps : tuple of int
        How many were done.
    values : tuple of float
        NaN where there is none.
    """

    group: str
    name: str
    epochs: tuple[int, ...]
    steps: tuple[int, ...]
    values: tuple[float, ...]

    @property
    def is_loss(self) -> bool:
        """Whether it is a loss, whose values other losses do not share."""
        return self.group in LOSSES or self.group == "tracked"

    @property
    def title(self) -> str:
        """Group and name."""
        return f"{self.group} {self.name}"

    @property
    def min_max(self) -> tuple[float, ...]:
        """The values from 0 (lowest of this curve) to 1 (highest); 0 where all are the same.

        This shows only when a curve moves, not how far: values of different curves cannot be
        compared, and a curve that hardly moves looks like one that falls by a lot.
        """
        values = np.array(self.values, np.float64)
        there = np.isfinite(values)
        if not there.any():
            return self.values
        low, high = values[there].min(), values[there].max()
        span = (high - low) or 1.0
        return tuple(((np.where(there, values, math.nan) - low) / span).tolist())

    def rows(self, run: str) -> list[dict[str, Any]]:
        """Return one row an epoch."""
        columns = zip(self.epochs, self.steps, self.values, self.min_max, strict=True)
        return [
            {
                "run": run,
                "group": self.group,
                "name": self.name,
                "epoch": epoch,
                "step": step,
                "value": value,
                "min_max": scaled,
            }
            for epoch, step, value, scaled in columns
        ]


def curves_of(told: History) -> tuple[Curve, ...]:
    """Return all curves of a run: losses of the heads, scores, and losses that are only noted."""
    epochs = tuple(each.epoch for each in told.epochs)
    found = []
    for group in _GROUPS:
        for name in _names(told, group):
            steps, values = told.epoch_curve(group, name)
            found.append(Curve(group, name, epochs, tuple(steps), tuple(values)))
    return tuple(found)


def _names(told: History, group: str) -> list[str]:
    names = dict.fromkeys(name for each in told.epochs for name in getattr(each, group))
    return [name for name in names if group != "scores" or name in _SCORES]
