"""The loss on sets of points."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import permutations

import pytest
import torch
from torch import Tensor

from napari_slitseg.core.losses.point_losses import POINT_LOSSES, SetPrediction, build_point_loss
from napari_slitseg.core.losses.set_prediction import set_prediction
from napari_slitseg.core.losses.target import Target
from napari_slitseg.core.models.point_set import PointSet
from tests.core.losses.fields import Point, yx

NONE_RIGHT = {"empty_weight": 0.0, "position_weight": 1.0}


def points(*proposed: tuple[float, float, float]) -> PointSet:
    """One image's set from (y, x, probability of being a slit)."""
    table = torch.tensor(proposed, dtype=torch.float64).reshape(-1, 3)
    chance = table[:, 2]
    return PointSet(table[None, :, :2], torch.stack([chance, 1 - chance], -1)[None].log())


def value(proposed: PointSet, *annotated: Point, **settings: float) -> float:
    return float(set_prediction(proposed, yx(*annotated), **settings))


def noisy(n: int, images: int = 1, seed: int = 0) -> PointSet:
    generator = torch.manual_seed(seed)
    table = torch.randn(images, n, 4, dtype=torch.float64, generator=generator)
    return PointSet(10 + 5 * table[..., :2], table[..., 2:])


def test_known_values():
    """By hand: -log(.8) for the pair and half of -log(1 - .1) for the other, by 1.5."""
    found = points((3, 4, 0.8), (9, 9, 0.1))
    kind = -(math.log(0.8) + 0.5 * math.log(0.9)) / 1.5
    assert value(found, (3, 4)) == pytest.approx(kind)
    assert value(found, (6, 8)) == pytest.approx(kind + 0.1 * (5 - 0.5))
    assert value(found, (3, 4.5)) == pytest.approx(kind + 0.1 * 0.5**2 / 2)
    both = -(math.log(0.8) + math.log(0.1)) / 2
    assert value(found, (3, 4), (9, 11)) == pytest.approx(both + 0.1 * (0 + 1.5) / 2)


def test_without_annotations_all_should_be_empty():
    expected = -(math.log(0.2) + math.log(0.9)) / 2
    assert value(points((3, 4, 0.8), (9, 9, 0.1))) == pytest.approx(expected)
    assert value(points((3, 4, 0.8)), empty_weight=0) == 0


def test_without_proposals_there_is_nothing_to_pay():
    assert value(points(), (3, 4)) == 0
    assert value(points()) == 0


def test_annotations_that_are_left_over_cost_nothing():
    assert value(points((3, 4, 0.8)), (3, 4), (9, 9)) == pytest.approx(-math.log(0.8))


def test_images_count_alike():
    pairs = zip(noisy(4, seed=1), noisy(4, seed=2), strict=True)
    both = PointSet(*map(torch.cat, pairs))
    annotated = [*yx((8, 9), (11, 3)), *yx()]
    apart = [
        float(set_prediction(noisy(4, seed=seed), [each]))
        for seed, each in zip((1, 2), annotated, strict=True)
    ]
    assert float(set_prediction(both, annotated)) == pytest.approx(sum(apart) / 2)


@pytest.mark.parametrize("seed", range(20))
def test_the_pairs_are_the_best_of_all(seed):
    found = noisy(6, seed=seed)
    annotated = 10 + 5 * torch.randn(
        4, 2, dtype=torch.float64, generator=torch.manual_seed(seed + 99)
    )
    chance = found.logits[0].softmax(-1)
    best, expected = math.inf, math.nan
    for chosen in permutations(range(6), 4):
        away = (found.yx[0, list(chosen)] - annotated).norm(dim=-1)
        cost = float((0.3 * away - chance[list(chosen), 0]).sum())
        if cost < best:
            rest = [i for i in range(6) if i not in chosen]
            logs = torch.cat([chance[list(chosen), 0].log(), 0.5 * chance[rest, 1].log()])
            best = cost
            rounded = torch.nn.functional.huber_loss(away, 0 * away)
            expected = float(-logs.sum() / 5 + 0.1 * rounded)
    loss = set_prediction(found, [annotated], position_cost=0.3)
    assert float(loss) == pytest.approx(expected)


def test_every_setting_acts_as_promised():
    found = points((3, 4, 0.8), (9, 9, 0.4))
    heavy, light = (value(found, (3, 4), empty_weight=w) for w in (2, 0.1))
    assert heavy == pytest.approx(-(math.log(0.8) + 2 * math.log(0.6)) / 3)
    assert light == pytest.approx(-(math.log(0.8) + 0.1 * math.log(0.6)) / 1.1)
    off = [value(found, (3, 7), position_weight=w) for w in (0, 1, 3)]
    assert off == pytest.approx([off[0], off[0] + 2.5, off[0] + 7.5])
    far = value(found, (3, 7), position_weight=1, rounding_px=10) - off[0]
    assert far == pytest.approx(3**2 / 20)
    unsure = points((3, 4, 0.4), (5, 4, 0.9))
    near, sure = (value(unsure, (3, 4), position_cost=c, **NONE_RIGHT) for c in (1, 0.01))
    assert near == pytest.approx(-math.log(0.4))
    assert sure == pytest.approx(-math.log(0.9) + 1.5)


