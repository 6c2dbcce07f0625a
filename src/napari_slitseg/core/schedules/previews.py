"""Learning rates of a whole training, for plots and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.schedules import ReduceOnPlateau, after_epoch, rate_at
from napari_slitseg.core.schedules.plateau import PlateauState
from napari_slitseg.core.schedules.spec import ScheduleSpec

MOST_STEPS: Final = 1_000_000_000
"""Longest training that is shown."""
MOST_RATES: Final = 10_000_000
"""Most rates that are listed."""
MOST_EPOCHS: Final = 100_000
"""Most epochs of a reduction on a plateau."""


def preview(
    spec: ScheduleSpec,
    total_steps: int,
    *,
    steps_per_epoch: int = 100,
    losses: Sequence[float] | None = None,
    max_points: int | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the learning rates of a training.

    Parameters
    ----------
    spec : ScheduleSpec
        Which schedule, with its settings.
    total_steps : int
        Number of steps of the training.
    steps_per_epoch : int
        Steps after which a reduction on a plateau looks at the loss; the others do not need it.
    losses : sequence of float, optional
        Example for a reduction on a plateau: the loss of each epoch; the last is repeated where
        epochs are left. Without it no epoch improves on the first, which shows the fastest fall.
    max_points : int, optional
        At most so many steps, evenly spaced, the first and the last among them; by default all.

    Returns
    -------
    steps : (N,) array of int
        Steps, from 0 to ``total_steps - 1``.
    rates : (N,) array
        Learning rate at each.

    Raises
    ------
    ValueError
        If a number of steps is below 1, or that of points below 2, or there is too much to show.
    """
    n_points = total_steps if max_points is None else min(total_steps, max_points)
    _check(total_steps=total_steps, steps_per_epoch=steps_per_epoch, n_rates=n_points)
    if max_points is not None and max_points < 2:
        raise ValueError(f"max_points is {max_points}; give 2 or more")
    steps = np.linspace(0, total_steps - 1, n_points).round().astype(np.int64)
    epochs = (steps // steps_per_epoch).tolist()
    states = _states(spec, epochs, [0.0] if losses is None or not len(losses) else losses)
    pairs = zip(steps.tolist(), states, strict=True)
    return steps, np.array([rate_at(spec, step, total_steps, state) for step, state in pairs])


def _check(*, total_steps: int, steps_per_epoch: int, n_rates: int) -> None:
    if not 1 <= total_steps <= MOST_STEPS:
        raise ValueError(f"a training of {total_steps} steps; give from 1 to {MOST_STEPS:,}")
    if steps_per_epoch < 1:
        raise ValueError(f"an epoch of {steps_per_epoch} steps; give 1 or more")
    if n_rates > MOST_RATES:
        raise ValueError(f"{n_rates:,} rates are too many to list; at most {MOST_RATES:,}")


def _states(
    spec: ScheduleSpec, epochs: Sequence[int], losses: Sequence[float]
) -> list[PlateauState | None]:
    """Return what a schedule remembers in each of some epochs, which ascend."""
    if not isinstance(spec, ReduceOnPlateau):
        return [None] * len(epochs)
    if epochs[-1] > MOST_EPOCHS:
        raise ValueError(f"{epochs[-1]:,} epochs are too many to show; give more steps an epoch")
    found: list[PlateauState | None] = []
    state, over = None, 0
    for epoch in epochs:
        for done in range(over, epoch):
            state = after_epoch(spec, state, losses[min(done, len(losses) - 1)])
        over = epoch
        found.append(state)
    return found
