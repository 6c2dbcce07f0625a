"""Learning rates of a whole training, for plots and tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.schedules import after_epoch, rate_at
from napari_slitseg.core.schedules.plateau import PlateauState
from napari_slitseg.core.schedules.spec import ScheduleSpec


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
        If a number of steps is below 1, or that of points below 2.
    """
    if min(total_steps, steps_per_epoch) < 1 or (max_points is not None and max_points < 2):
        raise ValueError("give 1 or more steps, 1 or more an epoch, and 2 or more points")
    steps = _spread(total_steps, max_points)
    states = _states(spec, int(steps[-1]) // steps_per_epoch, losses or [0.0])
    rates = [rate_at(spec, s, total_steps, states[s // steps_per_epoch]) for s in steps.tolist()]
    return steps, np.array(rates)


def _spread(total_steps: int, max_points: int | None) -> NDArray[np.int64]:
    n = min(total_steps, max_points or total_steps)
    return np.linspace(0, total_steps - 1, n).round().astype(np.int64)


def _states(
    spec: ScheduleSpec, n_epochs: int, losses: Sequence[float]
) -> list[PlateauState | None]:
    """Return what the schedule remembers in each epoch, and after the last."""
    states: list[PlateauState | None] = [None]
    for epoch in range(n_epochs):
        states.append(after_epoch(spec, states[-1], losses[min(epoch, len(losses) - 1)]))
    return states
