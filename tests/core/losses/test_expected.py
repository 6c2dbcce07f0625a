"""The study's losses in expectation: exact on black and white, and honest in between."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_slitseg.core.losses import build_loss
from napari_slitseg.core.losses.claims import Reading, read_claims
from napari_slitseg.core.losses.expected import (
    CAP_PX,
    expected_chamfer,
    expected_composite,
    expected_point,
)
from napari_slitseg.core.losses.probes import Loss, descend, hard_starts
from napari_slitseg.core.losses.spec import LossSpec
from napari_slitseg.core.losses.spec_expected import ExpectedChamfer, ExpectedComposite
from napari_slitseg.core.losses.study import composite as composite_of_the_study
from napari_slitseg.core.losses.target import Target
from napari_slitseg.core.metrics import chamfer_distance, point_loss, proportional_point_loss
from tests.core.losses.fields import Point, black_and_white, dotted, yx

MAPS: list[tuple[str, list[Point], list[Point]]] = [
    ("right", [(6, 7), (15, 17)], [(6, 7), (15, 17)]),
    ("off", [(6, 7), (15, 17)], [(8, 7), (15, 18)]),
    ("one too many", [(6, 7), (15, 17), (18, 5)], [(6, 8), (15, 17)]),
    ("nothing found", [], [(6, 7), (15, 17)]),
    ("both empty", [], []),
]
SPREAD = [(6.2, 7.1), (15.3, 17.4), (18.2, 5.0)]


@pytest.mark.parametrize(("name", "dots", "points"), MAPS, ids=[name for name, *_ in MAPS])
def test_black_and_white_maps_have_the_value_of_the_study(
    name: str, dots: list[Point], points: list[Point]
) -> None:
    logits, annotated = black_and_white(dots), yx(*points)
    chamfer = chamfer_distance(dots, points, empty_px=CAP_PX)
    plain = point_loss(len(dots), len(points))
    relative = proportional_point_loss(len(dots), len(points))
    found = [
        expected_chamfer(logits, annotated, unclaimed_weight=0),
        expected_point(logits, annotated, proportional=False),
        expected_point(logits, annotated),
        expected_composite(logits, annotated, alpha=2, beta=0.3, unclaimed_weight=0),
        expected_composite(
            logits, annotated, alpha=1, beta=10, proportional=False, unclaimed_weight=0
        ),
    ]
    expected = [chamfer, plain, relative, 2 * chamfer + 0.3 * relative, chamfer + 10 * plain]
    assert [float(each) for each in found] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("shift", [0.2, 0.35, 0.5])
def test_dots_between_pixels_have_the_value_of_the_study_to_hundredths_of_a_pixel(
    shift: float,
) -> None:
    logits = black_and_white([(6 + shift, 7 - shift), (15.1, 17 + shift), (18.3, 5.0)])
    points = yx((6, 8), (15, 17), (10, 20))
    exact = composite_of_the_study(
        logits,
        Target(points=points),
        alpha=1,
        beta=0.025,
        proportional=True,
        empty="cap",
        cap_px=CAP_PX,
    )
    found = expected_composite(logits, points, unclaimed_weight=0)
    assert float(found) == pytest.approx(float(exact), abs=0.05)


def test_a_bar_over_far_annotations_is_claimed_for_each_and_the_rest_is_unclaimed() -> None:
    bar = torch.full((1, 1, 24, 40), -60.0, dtype=torch.float64)
    bar[..., 11:14, 6:34] = 60
    claims = read_claims(bar, yx((12, 8), (12, 20), (12, 32)), Reading(reach_px=CAP_PX))
    assert float(claims.exists.sum()) == pytest.approx(3)
    assert float(claims.unclaimed) > 1


def test_without_annotations_every_claim_costs_the_cap() -> None:
    logits = black_and_white([(6, 7), (15, 17)])
    loss = expected_chamfer(logits, yx(), unclaimed_weight=0)
    assert float(loss) == pytest.approx(2 * CAP_PX, abs=1e-5)


def test_missed_slits_count_even_where_two_are_missed() -> None:
    logits = black_and_white([(6, 7)])
    loss = expected_point(logits, yx((6, 7), (15, 17), (18, 5)), proportional=False)
    assert float(loss) == pytest.approx(2**3, abs=1e-5)


def test_the_value_is_the_mean_over_drawn_maps() -> None:
    logits, points = dotted(SPREAD, high=0.5), yx((6, 8), (14, 17))
    claims = read_claims(logits, points, Reading(reach_px=CAP_PX))
    exists, places = claims.exists[0].numpy(), claims.yx[0].numpy()
    rng = np.random.default_rng(0)
    drawn = rng.random((20_000, len(exists))) < exists
    truth = points[0].numpy()
    patterns, times = np.unique(drawn, axis=0, return_counts=True)
    chamfer = [chamfer_distance(places[kept], truth, empty_px=CAP_PX) for kept in patterns]
    numbers = [point_loss(int(kept.sum()), 2) for kept in patterns]
    share = times / times.sum()
    loss = expected_chamfer(logits, points, unclaimed_weight=0)
    assert float(loss) == pytest.approx(share @ chamfer, rel=0.01)
    loss = expected_point(logits, points, proportional=False)
    assert float(loss) == pytest.approx(share @ numbers, rel=0.02)


def composite(logits: Tensor, **settings: float) -> float:
    return float(expected_composite(logits, yx((6, 9), (14, 17)), **settings))


@pytest.mark.parametrize(
    ("setting", "low", "high"),
    [
        ("alpha", 1.0, 2.0),
        ("beta", 0.1, 0.2),
        ("over_power", 1.5, 2.5),
        ("scale", 5.0, 10.0),
        ("unclaimed_weight", 0.5, 1.0),
    ],
)
def test_more_costs_more_where_there_are_too_many(setting: str, low: float, high: float) -> None:
    logits = dotted(SPREAD, low=-3)
    assert composite(logits, **{setting: low}) < composite(logits, **{setting: high})


def test_under_power_and_cap_cost_more_where_there_are_too_few() -> None:
    nothing = dotted([])
    assert composite(nothing, under_power=2) < composite(nothing, under_power=3)
    assert composite(nothing, cap_px=10) < composite(nothing, cap_px=20)


def test_settings_of_each_term_arrive() -> None:
    nothing, many, points = dotted([]), dotted(SPREAD, low=-3), yx((6, 9), (14, 17))

    def grows(loss: Callable[..., Tensor], logits: Tensor, setting: str, *values: float) -> bool:
        low, high = (float(loss(logits, points, **{setting: each})) for each in values)
        return low < high

    assert grows(expected_chamfer, nothing, "cap_px", 10, 20)
    assert grows(expected_chamfer, many, "unclaimed_weight", 0.5, 1)
    assert grows(expected_point, nothing, "under_power", 2, 3)
    assert grows(expected_point, many, "over_power", 1.5, 2.5)
    assert grows(expected_point, nothing, "scale", 5, 10)


def test_too_few_cost_more_than_too_many() -> None:
    few, many = black_and_white([(6, 7)]), black_and_white([(6, 7), (15, 17), (18, 5), (4, 19)])
    points = yx((6, 7), (15, 17))
    for proportional in (False, True):
        under = expected_point(few, yx((6, 7), (15, 17), (18, 5)), proportional=proportional)
        over = expected_point(many, points, proportional=proportional)
        assert float(under) > float(over)


def test_two_way_costs_what_is_missed() -> None:
    nothing, points = dotted([]), yx((6, 7))
    settings = {"unclaimed_weight": 0.0}
    both = expected_chamfer(nothing, points, **settings)
    one = expected_chamfer(nothing, points, two_way=False, **settings)
    assert float(both) > 20
    assert float(one) < 0.1


LOSSES: list[Callable[..., Tensor]] = [expected_composite, expected_chamfer, expected_point]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("points", [[(3.2, 4.1), (8.3, 9.4)], [(3.2, 4.1)], []])
def test_gradients(loss: Callable[..., Tensor], points: list[Point]) -> None:
    noise = torch.randn(1, 1, 12, 13, dtype=torch.float64, generator=torch.manual_seed(0))
    logits = dotted([(3, 5), (8, 9)], (12, 13), low=-2, high=1) + 0.1 * noise
    assert torch.autograd.gradcheck(
        lambda z: loss(z, yx(*points)), (logits.requires_grad_(),), eps=1e-7, atol=1e-5
    )


@pytest.mark.parametrize("spec", [ExpectedComposite(), ExpectedChamfer()])
def test_nothing_is_erased_from_any_hard_start(spec: ExpectedComposite | ExpectedChamfer) -> None:
    outcomes, _ = descend(build_loss(spec), hard_starts(), steps=100)
    assert [each.start for each in outcomes if not each.right] == []


def shaky(loss: Loss, sd_px: float) -> Loss:
    """A loss whose annotations lie elsewhere at each step: no map has distance 0."""
    generator = torch.Generator().manual_seed(0)

    def shaken(logits: Tensor, target: Target) -> Tensor:
        points = [
            yx + sd_px * torch.randn(yx.shape, generator=generator) for yx in target.points or ()
        ]
        return loss(logits, Target(mask=target.mask, points=points))

    return shaken


@pytest.mark.parametrize(
    ("spec", "left"),
    [
        (ExpectedChamfer.preset("one_way"), 0.0),
        (ExpectedChamfer(), 1.0),
        (ExpectedComposite(), 1.0),
    ],
    ids=["one way", "two ways", "composite"],
)
def test_one_way_erases_where_distances_cannot_vanish(spec: LossSpec, left: float) -> None:
    start = [each for each in hard_starts() if each.name == "2 px off"]
    [outcome], _ = descend(shaky(build_loss(spec), 1.0), start, steps=150)
    assert outcome.count_ratio == left


def test_one_way_finds_nothing_new() -> None:
    start = [each for each in hard_starts() if each.name == "half missing"]
    [outcome], _ = descend(build_loss(ExpectedChamfer.preset("one_way")), start, steps=100)
    assert outcome.count_ratio == 0.5
