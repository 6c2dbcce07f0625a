"""Differences to dice on the same draws, with t-intervals and the sign test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from distance_recipes import BASE
from numpy.typing import NDArray
from scipy.stats import t as student

from napari_slitseg.core.metrics.paired_tests import sign_test


@dataclass(frozen=True, eq=False)
class Paired:
    """One figure of a recipe against that of dice.

    Attributes
    ----------
    differences : (N,) array of float
        One for each seed that both have.
    """

    differences: NDArray[np.float64]

    @property
    def mean(self) -> float:
        """Mean difference; NaN without any seed."""
        return float(self.differences.mean()) if len(self.differences) else math.nan

    @property
    def half_width(self) -> float:
        """Half of the 95 % t-interval of the mean; NaN below two seeds."""
        n = len(self.differences)
        if n < 2:
            return math.nan
        return float(student.ppf(0.975, n - 1) * self.differences.std(ddof=1) / math.sqrt(n))

    @property
    def better(self) -> int:
        """On how many seeds the figure is higher."""
        return int((self.differences > 0).sum())

    @property
    def sign_p(self) -> float:
        """Two-sided P of the sign test."""
        return sign_test(self.better, int((self.differences < 0).sum()))

    def told(self, digits: int) -> str:
        """Return mean and interval; the mean alone below two seeds."""
        mean = f"{self.mean:+.{digits}f}"
        return mean if math.isnan(self.half_width) else f"{mean} ± {self.half_width:.{digits}f}"

    def __str__(self) -> str:
        return self.told(3)


def against_dice(
    tested: pd.DataFrame, recipe: str, figure: str, *, percent: bool = False
) -> Paired:
    """Compare a recipe with dice, seed by seed.

    Parameters
    ----------
    tested : DataFrame
        Runs of one regime with the chosen settings.
    recipe, figure : str
        What is compared.
    percent : bool
        Differences in percent of dice's figure.
    """
    of = {name: tested[tested.recipe == name].set_index("seed")[figure] for name in (recipe, BASE)}
    both = pd.concat([of[recipe], of[BASE]], axis=1, keys=["new", "old"]).dropna()
    new, old = (both[name].to_numpy(dtype=float) for name in ("new", "old"))
    return Paired(100 * (new - old) / old if percent else new - old)
