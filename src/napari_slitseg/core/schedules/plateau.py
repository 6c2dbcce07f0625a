"""Reduction of the learning rate on a plateau: pure steps from state to state."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from napari_slitseg.core.schedules.spec_falling import ReduceOnPlateau
from napari_slitseg.core.spec import Spec, setting


@dataclass(frozen=True, kw_only=True)
class PlateauState(Spec):
    """What a reduction on a plateau remembers; a document, so that a training can be resumed."""

    rate: float = setting(1e-3, "Learning rate in force.", ge=0)
    best: float | None = setting(None, "Lowest loss so far; none before the first epoch.")
    bad_epochs: int = setting(0, "Epochs in a row without improvement.", unit="epochs", ge=0)
    cooldown_left: int = setting(
        0, "Epochs left in which a lack of improvement does not count.", unit="epochs", ge=0
    )


def plateau_start(spec: ReduceOnPlateau) -> PlateauState:
    """Return the state before the first epoch."""
    return PlateauState(rate=spec.rate)


def plateau_step(spec: ReduceOnPlateau, state: PlateauState, loss: float) -> PlateauState:
    """Return the state after an epoch.

    Parameters
    ----------
    spec : ReduceOnPlateau
        When and how far the rate falls.
    state : PlateauState
        State before the epoch.
    loss : float
        Loss of the epoch, of either sign; one that is not a number is no improvement.

    Returns
    -------
    PlateauState
        Its rate is divided where more epochs than the patience brought no improvement.

    Notes
    -----
    An improvement is absolute, ``loss < best - min_improvement``. Torch's default, a fraction of
    the best, takes every epoch of a constant negative loss for an improvement.
    """
    loss = float(loss)
    goal = math.inf if state.best is None else state.best - spec.min_improvement
    better = math.isfinite(loss) and loss < goal
    bad = 0 if better or state.cooldown_left else state.bad_epochs + 1
    waited = replace(
        state,
        best=loss if better else state.best,
        bad_epochs=bad,
        cooldown_left=max(0, state.cooldown_left - 1),
    )
    if bad <= spec.patience:
        return waited
    rate = max(state.rate / spec.decay_factor, spec.min_rate)
    return replace(waited, rate=rate, bad_epochs=0, cooldown_left=spec.cooldown)
