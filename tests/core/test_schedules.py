"""Learning rates: against torch's, by hand, and the direction of every setting."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

from napari_slitseg.core.schedules import (
    DEFAULT_SCHEDULE,
    SCHEDULES,
    Constant,
    Cosine,
    ExpRange,
    OneCycle,
    Polynomial,
    ReduceOnPlateau,
    ScheduleSpec,
    Step,
    Triangular,
    Triangular2,
    rate_at,
    rates,
    schedule_from_dict,
)

TOTAL = 120
OTHERS = [spec for spec in SCHEDULES.values() if spec is not ReduceOnPlateau]


def course(spec: ScheduleSpec, total: int = TOTAL) -> np.ndarray:
    return np.array([rate_at(spec, step, total) for step in range(total)])


def by_torch(
    make: Callable[[torch.optim.Optimizer], Any], *, rate: float = 1e-3, total: int = TOTAL
) -> np.ndarray:
    """Rates that a scheduler of torch gives; Adam's betas must stay."""
    adam = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=rate)
    scheduler = make(adam)
    found = []
    for step in range(total):
        found.append(adam.param_groups[0]["lr"])
        assert adam.param_groups[0]["betas"] == (0.9, 0.999)
        adam.step()
        if step < total - 1:
            scheduler.step()
    return np.array(found)


# -- against torch


@pytest.mark.parametrize("periods", [1, 2.5, 4, 7])
@pytest.mark.parametrize(
    ("spec", "mode"), [(Triangular, "triangular"), (Triangular2, "triangular2")]
)
def test_triangles_are_torchs(spec: Any, mode: Any, periods: float) -> None:
    def make(adam: torch.optim.Optimizer) -> Any:
        half = TOTAL / (2 * periods)
        return lr_scheduler.CyclicLR(adam, 1e-4, 1e-2, half, mode=mode, cycle_momentum=False)

    ours = course(spec(low=1e-4, high=1e-2, periods=periods))
    np.testing.assert_allclose(ours, by_torch(make), rtol=0, atol=1e-12)


