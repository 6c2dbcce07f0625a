"""Which losses fell and rose with what matters, during one training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from napari_slitseg.pipelines.runs.compare_curves import Curve

FIGURES: Final = ("f1", "chamfer_nm", "point_loss")
"""What a loss is held against."""

FEWEST_EPOCHS: Final = 4
GRADIENT: Final = ".gradient"


@dataclass(frozen=True)
class LossAccount:
    """A loss in the course of a training.

    Attributes
    ----------
    name : str
    is_trained : bool
        Whether it was minimised; else it was only noted.
    first, last : float
        Its value after the first and the last epoch; NaN where there is none.
    first_gradient, last_gradient : float
        Lengths of its gradient; NaN where they were not noted.
    n_epochs : int
        Epochs with a value.
    f1, chamfer_nm, point_loss : float
        Spearman's rank correlation of the loss with each over the epochs, from -1 to 1; NaN with
        fewer than `FEWEST_EPOCHS` epochs or where one does not change. A loss that a training
        should follow has -1 with F1 and 1 with the others.
    """

    name: str
    is_trained: bool
    first: float
    last: float
    first_gradient: float
    last_gradient: float
    n_epochs: int
    f1: float
    chamfer_nm: float
    point_loss: float

    def to_dict(self) -> dict[str, Any]:
        """Return every field by name."""
        return asdict(self)


def losses_of(curves: Sequence[Curve]) -> tuple[LossAccount, ...]:
    """Return an account of every loss of a run: those that were minimised, then those only noted.

    Parameters
    ----------
    curves : sequence of Curve
        Of one run.
    """
    by_name = {(curve.group, curve.name): curve for curve in curves}
    trained = [_account(curve, by_name) for curve in curves if curve.group == "validation"]
    noted = [
        _account(curve, by_name)
        for curve in curves
        if curve.group == "tracked" and not curve.name.endswith(GRADIENT)
    ]
    return (*trained, *noted)


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """Return Spearman's rank correlation of two curves, from -1 to 1.

    NaN with fewer than `FEWEST_EPOCHS` epochs in which both have a value, or where one is constant.
    """
    from scipy.stats import rankdata

    pairs = np.array([one, other], np.float64)
    pairs = pairs[:, np.isfinite(pairs).all(axis=0)]
    if pairs.shape[1] < FEWEST_EPOCHS or (np.ptp(pairs, axis=1) == 0).any():
        return math.nan
    ranks = rankdata(pairs, axis=1)
    return float(np.corrcoef(ranks)[0, 1].clip(-1, 1))


def _account(curve: Curve, by_name: dict[tuple[str, str], Curve]) -> LossAccount:
    gradient = by_name.get(("tracked", f"{curve.name}{GRADIENT}"))
    first, last = _ends(curve)
    first_gradient, last_gradient = _ends(gradient)
    against = {name: by_name.get(("scores", name)) for name in FIGURES}
    correlations = {
        name: math.nan if score is None else spearman(curve.values, score.values)
        for name, score in against.items()
    }
    return LossAccount(
        name=curve.name,
        is_trained=curve.group == "validation",
        first=first,
        last=last,
        first_gradient=first_gradient,
        last_gradient=last_gradient,
        n_epochs=int(np.isfinite(curve.values).sum()),
        **correlations,
    )


def _ends(curve: Curve | None) -> tuple[float, float]:
    there = [] if curve is None else [value for value in curve.values if math.isfinite(value)]
    return (there[0], there[-1]) if there else (math.nan, math.nan)
