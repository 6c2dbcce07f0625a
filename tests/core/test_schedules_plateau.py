"""Reduction on a plateau, its state, and previews of all schedules."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from napari_slitseg.core.schedules import (
    SCHEDULES,
    Constant,
    PlateauState,
    ReduceOnPlateau,
    ScheduleSpec,
    after_epoch,
    plateau_start,
    plateau_step,
    rate_at,
)
from napari_slitseg.core.schedules.previews import preview


def course(spec: ReduceOnPlateau, losses: Sequence[float]) -> list[float]:
    """Rates after each epoch."""
    state, rates = plateau_start(spec), []
    for loss in losses:
        state = plateau_step(spec, state, loss)
        rates.append(state.rate)
    return rates


def by_torch(losses: Sequence[float], *, rate: float, **options: Any) -> list[float]:
    adam = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=rate)
    scheduler, rates = ReduceLROnPlateau(adam, eps=0, **options), []
    for loss in losses:
        scheduler.step(loss)
        rates.append(adam.param_groups[0]["lr"])
    return rates


@pytest.mark.parametrize("seed", range(6))
def test_the_rates_are_torchs_with_an_absolute_threshold(seed: int) -> None:
    rng = np.random.default_rng(seed)
    losses = [*(-np.linspace(0, 0.3, 60) + rng.normal(0, 0.1, 60)).tolist(), math.nan, -9.0, 0.0]
    patience, cooldown = int(rng.integers(0, 5)), int(rng.integers(0, 4))
    threshold, factor = float(rng.uniform(0, 0.1)), float(rng.uniform(1.1, 5))
    ours = ReduceOnPlateau(
        rate=1,
        decay_factor=factor,
        patience=patience,
        cooldown=cooldown,
        min_improvement=threshold,
        min_rate=1e-3,
    )
    theirs = by_torch(
        losses,
        rate=1,
        factor=1 / factor,
        patience=patience,
        cooldown=cooldown,
        threshold=threshold,
        threshold_mode="abs",
        min_lr=1e-3,
    )
    np.testing.assert_allclose(course(ours, losses), theirs, rtol=1e-12)
    assert theirs[-1] < 1


def test_a_constant_negative_loss_reduces_the_rate_where_torchs_default_does_not() -> None:
    losses = [-0.8] * 30
    spec = ReduceOnPlateau(rate=1, decay_factor=2, patience=3)
    assert course(spec, losses)[-1] == 2.0**-7
    assert by_torch(losses, rate=1, factor=0.5, patience=3)[-1] == 1
    assert by_torch(losses, rate=1, factor=0.5, patience=3, threshold_mode="abs")[-1] == 2.0**-7


def test_the_decay_factor_divides() -> None:
    assert course(ReduceOnPlateau(rate=1, decay_factor=4, patience=0), [0, 0, 0]) == [
        1,
        1 / 4,
        1 / 16,
    ]


def test_patience_is_what_is_tolerated() -> None:
    rates = course(ReduceOnPlateau(rate=1, patience=2), [0] * 5)
    assert rates == [1, 1, 1, 0.5, 0.5]


@pytest.mark.parametrize(
    ("name", "less", "more", "sign"),
    [
        ("rate", 1e-3, 1e-2, 1),
        ("decay_factor", 2, 8, -1),
        ("patience", 1, 5, 1),
        ("min_improvement", 1e-4, 0.1, -1),
        ("min_rate", 0, 3e-4, 1),
        ("cooldown", 0, 4, 1),
    ],
)
def test_direction(name: str, less: float, more: float, sign: int) -> None:
    losses = [1 - 0.01 * epoch for epoch in range(10)] + [0.9] * 20
    ends = [course(ReduceOnPlateau(**{name: value}), losses)[-1] for value in (less, more)]
    assert sign * (ends[1] - ends[0]) > 0


def test_losses_that_are_no_numbers_are_no_improvement() -> None:
    spec = ReduceOnPlateau(rate=1, patience=1)
    for bad in (math.nan, math.inf, -math.inf):
        assert course(spec, [bad, bad])[-1] == 0.5
    state = plateau_step(spec, plateau_start(spec), math.nan)
    assert state.best is None
    assert plateau_step(spec, state, 3.0) == PlateauState(rate=1, best=3.0)


def test_a_training_goes_on_from_json_as_if_it_had_not_stopped() -> None:
    spec, losses = ReduceOnPlateau(patience=2, cooldown=3, decay_factor=3), [1, 0.5, *[0.6] * 20]
    state = plateau_start(spec)
    for loss in losses:
        text = json.dumps(state.to_dict(), allow_nan=False)
        state = plateau_step(spec, PlateauState.from_dict(json.loads(text)), loss)
    assert state.rate == course(spec, losses)[-1] < spec.rate


@pytest.mark.parametrize("spec", SCHEDULES.values())
def test_all_schedules_are_driven_alike(spec: type[ScheduleSpec]) -> None:
    state, found = None, []
    for step in range(60):
        found.append(rate_at(spec(), step, 60, state))
        if step % 2:
            state = after_epoch(spec(), state, -0.8)
    assert (state is not None) == (spec is ReduceOnPlateau)
    steps, rates = preview(spec(), 60, steps_per_epoch=2, losses=[-0.8])
    assert steps.tolist() == list(range(60))
    np.testing.assert_array_equal(rates, found)


# -- previews


def test_without_losses_a_plateau_shows_what_no_improvement_does() -> None:
    spec = ReduceOnPlateau(rate=1, patience=2, decay_factor=10)
    _, rates = preview(spec, 8, steps_per_epoch=1)
    np.testing.assert_allclose(rates, [1, 1, 1, 1, 0.1, 0.1, 0.1, 0.01])


def test_losses_that_improve_keep_the_rate_and_the_last_one_is_repeated() -> None:
    spec = ReduceOnPlateau(rate=1, patience=2, decay_factor=10)
    falling = [1 - 0.1 * epoch for epoch in range(10)]
    assert set(preview(spec, 20, steps_per_epoch=2, losses=falling)[1]) == {1.0}
    assert set(preview(spec, 40, steps_per_epoch=2, losses=falling)[1]) > {1.0}


def test_fewer_points_are_spread_evenly() -> None:
    steps, rates = preview(Constant(), 1001, max_points=11)
    assert steps.tolist() == list(range(0, 1001, 100))
    assert len(rates) == 11
    assert preview(Constant(), 3, max_points=50)[0].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"total_steps": 0}, "a training of 0 steps; give from 1"),
        ({"total_steps": 10**30, "max_points": 5}, "give from 1 to 1,000,000,000"),
        ({"total_steps": 10**8}, "100,000,000 rates are too many to list"),
        ({"steps_per_epoch": 0}, "an epoch of 0 steps; give 1 or more"),
        ({"max_points": 1}, "max_points is 1; give 2 or more"),
        (
            {"total_steps": 10**6, "steps_per_epoch": 1, "max_points": 2},
            "999,999 epochs are too many to show; give more steps an epoch",
        ),
    ],
)
def test_what_cannot_be_previewed(bad: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        preview(ReduceOnPlateau(), **{"total_steps": 10, **bad})


def test_a_very_long_training_is_shown_at_once() -> None:
    steps, rates = preview(Constant(), 10**9, steps_per_epoch=1, max_points=3)
    assert steps.tolist() == [0, 500_000_000, 999_999_999]
    assert len(rates) == 3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_losses_may_be_an_array(dtype: type[np.floating[Any]]) -> None:
    losses = np.array([1, 0.5, 0.5, 0.5], dtype)
    spec = ReduceOnPlateau(rate=1, patience=1)
    _, rates = preview(spec, 5, steps_per_epoch=1, losses=losses)  # type: ignore[arg-type]
    assert rates.tolist() == [1, 1, 1, 1, 0.5]
    state = plateau_step(spec, plateau_start(spec), torch.tensor(0.5))  # type: ignore[arg-type]
    assert json.loads(json.dumps(state.to_dict()))["best"] == 0.5
