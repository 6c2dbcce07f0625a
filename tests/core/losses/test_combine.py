"""Sums of losses, their balance, and the loss of two heads."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_slitseg.core.curriculum.presets import CURRICULA
from napari_slitseg.core.losses import LossSpec, build_loss
from napari_slitseg.core.losses.combine import (
    GradientBalance,
    sum_of_terms,
    two_head_loss,
    weighted_sum,
)
from napari_slitseg.core.losses.probes import descend, hard_starts
from napari_slitseg.core.losses.spec_combine import Term, TwoHeads, WeightedSum
from napari_slitseg.core.losses.spec_distribution import BinaryCrossEntropy, MeanSquaredError
from napari_slitseg.core.losses.spec_maps import DistanceWeighted
from napari_slitseg.core.losses.spec_overlap import Dice
from napari_slitseg.core.losses.target import Target
from napari_slitseg.core.models.base import Logits
from napari_slitseg.core.ramp import Ramp
from napari_slitseg.core.schedules import Cosine, rate_at
from napari_slitseg.core.spec import Spec

DICE, MSE, BCE = Dice(), MeanSquaredError(), BinaryCrossEntropy()


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def field(seed: int = 0, shape: tuple[int, ...] = (2, 1, 6, 7), **options: Any) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(shape, generator=generator, dtype=torch.float64)
    return values.to(**options).requires_grad_() if options else values.requires_grad_()


def target_like(logits: Tensor, *, value: float | None = None) -> Target:
    mask = torch.zeros(logits.shape)
    mask[..., logits.shape[-2] // 2, :] = 1
    mask = mask if value is None else torch.full_like(mask, value)
    middle = [(logits.shape[-2] // 2, logits.shape[-1] // 2)]
    points = [torch.tensor(middle if value is None else [], dtype=torch.float32)] * len(logits)
    return Target(mask=mask, points=points)


def gradient(loss: LossSpec, logits: Tensor) -> Tensor:
    [found] = torch.autograd.grad(build_loss(loss)(logits, target_like(logits)), logits)
    return found


def terms(*pairs: tuple[float, LossSpec]) -> tuple[Term, ...]:
    return tuple(Term(weight=weight, loss=loss) for weight, loss in pairs)


# -- fixed weights


def test_a_sum_by_hand() -> None:
    logits = field()
    target = target_like(logits)
    total, parts = sum_of_terms(WeightedSum(terms=terms((2, DICE), (0.5, MSE))), logits, target)
    dice, mse = build_loss(DICE)(logits, target), build_loss(MSE)(logits, target)
    torch.testing.assert_close(total, 2 * dice + 0.5 * mse)
    assert {name: value.item() for name, value in parts.items()} == {
        "dice": dice.item(),
        "mse": mse.item(),
    }
    assert not any(value.requires_grad for value in parts.values())


def test_the_function_and_the_built_loss_are_the_sum() -> None:
    logits = field()
    spec = WeightedSum(terms=terms((2, DICE), (3, BCE)))
    total = sum_of_terms(spec, logits, target_like(logits)).total
    assert build_loss(spec)(logits, target_like(logits)) == total
    assert weighted_sum(logits, target_like(logits), terms=spec.terms) == total


@pytest.mark.parametrize("balance", ["fixed", "grad_ema"])
def test_more_weight_is_more_of_a_loss(balance: Any) -> None:
    logits = field()
    own = gradient(MSE, logits).flatten()
    shares = [
        gradient(WeightedSum(terms=terms((1, DICE), (weight, MSE)), balance=balance), logits)
        for weight in (0.5, 1, 2)
    ]
    along = [float(share.flatten() @ own / own.norm()) for share in shares]
    assert along[0] < along[1] < along[2]


def test_gradcheck() -> None:
    logits = field(shape=(2, 1, 5, 6))
    spec = WeightedSum(terms=terms((1, DICE), (0.3, BCE), (2, DistanceWeighted())))
    loss = build_loss(spec)
    assert torch.autograd.gradcheck(lambda z: loss(z, target_like(logits)), (logits,))


def test_a_term_without_weight_is_reported_and_trains_nothing() -> None:
    logits = field()
    target = target_like(logits)
    total, parts = sum_of_terms(WeightedSum(terms=terms((1, DICE), (0, MSE))), logits, target)
    assert total == build_loss(DICE)(logits, target)
    assert parts["mse"] == build_loss(MSE)(logits, target)
    nothing, parts = sum_of_terms(WeightedSum(terms=terms((0, MSE))), logits, target)
    nothing.backward()  # type: ignore[no-untyped-call]
    assert nothing == 0
    assert parts["mse"] > 0
    assert not logits.grad.any()  # type: ignore[union-attr]


def test_ramps_change_weights_and_count_as_at_their_end() -> None:
    logits, ramp = field(), Ramp(start=0.2, stop=0.6, begin=0, end=3)
    spec = WeightedSum(terms=(Term(), Term(weight=2, loss=MSE, ramp=ramp)))
    weights = [spec.at(progress).terms[1].weight for progress in (0, 0.2, 0.4, 0.6, 1)]
    assert weights == pytest.approx([0, 0, 3, 6, 6])
    assert all(term.ramp is None for term in spec.at(0.5).terms)
    ends = [weighted_sum(logits, target_like(logits), terms=s.terms) for s in (spec, spec.at(1))]
    assert ends[0] == ends[1]


def test_sums_in_sums_and_one_loss_twice() -> None:
    logits = field()
    target = target_like(logits)
    inner = WeightedSum(
        terms=(Term(loss=MSE, ramp=Ramp()), Term(weight=0.5, loss=BCE)), balance="grad_ema"
    )
    spec = WeightedSum(terms=terms((1, DICE), (2, inner), (1, Dice(smooth=0))))
    total, parts = sum_of_terms(spec, logits, target)
    assert list(parts) == ["dice", "sum", "sum.mse", "sum.bce", "dice2"]
    torch.testing.assert_close(total, parts["dice"] + 2 * parts["sum"] + parts["dice2"])
    early = sum_of_terms(spec.at(0), logits, target).parts
    torch.testing.assert_close(early["sum"], 0.5 * early["sum.bce"])


# -- balanced gradients


def test_balanced_gradients_are_as_long_as_the_first() -> None:
    logits = field()
    spec = WeightedSum(terms=terms((2, DICE), (1, MSE), (0.5, BCE)), balance="grad_ema")
    dice, mse, bce = (gradient(loss, logits) for loss in (DICE, MSE, BCE))
    expected = 2 * dice + mse * (dice.norm() / mse.norm()) + 0.5 * bce * (dice.norm() / bce.norm())
    torch.testing.assert_close(gradient(spec, logits), expected)


def test_balanced_and_fixed_sums_agree_where_gradients_are_equally_long() -> None:
    logits = field()
    balanced = WeightedSum(terms=terms((1, DICE), (1, Dice())), balance="grad_ema")
    torch.testing.assert_close(gradient(balanced, logits), 2 * gradient(DICE, logits))


def balanced_steps(scales: list[float], *, memory: float, **options: Any) -> list[float]:
    """What the second loss is multiplied by, step by step, as logits of both change."""
    spec = WeightedSum(
        terms=terms((1, BCE), (1, MSE)), balance="grad_ema", memory=memory, **options
    )
    state, factors = GradientBalance(), []
    for scale in scales:
        logits = (scale * field().detach()).requires_grad_()
        total, parts = sum_of_terms(spec, logits, target_like(logits), state=state)
        factors.append(float((total.detach() - parts["bce"]) / parts["mse"]))
    return factors


def test_the_running_mean_by_hand() -> None:
    scales, memory = [1.0, 3.0, 0.5], 0.7
    lengths = []
    for scale in scales:
        logits = (scale * field().detach()).requires_grad_()
        lengths.append([float(gradient(loss, logits).norm()) for loss in (BCE, MSE)])
    expected = []
    for n in range(1, 4):
        shares = np.array([(1 - memory) * memory ** (n - 1 - i) for i in range(n)])
        first, second = shares @ np.array(lengths[:n]) / shares.sum()
        expected.append(first / second)
    np.testing.assert_allclose(balanced_steps(scales, memory=memory), expected, rtol=1e-6)


def test_the_balance_follows_gradients_that_change_after_the_first_step() -> None:
    """A loss that starts with a long gradient is not starved for good."""
    scales = [1.0, *[8.0] * 40]
    factors = balanced_steps(scales, memory=0.9)
    settled = balanced_steps([8.0], memory=0.9)[0]
    assert abs(factors[0] / settled - 1) > 0.5
    assert factors[-1] == pytest.approx(settled, rel=0.05)


def test_more_memory_is_slower() -> None:
    scales = [1.0, *[8.0] * 5]
    settled = balanced_steps([8.0], memory=0)[0]
    gaps = [abs(balanced_steps(scales, memory=m)[-1] - settled) for m in (0, 0.5, 0.95)]
    assert gaps[0] == pytest.approx(0, abs=1e-6)
    assert gaps[0] < gaps[1] < gaps[2]


def test_the_largest_factor() -> None:
    free = balanced_steps([1.0], memory=0.9)[0]
    assert free > 1.5
    assert balanced_steps([1.0], memory=0.9, max_factor=1.5)[0] == pytest.approx(1.5)
    assert balanced_steps([1.0], memory=0.9, max_factor=1)[0] == pytest.approx(1)


def test_a_training_goes_on_from_json_as_if_it_had_not_stopped() -> None:
    spec = WeightedSum(terms=terms((1, DICE), (1, MSE)), balance="grad_ema")
    through, saved = GradientBalance(), GradientBalance()
    for seed in range(4):
        logits = field(seed, dtype=torch.float32)
        text = json.dumps(saved.state_dict(), allow_nan=False)
        saved = GradientBalance()
        saved.load_state_dict(json.loads(text))
        totals = [
            sum_of_terms(spec, logits, target_like(logits), state=state).total
            for state in (through, saved)
        ]
        torch.testing.assert_close(*totals)


def test_a_length_that_is_not_finite_is_ignored() -> None:
    state = GradientBalance()
    state.update("a", torch.tensor(float("nan")), 0.9)
    state.update("a", torch.tensor(2.0), 0.9)
    state.update("a", torch.tensor(float("inf")), 0.9)
    assert float(state.mean("a")) == pytest.approx(2)  # type: ignore[arg-type]
    assert state.mean("b") is None


def test_a_loss_with_a_gradient_of_zero_counts_as_it_is() -> None:
    logits = field()
    spec = WeightedSum(terms=terms((1, DICE), (1, DistanceWeighted())), balance="grad_ema")
    target = Target(mask=target_like(logits).mask, points=[torch.zeros((0, 2))] * 2)
    flat = (logits.detach() * 0 - 1e4).requires_grad_()
    total = sum_of_terms(spec, flat, target).total
    total.backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(total)
    assert torch.isfinite(flat.grad).all()  # type: ignore[arg-type]


def test_looking_at_a_loss_without_training_changes_no_state() -> None:
    spec, state, logits = WeightedSum(balance="grad_ema"), GradientBalance(), field()
    trained = sum_of_terms(spec, logits, target_like(logits), state=state).total
    before = state.state_dict()
    with torch.no_grad():
        seen = sum_of_terms(spec, logits, target_like(logits), state=state).total
    assert state.state_dict() == before
    torch.testing.assert_close(seen, trained.detach())
    plain = sum_of_terms(spec, logits.detach(), target_like(logits)).total
    fixed = sum_of_terms(WeightedSum(), logits.detach(), target_like(logits)).total
    assert plain == fixed


# -- any field


@pytest.mark.parametrize("balance", ["fixed", "grad_ema"])
@pytest.mark.parametrize("value", [None, 0.0, 1.0])
@pytest.mark.parametrize(
    "make",
    [
        lambda: field(dtype=torch.float16),
        lambda: field(dtype=torch.bfloat16),
        lambda: (field().detach() * 0 + 100).requires_grad_(),
        lambda: (field().detach() * 0 - 100).requires_grad_(),
        lambda: field(shape=(1, 1, 1, 1)),
    ],
)
def test_finite(make: Callable[[], Tensor], value: float | None, balance: Any) -> None:
    logits = make()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        total = build_loss(WeightedSum(balance=balance))(logits, target_like(logits, value=value))
    total.backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(total)
    assert total.dtype in (torch.float32, torch.float64)
    assert torch.isfinite(logits.grad).all()  # type: ignore[arg-type]


@pytest.mark.parametrize("balance", ["fixed", "grad_ema"])
def test_nothing_is_erased(balance: Any) -> None:
    chosen = [each for each in hard_starts() if each.name in ("none", "twice as many")]
    outcomes, _ = descend(build_loss(WeightedSum(balance=balance)), chosen, steps=100)
    assert all(outcome.right for outcome in outcomes)


# -- two heads


def heads(**options: Any) -> Logits:
    return Logits(field(1, **options), field(2, **options))


def test_two_heads_by_hand() -> None:
    logits = heads()
    target = target_like(logits.slit)
    spec = TwoHeads(
        membrane=DICE,
        slit=WeightedSum(terms=terms((1, DICE), (1, MSE))),
        membrane_weight=0.25,
        slit_weight=2,
    )
    total, parts = two_head_loss(logits, target, target, spec=spec)
    assert list(parts) == ["membrane", "slit", "slit.dice", "slit.mse"]
    assert parts["membrane"] == build_loss(DICE)(logits.membrane, target)
    torch.testing.assert_close(parts["slit"], parts["slit.dice"] + parts["slit.mse"])
    torch.testing.assert_close(total.detach(), 0.25 * parts["membrane"] + 2 * parts["slit"])
    assert not any(value.requires_grad for value in parts.values())


def test_each_head_gets_its_own_gradient_times_its_weight() -> None:
    logits = heads()
    target = target_like(logits.slit)
    spec = TwoHeads(membrane=MSE, slit=DICE, membrane_weight=3, slit_weight=0.5)
    two_head_loss(logits, target, target, spec=spec).total.backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(logits.membrane.grad, 3 * gradient(MSE, logits.membrane))
    torch.testing.assert_close(logits.slit.grad, 0.5 * gradient(DICE, logits.slit))


def test_a_head_without_weight_needs_no_target() -> None:
    logits = heads()
    target = target_like(logits.slit)
    spec = TwoHeads(membrane_weight=0)
    total, parts = two_head_loss(logits, None, target, spec=spec)
    assert list(parts) == ["slit"]
    assert total == parts["slit"]
    total, parts = two_head_loss(logits, target, target, spec=spec)
    assert list(parts) == ["membrane", "slit"]
    assert total == parts["slit"]
    with pytest.raises(ValueError, match="the membrane head has a weight of 1 and no target"):
        two_head_loss(logits, None, target, spec=TwoHeads())


def test_both_heads_keep_their_balance_apart() -> None:
    logits, state = heads(), GradientBalance()
    target = target_like(logits.slit)
    balanced = WeightedSum(balance="grad_ema")
    spec = TwoHeads(membrane=balanced, slit=balanced)
    two_head_loss(logits, target, target, spec=spec, state=state)
    assert set(state.state_dict()) == {
        f"{head}.{name}" for head in ("membrane", "slit") for name in ("dice", "bce")
    }


def test_two_heads_of_half_precision() -> None:
    logits = heads(dtype=torch.float16)
    target = target_like(logits.slit)
    total = two_head_loss(logits, target, target, spec=TwoHeads()).total
    total.backward()  # type: ignore[no-untyped-call]
    assert total.dtype == torch.float32
    assert torch.isfinite(logits.slit.grad).all()  # type: ignore[arg-type]


def test_heads_at_a_moment() -> None:
    ramped = WeightedSum(terms=(Term(), Term(loss=MSE, ramp=Ramp())))
    now = TwoHeads(slit=ramped, membrane=ramped).at(0.25)
    for loss in (now.slit, now.membrane):
        assert isinstance(loss, WeightedSum)
        assert [term.weight for term in loss.terms] == [1, 0.25]
    assert TwoHeads().at(0.25) == TwoHeads()


@pytest.mark.parametrize("name", CURRICULA)
def test_every_curriculum_trains_both_heads_to_its_end(name: str) -> None:
    curriculum, state, n_steps = CURRICULA[name].curriculum, GradientBalance(), 5
    logits = Logits(field(1, (2, 1, 16, 16)), field(2, (2, 1, 16, 16)))
    adam = torch.optim.Adam(logits, lr=0.1)
    for step in range(n_steps):
        adam.param_groups[0]["lr"] = rate_at(Cosine(rate=0.1), step, n_steps)
        now = curriculum.at(step / n_steps, total_epochs=1)
        target = target_like(logits.slit)
        total, parts = two_head_loss(logits, target, target, spec=now.losses, state=state)
        adam.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        assert {"membrane", "slit"} <= set(parts)
        for raw in logits:
            assert raw.grad is not None
            assert torch.isfinite(raw.grad).all()
            assert raw.grad.any()
        adam.step()


# -- documents


@pytest.mark.parametrize(
    "spec",
    [
        WeightedSum(),
        WeightedSum.preset("dice_and_distance"),
        WeightedSum(terms=terms((1, WeightedSum()), (2, Dice(smooth=3)))),
        TwoHeads(slit=WeightedSum(terms=(Term(loss=MSE, ramp=Ramp(end=2, shape="cosine")),))),
    ],
)
def test_documents_make_the_round_trip(spec: Spec) -> None:
    assert type(spec).from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: WeightedSum(terms=()), "terms is empty; give at least one"),
        (lambda: Term(weight=-1), "Term.weight is -1; it must be at least 0"),
        (lambda: TwoHeads(membrane_weight=0, slit_weight=0), "both weights of TwoHeads are 0"),
        (
            lambda: TwoHeads(slit="dice"),  # type: ignore[arg-type]
            "TwoHeads.slit is 'dice'; give a document of type LossSpec",
        ),
        (lambda: TwoHeads.from_dict({"slit": {"name": "dise"}}), "there is no loss 'dise'"),
        (
            lambda: WeightedSum.from_dict({"terms": [{"loss": {"name": "dice", "soft": 1}}]}),
            "Dice has no 'soft'",
        ),
        (lambda: WeightedSum(memory=1), "memory is 1; it must be below 1"),
        (lambda: WeightedSum(max_factor=0.5), "max_factor is 0.5; it must be at least 1"),
    ],
)
def test_what_makes_no_sense(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_a_target_that_lacks_what_a_term_compares_with() -> None:
    logits = field()
    spec = WeightedSum(terms=terms((1, DICE), (1, DistanceWeighted())))
    with pytest.raises(ValueError, match="compares with points; this target has none"):
        build_loss(spec)(logits, Target(mask=target_like(logits).mask))


@pytest.mark.parametrize("name", WeightedSum.presets)
def test_presets_give_a_gradient(name: str) -> None:
    logits = field(shape=(2, 1, 16, 16))
    found = gradient(WeightedSum.preset(name), logits)
    assert torch.isfinite(found).all()
    assert found.any()
