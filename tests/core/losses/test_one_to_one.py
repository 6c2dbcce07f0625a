"""One-to-one matching with a gradient."""

from __future__ import annotations

import math

import pytest
import torch

from napari_slitseg.core.losses import build_loss
from napari_slitseg.core.losses.one_to_one import one_to_one
from napari_slitseg.core.losses.probes import descend, hard_starts, pull
from napari_slitseg.core.losses.spec_expected import OneToOne
from tests.core.losses.fields import Point, black_and_white, dotted, yx


def value(dots: list[Point], points: list[Point], **settings: float) -> float:
    return float(one_to_one(black_and_white(dots), yx(*points), **settings))


@pytest.mark.parametrize(
    ("dots", "points", "expected"),
    [
        ([(6, 7), (15, 17)], [(6, 7), (15, 17)], 0),
        ([(6, 7), (15, 17)], [(9, 7), (15, 17.5)], (3 - 0.5 + 0.125) / 2),
        ([(6, 7), (15, 17)], [(6, 7)], 60),
        ([], [], 0),
    ],
    ids=["right", "off by 3 and 0.5 px", "one too many", "both empty"],
)
def test_known_values(dots: list[Point], points: list[Point], expected: float) -> None:
    assert value(dots, points) == pytest.approx(expected, abs=1e-3)


def test_a_missed_slit_costs_its_surprise() -> None:
    logits = torch.full((1, 1, 9, 9), -2.0, dtype=torch.float64)
    loss = one_to_one(logits, yx((4, 4)), unclaimed_weight=0)
    assert float(loss) == pytest.approx(math.log(1 + math.exp(2)), abs=1e-6)


def test_every_setting_acts_as_promised() -> None:
    off = ([(6, 7), (15, 17)], [(9, 7), (15, 17)])
    assert value(*off, position_weight=2) == pytest.approx(2 * value(*off))
    assert value(*off, rounding_px=2) == pytest.approx((3 - 1) / 2, abs=1e-3)
    many = ([(6, 7), (15, 17)], [(6, 7)])
    assert value(*many, surplus_weight=2) == pytest.approx(2 * value(*many), rel=1e-6)
    flat = torch.zeros(1, 1, 9, 9, dtype=torch.float64)
    mass = [float(one_to_one(flat, yx(), unclaimed_weight=w)) for w in (1, 3)]
    assert mass == pytest.approx([81 / 2 / 11.34, 3 * 81 / 2 / 11.34])
    assert value([(6, 7)], [(15, 7)], reach_px=12) == pytest.approx(8.5, abs=1e-3)
    assert value([(6, 7)], [(15, 7)], reach_px=8) == pytest.approx(120, rel=0.01)


@pytest.mark.parametrize("points", [[(3.2, 4.1), (8.3, 9.4)], [(3.2, 4.1)], []])
def test_gradient(points: list[Point]) -> None:
    noise = torch.randn(1, 1, 12, 13, dtype=torch.float64, generator=torch.manual_seed(0))
    logits = dotted([(3, 5), (8, 9)], (12, 13), low=-2, high=1) + 0.1 * noise
    assert torch.autograd.gradcheck(
        lambda z: one_to_one(z, yx(*points)), (logits.requires_grad_(),), eps=1e-7, atol=1e-5
    )


def test_nothing_is_erased_from_any_hard_start() -> None:
    outcomes, _ = descend(build_loss(OneToOne()), hard_starts(), steps=100)
    assert [each.start for each in outcomes if not each.right] == []


def test_a_dot_is_pulled_from_1_to_20_px() -> None:
    assert pull(build_loss(OneToOne()), range(1, 21)).min() > 0.5
