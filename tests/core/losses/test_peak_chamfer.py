"""Chamfer distance of soft peaks, and the soft count."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from napari_slitseg.core.losses import build_loss
from napari_slitseg.core.losses.counting import soft_point
from napari_slitseg.core.losses.peak_chamfer import peak_chamfer
from napari_slitseg.core.losses.probes import SIDE, Start, descend, hard_starts, scattered
from napari_slitseg.core.losses.spec_expected import PeakChamfer, SoftPoint
from napari_slitseg.core.metrics import chamfer_distance, proportional_point_loss
from tests.core.losses.fields import Point, black_and_white, dotted, yx

COLD = 0.01


def value(dots: list[Point], points: list[Point], **settings: float) -> float:
    settings = {"temperature_px": COLD} | settings
    return float(peak_chamfer(black_and_white(dots), yx(*points), **settings))


def test_a_cold_minimum_gives_the_chamfer_distance() -> None:
    dots, points = [(6, 7), (15, 17), (18, 5)], [(8, 7), (15, 18), (17, 5)]
    assert value(dots, points) == pytest.approx(
        chamfer_distance(dots, points, empty_px=25), abs=0.05
    )


def test_the_count() -> None:
    assert value([(6, 7), (15, 17)], []) == pytest.approx(10 * math.log(3) ** 2, abs=1e-3)
    nothing = value([], [(6, 7), (15, 17)], cap_px=20)
    assert nothing == pytest.approx(10 * math.log(3) ** 2 + 20 / 2, abs=0.1)
    assert value([], []) == pytest.approx(0, abs=1e-6)


def test_every_setting_acts_as_promised() -> None:
    many = ([(6, 7), (15, 17)], [(6, 7)])
    more = value(*many, count_weight=20) - value(*many, count_weight=10)
    assert more == pytest.approx(10 * math.log(3 / 2) ** 2)
    assert value(*many, temperature_px=2) < value(*many, temperature_px=1)
    assert value([], [(6, 7)], cap_px=10) < value([], [(6, 7)], cap_px=20)
    flat = torch.zeros(1, 1, 9, 9, dtype=torch.float64)
    mass = [float(peak_chamfer(flat, yx(), unclaimed_weight=w)) for w in (1, 3)]
    assert mass == pytest.approx([81 / 2 / 11.34, 3 * 81 / 2 / 11.34])


@pytest.mark.parametrize("points", [[(3.2, 4.1), (8.3, 9.4)], []])
def test_gradients(points: list[Point]) -> None:
    noise = torch.randn(1, 1, 12, 13, dtype=torch.float64, generator=torch.manual_seed(0))
    logits = dotted([(3, 5), (8, 9)], (12, 13), low=-2, high=1) + 0.1 * noise
    for loss in (peak_chamfer, soft_point):
        assert torch.autograd.gradcheck(
            lambda z, loss=loss: loss(z, yx(*points)),
            (logits.requires_grad_(),),
            eps=1e-7,
            atol=1e-5,
        )


def test_nothing_is_erased_from_any_hard_start() -> None:
    outcomes, _ = descend(build_loss(PeakChamfer()), hard_starts(), steps=100)
    assert [each.start for each in outcomes if not each.right] == []


def test_an_untrained_map_is_not_wiped_clean() -> None:
    noise = np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype(np.float32)
    points = scattered(7, np.random.default_rng(1), spacing_px=20)
    start = [Start("untrained", noise, points)]
    [outcome], _ = descend(build_loss(PeakChamfer()), start, steps=150)
    assert outcome.count_ratio >= 1


# -- the soft count


def mass(n_dots: float, points: list[Point], **settings: float) -> float:
    """Loss of a map with the mass of n dots of 10 px."""
    share = n_dots * 10 / 400
    logits = torch.full((1, 1, 20, 20), math.log(share / (1 - share)), dtype=torch.float64)
    return float(soft_point(logits, yx(*points), area_px=10, **settings))


def test_the_soft_count_has_the_values_of_the_point_loss() -> None:
    three = [(6, 7), (15, 17), (18, 5)]
    assert mass(3, three) == pytest.approx(0, abs=1e-12)
    assert mass(2, three, proportional=False) == pytest.approx(1)
    assert mass(5, three, proportional=False) == pytest.approx(4)
    assert mass(1, three, proportional=False) == pytest.approx(8)
    for n in (1, 2, 5):
        assert mass(n, three) == pytest.approx(proportional_point_loss(n, 3))


def test_soft_count_settings_act_as_promised() -> None:
    three = [(6, 7), (15, 17), (18, 5)]
    assert mass(1, three, under_power=2) < mass(1, three, under_power=3)
    assert mass(6, three, over_power=1) < mass(6, three, over_power=2)
    assert mass(1, three, scale=5) < mass(1, three, scale=10)
    logits = torch.zeros(1, 1, 20, 20)
    wide, narrow = (float(soft_point(logits, yx(), area_px=a)) for a in (200, 100))
    assert wide == narrow == 100
    wide, narrow = (
        float(soft_point(logits, yx(), area_px=a, proportional=False)) for a in (200, 100)
    )
    assert (wide, narrow) == (1, 4)


def test_powers_below_1_leave_a_right_soft_count_at_rest() -> None:
    logits = torch.full((1, 1, 4, 4), -200.0, requires_grad=True)
    loss = soft_point(logits, yx(), under_power=0.5, over_power=0.5)
    loss.backward()
    assert float(loss.detach()) == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_the_soft_count_alone_knows_no_places() -> None:
    start = next(each for each in hard_starts() if each.name == "2 px off")
    [outcome], _ = descend(build_loss(SoftPoint()), [start], steps=100)
    assert outcome.chamfer_px > 1.5