def test_with_a_wide_rounding_it_is_the_published_square():
    """P2PNet: 2e-4 times the squared distances by the number of points, and the weighted mean."""
    found, annotated = noisy(5), torch.tensor([[8.0, 9.0], [14.0, 3.0]], dtype=torch.float64)
    published = SetPrediction(**SetPrediction.presets["p2pnet"]).settings()
    ours = float(set_prediction(found, [annotated], **published))
    kind = float(set_prediction(found, [annotated], **{**published, "position_weight": 0}))
    chance = found.logits[0].softmax(-1)[:, 0]
    cost = 0.05 * torch.cdist(found.yx[0], annotated) - chance[:, None]
    i, j = min(permutations(range(5), 2), key=lambda ij: cost[ij[0], 0] + cost[ij[1], 1])
    square = ((found.yx[0, [i, j]] - annotated) ** 2).sum() / 2
    assert ours - kind == pytest.approx(2e-4 * float(square))
    classes = torch.ones(5, dtype=torch.long)
    classes[[i, j]] = 0
    weight = torch.tensor([1, 0.5], dtype=torch.float64)
    entropy = torch.nn.functional.cross_entropy(found.logits[0], classes, weight)
    assert kind == pytest.approx(float(entropy))


@pytest.mark.parametrize("n", [0, 1, 3])
def test_gradient(n):
    found = noisy(5, images=2)
    annotated = [10 + 5 * torch.rand(n, 2, dtype=torch.float64), *yx((9, 9))]
    inputs = tuple(each.requires_grad_() for each in found)
    assert torch.autograd.gradcheck(lambda *p: set_prediction(PointSet(*p), annotated), inputs)


def test_the_gradient_is_finite_where_a_point_is_exact():
    found = points((3, 4, 0.8), (9, 9, 0.1))
    position = found.yx.clone().requires_grad_()
    set_prediction(PointSet(position, found.logits), yx((3, 4))).backward()
    assert torch.equal(position.grad, torch.zeros_like(position))


def test_free_points_end_right_from_hard_starts():
    """All empty, two on one annotation, all 6 px beside, one too many, one too few that exist."""
    wanted = [(6, 6), (6, 18), (18, 12)]
    starts: list[list[tuple[float, float, float]]] = [
        [(6, 6, 0.02), (6, 18, 0.02), (18, 12, 0.02), (12, 12, 0.02)],
        [(6, 6, 0.9), (6.5, 6, 0.9), (18, 12, 0.9), (14, 16, 0.02)],
        [(12, 6, 0.9), (12, 18, 0.9), (24, 12, 0.9), (3, 3, 0.1)],
        [(6, 6, 0.9), (6, 18, 0.9), (18, 12, 0.9), (12, 12, 0.9)],
        [(6, 6, 0.9), (6, 18, 0.9), (18, 14, 0.02), (2, 20, 0.02)],
    ]
    for start in starts:
        free = tuple(each.clone().requires_grad_() for each in points(*start))
        steps = torch.optim.Adam(free, lr=0.2)
        for _ in range(80):
            steps.zero_grad()
            set_prediction(PointSet(*free), yx(*wanted)).backward()
            steps.step()
        exists = free[1][0].softmax(-1)[:, 0] > 0.5
        ended = sorted(tuple(each) for each in free[0][0][exists].round().tolist())
        assert ended == sorted(wanted), start


def test_low_precision_is_computed_in_full():
    found = noisy(5)
    short = PointSet(*(each.bfloat16() for each in found))
    loss = set_prediction(short, yx((8, 9)))
    assert loss.dtype == torch.float32
    exact = set_prediction(PointSet(*(each.double() for each in short)), yx((8, 9)))
    assert float(loss) == pytest.approx(float(exact), rel=1e-5)


@pytest.mark.parametrize(
    ("found", "annotated", "words"),
    [
        (noisy(3), [], "1 images but 0 lists"),
        (noisy(3), [torch.zeros(3, 3)], r"image 0: points must be \(N, 2\)"),
        (noisy(3), yx((math.nan, 1)), "image 0: an annotated point is not finite"),
        (points((3, math.nan, 0.5)), yx((1, 1)), "lower the learning rate"),
        (points((3, 4, math.nan)), yx(), "lower the learning rate"),
    ],
)
def test_what_makes_no_sense_is_refused(found: PointSet, annotated: list[Tensor], words: str):
    with pytest.raises(ValueError, match=words):
        set_prediction(found, annotated)


def test_the_table_builds_it():
    spec = POINT_LOSSES["set_prediction"].from_dict({"empty_weight": 0.2})
    assert spec == SetPrediction(empty_weight=0.2)
    found = noisy(4)
    built = build_point_loss(spec)(found, Target(points=yx((8, 9))))
    assert float(built) == value(found, (8, 9), empty_weight=0.2)
    with pytest.raises(ValueError, match="compares with points"):
        build_point_loss(spec)(found, Target(mask=torch.zeros(1, 1, 4, 4)))


def test_spec_and_function_have_the_same_defaults():
    settings = SetPrediction().settings()
    assert settings == set_prediction.__kwdefaults__


def test_the_table_needs_no_torch():
    code = (
        "import sys; from napari_slitseg.core.losses.point_losses import POINT_LOSSES; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