def test_exp_range_is_torchs() -> None:
    def make(adam: torch.optim.Optimizer) -> Any:
        gamma = 0.2 ** (1 / TOTAL)
        return lr_scheduler.CyclicLR(
            adam, 1e-4, 1e-2, 20, mode="exp_range", gamma=gamma, cycle_momentum=False
        )

    ours = course(ExpRange(low=1e-4, high=1e-2, periods=3, final_amplitude=0.2))
    np.testing.assert_allclose(ours, by_torch(make), rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", ["cosine", "linear"])
@pytest.mark.parametrize("rise", [0.1, 0.3, 0.77])
@pytest.mark.parametrize("total", [7, TOTAL])
def test_one_cycle_is_torchs(shape: Any, rise: float, total: int) -> None:
    def make(adam: torch.optim.Optimizer) -> Any:
        return lr_scheduler.OneCycleLR(
            adam,
            2e-3,
            total_steps=total,
            pct_start=rise,
            anneal_strategy="cos" if shape == "cosine" else "linear",
            div_factor=10,
            final_div_factor=50,
            cycle_momentum=False,
        )

    spec = OneCycle(high=2e-3, rise=rise, start_divisor=10, end_divisor=50, shape=shape)
    np.testing.assert_allclose(course(spec, total), by_torch(make, total=total), rtol=0, atol=1e-12)


@pytest.mark.parametrize("power", [0.5, 0.9, 1, 2])
def test_polynomial_is_torchs(power: float) -> None:
    def make(adam: torch.optim.Optimizer) -> Any:
        return lr_scheduler.PolynomialLR(adam, total_iters=TOTAL, power=power)

    np.testing.assert_allclose(course(Polynomial(power=power)), by_torch(make), rtol=0, atol=1e-12)


def test_steps_are_torchs() -> None:
    def make(adam: torch.optim.Optimizer) -> Any:
        return lr_scheduler.MultiStepLR(adam, [36, 84, 108], gamma=0.25)

    ours = course(Step(decay_factor=4, drops=(0.3, 0.7, 0.9)))
    np.testing.assert_allclose(ours, by_torch(make), rtol=0, atol=1e-12)


@pytest.mark.parametrize("warm", [0, 12, 60])
def test_cosine_is_torchs(warm: int) -> None:
    def make(adam: torch.optim.Optimizer) -> Any:
        anneal = lr_scheduler.CosineAnnealingLR(adam, TOTAL - warm, eta_min=1e-5)
        if not warm:
            return anneal
        rise = lr_scheduler.LinearLR(adam, 1 / (warm + 1), total_iters=warm)
        return lr_scheduler.SequentialLR(adam, [rise, anneal], [warm])

    ours = course(Cosine(min_rate=1e-5, warm_up=warm / TOTAL))
    np.testing.assert_allclose(ours, by_torch(make), rtol=0, atol=1e-12)


# -- by hand


def test_known_values() -> None:
    assert course(Constant(rate=0.5), 3).tolist() == [0.5, 0.5, 0.5]
    wave = course(Triangular(low=0, high=1, periods=2), 8)
    assert wave.tolist() == [0, 0.5, 1, 0.5, 0, 0.5, 1, 0.5]
    assert course(Triangular2(low=0, high=1, periods=2), 8).max() == 1
    assert course(Step(rate=1, decay_factor=2, drops=(0.7,)), 10).tolist() == [1] * 7 + [0.5] * 3
    rise = course(Cosine(rate=1, warm_up=0.4), 10)
    np.testing.assert_allclose(rise[:5], [0.2, 0.4, 0.6, 0.8, 1])
    assert rate_at(Cosine(rate=1, min_rate=0.2, warm_up=0), 5, 10) == pytest.approx(0.6)
    assert rate_at(Polynomial(rate=1, min_rate=0.5, power=2), 5, 10) == pytest.approx(0.625)


def test_triangular2_halves_the_amplitude_and_not_the_highest_rate() -> None:
    ours = course(Triangular2(low=1e-4, high=1e-2, periods=3), 60)
    peaks = [ours[first : first + 20].max() for first in (0, 20, 40)]
    np.testing.assert_allclose(peaks, [0.01, 0.00505, 0.002575])


@pytest.mark.parametrize("spec", SCHEDULES.values())
@pytest.mark.parametrize("total", [1, 2, 3, 50])
def test_every_schedule_fits_any_number_of_steps(spec: type[ScheduleSpec], total: int) -> None:
    found = course(spec(), total)
    assert np.isfinite(found).all()
    assert (found > 0).all()
    assert found.max() <= 1e-3 * (1 + 1e-12)


@pytest.mark.parametrize("spec", OTHERS)
def test_the_same_document_has_the_same_shape_at_any_length(spec: type[ScheduleSpec]) -> None:
    short, long = course(spec(), 400), course(spec(), 4000)
    np.testing.assert_allclose(short[100:], long[1000::10], rtol=0.05, atol=2e-6)


@pytest.mark.parametrize("spec", [Triangular, Triangular2, ExpRange])
def test_a_period_takes_two_steps_or_more(spec: Any) -> None:
    assert course(spec(low=0, high=1, periods=9), 4)[1] > 0.4
    np.testing.assert_array_equal(course(spec(periods=9), 4), course(spec(periods=2), 4))


def test_rates_may_fall_to_nothing() -> None:
    assert course(Triangular2(low=0, periods=5000), 10_000)[-1] == 0
    assert course(Step(decay_factor=1e300), 4)[[0, -1]].tolist() == [1e-3, 0]


# -- the direction of every setting

CHANGES: list[tuple[type[ScheduleSpec], str, Any, Any, Callable[[np.ndarray], float], int]] = [
    (Constant, "rate", 1e-3, 2e-3, np.mean, 1),
    (Step, "rate", 1e-3, 2e-3, np.mean, 1),
    (Step, "decay_factor", 2, 10, lambda r: r[-1], -1),
    (Step, "drops", (0.5,), (0.8,), np.mean, 1),
    (Step, "drops", (0.5,), (0.5, 0.8), lambda r: r[-1], -1),
    (Cosine, "rate", 1e-3, 2e-3, np.max, 1),
    (Cosine, "min_rate", 0, 1e-4, lambda r: r[-1], 1),
    (Cosine, "warm_up", 0.05, 0.4, np.argmax, 1),
    (Polynomial, "rate", 1e-3, 2e-3, np.max, 1),
    (Polynomial, "min_rate", 0, 1e-4, lambda r: r[-1], 1),
    (Polynomial, "power", 0.9, 2, np.mean, -1),
    (OneCycle, "high", 1e-3, 2e-3, np.max, 1),
    (OneCycle, "rise", 0.2, 0.6, np.argmax, 1),
    (OneCycle, "start_divisor", 5, 25, lambda r: r[0], -1),
    (OneCycle, "end_divisor", 10, 1e4, lambda r: r[-1], -1),
    (OneCycle, "shape", "linear", "cosine", lambda r: r[1] - r[0], -1),
    *[(spec, "low", 0, 1e-4, np.min, 1) for spec in (Triangular, Triangular2, ExpRange)],
    *[(spec, "high", 1e-3, 2e-3, np.max, 1) for spec in (Triangular, Triangular2, ExpRange)],
    *[
        (spec, "periods", 2, 5, lambda r: (np.diff(np.sign(np.diff(r))) < 0).sum(), 1)
        for spec in (Triangular, Triangular2, ExpRange)
    ],
    (ExpRange, "final_amplitude", 0.1, 0.9, lambda r: r[-TOTAL // 8], 1),
]


@pytest.mark.parametrize(("spec", "name", "less", "more", "measure", "sign"), CHANGES)
def test_direction(
    spec: type[ScheduleSpec],
    name: str,
    less: Any,
    more: Any,
    measure: Callable[[np.ndarray], float],
    sign: int,
) -> None:
    before, after = course(spec(**{name: less})), course(spec(**{name: more}))
    assert sign * (measure(after) - measure(before)) > 0


def test_every_setting_has_a_direction() -> None:
    tested = {(spec, name) for spec, name, *_ in CHANGES}
    assert tested == {(spec, name) for spec in OTHERS for name in spec().settings()}


# -- documents


def test_the_table() -> None:
    assert set(SCHEDULES) == {
        "constant",
        "plateau",
        "triangular",
        "triangular2",
        "exp_range",
        "step",
        "cosine",
        "one_cycle",
        "polynomial",
    }
    assert next(iter(SCHEDULES)) == DEFAULT_SCHEDULE == "cosine"


@pytest.mark.parametrize(("name", "spec"), SCHEDULES.items())
def test_documents_make_the_round_trip(name: str, spec: type[ScheduleSpec]) -> None:
    assert spec().name == name
    assert schedule_from_dict(json.loads(json.dumps(spec().to_dict()))) == spec()
    for words in (spec.about.title, spec.about.formula, spec.about.use_when, spec.about.source):
        assert words


@pytest.mark.parametrize("spec", OTHERS)
def test_defaults_are_those_of_the_functions(spec: type[ScheduleSpec]) -> None:
    function = getattr(rates, "stepwise" if spec is Step else spec().name)
    keywords = list(inspect.signature(function).parameters.values())[2:]
    assert {each.name: each.default for each in keywords} == spec().settings()


def test_a_list_of_drops_from_json() -> None:
    made = schedule_from_dict({"name": "step", "drops": [0.2, 0.4]})
    assert made == Step(drops=(0.2, 0.4))


# -- what makes no sense


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Cosine(min_rate=1, rate=0.1), "Cosine.min_rate is 1, above Cosine.rate"),
        (lambda: Polynomial(min_rate=1), "Polynomial.min_rate is 1, above"),
        (lambda: ReduceOnPlateau(min_rate=1), "ReduceOnPlateau.min_rate is 1, above"),
        (lambda: Triangular(low=1), "Triangular.low is 1, above Triangular.high"),
        (lambda: ReduceOnPlateau(decay_factor=0.5), "decay_factor is 0.5; it must be above 1"),
        (lambda: Step(drops=(0.7, 0.3)), "in ascending order"),
        (lambda: Step(drops=(0.5, 1.0)), "must be below 1"),
        (lambda: OneCycle(shape="round"), "choose one of cosine, linear"),  # type: ignore[arg-type]
        (lambda: Constant(rate=0), "must be above 0"),
        (lambda: schedule_from_dict({"name": "no"}), "no schedule 'no'; there are cosine"),
        (lambda: schedule_from_dict({}), "no schedule"),
        (lambda: schedule_from_dict({"name": "step", "gamma": 1}), "Step has no 'gamma'"),
        (lambda: rate_at(Constant(), 0, 0), "0 steps has no rate"),
        (lambda: rate_at(Constant(), 5, 5), "steps go from 0 to 4"),
        (lambda: rate_at(Constant(), -1, 5), "no step -1"),
    ],
)
def test_what_makes_no_sense(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
