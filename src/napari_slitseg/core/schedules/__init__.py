"""Learning rates by name: plain functions of the step, and one frozen spec each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from napari_slitseg.core.schedules import rates
from napari_slitseg.core.schedules.plateau import PlateauState, plateau_start, plateau_step
from napari_slitseg.core.schedules.spec import About, ScheduleSpec
from napari_slitseg.core.schedules.spec_cycles import ExpRange, OneCycle, Triangular, Triangular2
from napari_slitseg.core.schedules.spec_falling import (
    Constant,
    Cosine,
    Polynomial,
    ReduceOnPlateau,
    Step,
)
from napari_slitseg.core.spec import from_table

__all__ = [
    "DEFAULT_SCHEDULE",
    "SCHEDULES",
    "About",
    "Constant",
    "Cosine",
    "ExpRange",
    "OneCycle",
    "PlateauState",
    "Polynomial",
    "ReduceOnPlateau",
    "ScheduleSpec",
    "Step",
    "Triangular",
    "Triangular2",
    "after_epoch",
    "plateau_start",
    "plateau_step",
    "rate_at",
    "schedule_from_dict",
]

_RATES: Mapping[type[ScheduleSpec], Callable[..., float]] = {
    Cosine: rates.cosine,
    OneCycle: rates.one_cycle,
    Polynomial: rates.polynomial,
    Step: rates.stepwise,
    Triangular: rates.triangular,
    Triangular2: rates.triangular2,
    ExpRange: rates.exp_range,
    Constant: rates.constant,
}

SCHEDULES: Mapping[str, type[ScheduleSpec]] = MappingProxyType(
    {spec().name: spec for spec in (*_RATES, ReduceOnPlateau)}
)
"""Specs of all schedules by name, in the order of menus."""

DEFAULT_SCHEDULE = Cosine.name
"""Name of the schedule that suits most trainings."""


def schedule_from_dict(values: Mapping[str, Any]) -> ScheduleSpec:
    """Build the spec of a schedule from plain values such as JSON's.

    Raises
    ------
    ValueError
        If there is no schedule of that name, or it has no such setting, or not that value.
    """
    return from_table(SCHEDULES, values, "schedule")


def rate_at(
    spec: ScheduleSpec, step: int, total_steps: int, state: PlateauState | None = None
) -> float:
    """Return the learning rate of a step.

    Parameters
    ----------
    spec : ScheduleSpec
        Which schedule, with its settings.
    step : int
        Step of the optimiser, from 0 to ``total_steps - 1``.
    total_steps : int
        Number of steps of the training.
    state : PlateauState, optional
        What `after_epoch` returned last. Only a reduction on a plateau needs it, and starts
        without.

    Raises
    ------
    ValueError
        If the training has no step, or not this one.
    """
    if total_steps < 1:
        raise ValueError(f"a training of {total_steps} steps has no rate; give 1 or more")
    if not 0 <= step < total_steps:
        raise ValueError(f"there is no step {step}; steps go from 0 to {total_steps - 1}")
    if isinstance(spec, ReduceOnPlateau):
        return (state or plateau_start(spec)).rate
    return _RATES[type(spec)](step, total_steps, **spec.settings())


def after_epoch(spec: ScheduleSpec, state: PlateauState | None, loss: float) -> PlateauState | None:
    """Return what a schedule remembers after an epoch: nothing, but for a plateau.

    With `rate_at` all schedules are driven alike::

        state = None
        for step in range(total_steps):
            rate = rate_at(spec, step, total_steps, state)
            ...
            if epoch_ends:
                state = after_epoch(spec, state, validation_loss)

    Parameters
    ----------
    spec : ScheduleSpec
        Which schedule.
    state : PlateauState or None
        What this function returned after the epoch before; None for the first.
    loss : float
        Loss of the epoch; lower is better.
    """
    if isinstance(spec, ReduceOnPlateau):
        return plateau_step(spec, state or plateau_start(spec), loss)
    return None
