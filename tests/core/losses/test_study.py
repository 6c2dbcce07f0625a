"""The 2021 study's losses: exact values, conventions that were unclear, and no gradient."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from napari_slitseg.core.losses import build_loss
from napari_slitseg.core.losses.bijective import bijective_chamfer
from napari_slitseg.core.losses.probes import descend, field_of, hard_starts
from napari_slitseg.core.losses.spec_study import (
    BijectiveChamfer,
    Composite,
    PointLoss,
    ProportionalPointLoss,
    VanillaDistance,
)
from napari_slitseg.core.losses.study import (
    composite,
    point,
    proportional_point,
    vanilla_distance,
)
from napari_slitseg.core.losses.target import Target
from napari_slitseg.core.metrics import chamfer_distance
from napari_slitseg.core.models import build_model, model_spec
from napari_slitseg.core.targets import dots

torch.set_num_threads(1)
SIDE = 64
DIAGONAL = math.sqrt(2) * (SIDE - 1)
SPECS = [VanillaDistance, PointLoss, ProportionalPointLoss, Composite, BijectiveChamfer]


def grid(n):
    return np.array([[12 + 14 * (k // 4), 12 + 13 * (k % 4)] for k in range(n)], float)


def logits_of(*images):
    return torch.from_numpy(np.stack([field_of(np.reshape(i, (-1, 2)), side=SIDE) for i in images]))


def case(found, annotated):
    """One image whose detections are exactly `found`."""
    return batch([found], [annotated])


def batch(found, annotated):
    points = [torch.as_tensor(np.reshape(yx, (-1, 2)), dtype=torch.float32) for yx in annotated]
    masks = np.stack([dots(np.reshape(yx, (-1, 2)), (SIDE, SIDE), 1.9) for yx in annotated])
    return logits_of(*found)[:, None], Target(mask=torch.from_numpy(masks[:, None]), points=points)


A, B, C = [20.0, 20.0], [20.0, 40.0], [44.0, 30.0]


class TestVanillaDistance:
    def test_is_half_of_both_means(self):
        found, annotated = [[20, 23], B], [A, B, C]
        back = (3 + 0 + math.hypot(24, 7)) / 3
        nearest = min(math.hypot(24, 7), math.hypot(24, 10))
        value = vanilla_distance(*case(found, annotated))
        assert nearest == math.hypot(24, 7)
        assert value == pytest.approx((1.5 + back) / 2, abs=1e-3)

    def test_one_way_is_the_mean_over_detections(self):
        value = vanilla_distance(*case([[20, 23], B], [A, B, C]), two_way=False)
        assert value == pytest.approx(1.5, abs=1e-3)

    def test_one_way_is_cheaper_with_fewer_points(self):
        all_of_them = vanilla_distance(*case([A, [20, 46], C], [A, B, C]), two_way=False)
        fewer = vanilla_distance(*case([A], [A, B, C]), two_way=False)
        assert fewer < 1e-2 < all_of_them

    def test_squared(self):
        value = vanilla_distance(*case([[20, 24]], [A]), squared=True)
        assert value == pytest.approx(16, abs=1e-2)

    @pytest.mark.parametrize("detector", ["peaks", "log", "dog", "doh"])
    def test_positions_are_fractions_of_a_pixel(self, detector):
        logits, target = case([[20.4, 20.0]], [A])
        value = vanilla_distance(logits, target, detector=detector)
        assert value == pytest.approx(0.4, abs=0.05)

    @pytest.mark.parametrize("detector", ["peaks", "log", "dog", "doh"])
    def test_every_detector_finds_the_dots(self, detector):
        value = vanilla_distance(*case([A, B, C], [A, B, C]), detector=detector)
        assert value <= math.sqrt(0.5) + 1e-6

    def test_threshold(self):
        logits, target = case([A], [A])
        weaker = logits - 6.0
        assert vanilla_distance(weaker, target) == pytest.approx(DIAGONAL)
        assert vanilla_distance(weaker, target, threshold=0.2) == pytest.approx(0, abs=1e-3)

    def test_agrees_with_the_metric(self):
        rng = np.random.default_rng(4)
        found, annotated = grid(11) + rng.uniform(-1, 1, (11, 2)), grid(16)
        expected = chamfer_distance(found, annotated, empty_px=0)
        assert vanilla_distance(*case(found, annotated)) == pytest.approx(expected, abs=1e-2)


class TestEmptySides:
    """Inconsistencies of algorithm 1: what an empty image costs, and whom."""

    def test_an_empty_image_costs_the_largest_distance_within_it(self):
        assert vanilla_distance(*case([], [A])) == pytest.approx(DIAGONAL)
        assert vanilla_distance(*case([A], [])) == pytest.approx(DIAGONAL)
        corner = case([[2, 2]], [[61, 61]])
        assert vanilla_distance(*corner) < DIAGONAL < math.sqrt(2) * SIDE

    def test_the_largest_distance_of_an_oblong_image_is_its_diagonal(self):
        logits, target = torch.full((1, 1, 31, 41), -5.0), Target(points=[torch.tensor([A])])
        assert vanilla_distance(logits, target) == pytest.approx(50)

    def test_both_empty_costs_nothing(self):
        for spec in SPECS:
            assert build_loss(spec())(*case([], [])) == 0

    def test_one_empty_image_is_its_own_share_of_the_batch(self):
        value = vanilla_distance(*batch([[], [[20, 23]]], [[A], [A]]))
        assert value == pytest.approx((DIAGONAL + 3) / 2, abs=1e-3)

    def test_a_cap_keeps_one_empty_image_from_swamping_the_batch(self):
        value = vanilla_distance(*batch([[], [[20, 23]]], [[A], [A]]), empty="cap", cap_px=20)
        assert value == pytest.approx((20 + 3) / 2, abs=1e-3)

    def test_a_far_point_never_costs_more_than_none(self):
        far = vanilla_distance(*case([C], [A]), empty="cap", cap_px=10)
        assert far == vanilla_distance(*case([], [A]), empty="cap", cap_px=10) == 10

    def test_the_cap_counts_only_when_asked_for(self):
        far = case([C], [A])
        assert vanilla_distance(*far, cap_px=10) == pytest.approx(26, abs=1e-3)

    def test_squared_applies_to_what_an_empty_image_costs(self):
        value = vanilla_distance(*case([], [A]), empty="cap", cap_px=10, squared=True)
        assert value == 100


class TestPointLosses:
    @pytest.mark.parametrize(
        ("n", "value"), [(4, 0), (5, 1), (3, 1), (6, 4), (2, 8), (0, 64), (8, 16)]
    )
    def test_powers_of_the_difference(self, n, value):
        assert point(*case(grid(n), grid(4))) == value

    def test_a_power_is_not_a_norm(self):
        assert point(*case(grid(7), grid(4))) == 3**2

    def test_one_point_costs_the_same_either_way_and_two_do_not(self):
        one = [point(*case(grid(n), grid(4))) for n in (3, 5)]
        two = [point(*case(grid(n), grid(4))) for n in (2, 6)]
        assert one == [1, 1]
        assert two[0] > two[1]

    def test_powers_are_options(self):
        assert point(*case(grid(2), grid(4)), under_power=2) == 4
        assert point(*case(grid(6), grid(4)), over_power=3) == 8

    def test_mean_over_images(self):
        assert point(*batch([grid(2), grid(6)], [grid(4), grid(4)])) == (8 + 4) / 2

    def test_proportional_weighs_a_miss_among_few_like_many_among_many(self):
        few, many = case(grid(1), grid(2)), case(grid(8), grid(16))
        assert proportional_point(*few) == proportional_point(*many) == 125
        assert point(*many) == 512 * point(*few)

    def test_proportional_punishes_too_few_more_than_too_many(self):
        under = proportional_point(*case(grid(5), grid(10)))
        over = proportional_point(*case(grid(10), grid(5)))
        assert (under, over) == (125, 25)
        with pytest.raises(ValueError, match="above 1"):
            proportional_point(*case(grid(5), grid(10)), scale=1.0)

    def test_too_few_are_dearer_from_one_over_scale_on(self):
        for n, cheaper in ((8, False), (10, None), (15, True)):
            n_more, scale = n + 1, 11.0
            under = proportional_point(*case(grid(n), grid(n_more)), scale=scale)
            over = proportional_point(*case(grid(n_more), grid(n)), scale=scale)
            if cheaper is None:
                assert under == pytest.approx(float(over))
            else:
                assert (under < over) == cheaper

    def test_nothing_found_costs_the_most(self):
        assert proportional_point(*case([], grid(3))) == 1000
        assert proportional_point(*case(grid(3), [])) == 100


class TestComposite:
    def test_is_the_weighted_sum_of_both(self):
        both = batch([grid(5), grid(9) + 1], [grid(8), grid(7)])
        distance, count = vanilla_distance(*both), point(*both)
        assert composite(*both) == pytest.approx(float(distance + 10 * count))
        value = composite(*both, alpha=3, beta=0.5)
        assert value == pytest.approx(float(3 * distance + 0.5 * count))

    def test_proportional(self):
        both = case(grid(5), grid(8))
        expected = vanilla_distance(*both) + 10 * proportional_point(*both, scale=4)
        assert composite(*both, proportional=True, scale=4) == pytest.approx(float(expected))

    def test_alpha_as_printed_leaves_no_distance(self):
        assert Composite.preset("report_literal").alpha == 0
        assert Composite().alpha == 1
        right_number_wrong_places = case(grid(4), grid(8)[4:])
        literal = build_loss(Composite.preset("report_literal", truth="points"))
        assert literal(*right_number_wrong_places) == 0
        assert build_loss(Composite())(*right_number_wrong_places) > 10

    def test_the_point_loss_outweighs_the_distance(self):
        missed = case(grid(11), grid(16))
        assert vanilla_distance(*missed) < 10 < 1250 == 10 * point(*missed)

    def test_options_reach_the_distance(self):
        off = case([[20, 24], C], [A])
        for options in ({"two_way": False}, {"squared": True}, {"empty": "cap", "cap_px": 9}):
            expected = vanilla_distance(*off, **options) + 10
            assert composite(*off, **options) == pytest.approx(float(expected))


class TestBijectiveChamfer:
    def test_equal_numbers_pair_off_with_the_smallest_mean(self):
        rng = np.random.default_rng(2)
        found, annotated = grid(6) + rng.uniform(-4, 4, (6, 2)), grid(6)
        distance = np.hypot(*(found[:, None] - annotated).transpose(2, 0, 1))
        best = min(
            distance[range(6), list(order)].mean() for order in itertools.permutations(range(6))
        )
        assert bijective_chamfer(*case(found, annotated)) == pytest.approx(best, abs=1e-2)

    def test_two_points_cannot_share_one(self):
        found, annotated = [[20, 18], [20, 24]], [A, C]
        assert vanilla_distance(*case(found, annotated)) < 16
        expected = (2 + math.hypot(24, 6)) / 2
        assert bijective_chamfer(*case(found, annotated)) == pytest.approx(expected, abs=1e-2)

    def test_squared(self):
        assert bijective_chamfer(*case([[20, 23]], [A]), squared=True) == pytest.approx(9, abs=0.01)

    def test_unequal_numbers_cost_the_point_loss_alone(self):
        assert bijective_chamfer(*case(grid(2), grid(4))) == 80
        assert bijective_chamfer(*case(grid(2), grid(4)), beta=1, under_power=2) == 4
        assert bijective_chamfer(*case(grid(6), grid(4)), over_power=3) == 80

    def test_the_right_number_may_cost_more_than_a_wrong_one_unless_asked(self):
        right, wrong = case([C], [A]), case([A, C], [A])
        assert bijective_chamfer(*wrong) < bijective_chamfer(*right)
        above = [bijective_chamfer(*each, unequal="above") for each in (wrong, right)]
        assert above[0] == pytest.approx(DIAGONAL + 10)
        assert above[0] > above[1] == bijective_chamfer(*right)


class TestTruth:
    """The study detected points in the drawn truth as well."""

    def test_points_are_the_annotations_themselves(self):
        logits, target = case([[20.4, 20.3]], [[20.4, 20.3]])
        from_points = vanilla_distance(logits, target)
        from_map = vanilla_distance(logits, target, truth="map")
        assert from_points < 0.01 < 0.1 < from_map

    def test_a_drawn_map_merges_close_annotations(self):
        close = case([[20, 18], [20, 22]], [[20, 18], [20, 22]])
        assert point(*close, truth="map") == 0
        both_ways = build_loss(PointLoss.preset("report"))
        assert both_ways(*close) == 0
        assert point(*close, detector="doh") == 1

    def test_each_kind_needs_its_part_of_the_target(self):
        logits, target = case([A], [A])
        assert vanilla_distance(logits, Target(points=target.points)) < 0.01
        assert vanilla_distance(logits, Target(mask=target.mask), truth="map") < 0.01
        with pytest.raises(ValueError, match="has none"):
            vanilla_distance(logits, Target(mask=target.mask))
        with pytest.raises(ValueError, match="has none"):
            vanilla_distance(logits, Target(points=target.points), truth="map")


@pytest.mark.parametrize("spec", SPECS)
class TestNoGradient:
    def test_backward_raises_the_error_of_torch(self, spec):
        logits, target = case([A], [B])
        value = build_loss(spec())(logits.requires_grad_(), target)
        assert not value.requires_grad
        with pytest.raises(RuntimeError, match="does not require grad"):
            value.backward()

    def test_beside_another_loss_it_leaves_the_gradient_alone(self, spec):
        logits, target = case([A, C], [B])
        logits.requires_grad_()
        other = torch.sigmoid(logits).square().mean()
        [alone] = torch.autograd.grad(other, logits, retain_graph=True)
        value = build_loss(spec())(logits, target)
        [together] = torch.autograd.grad(other + value, logits)
        assert value > 0
        assert torch.equal(alone, together)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
    def test_saturated_maps_of_every_precision(self, spec, dtype):
        logits, target = batch([[A, B], [], [A]], [[A], [A], []])
        value = build_loss(spec())((10 * logits).clamp(-100, 100).to(dtype), target)
        assert value.isfinite()
        assert value.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)

    @pytest.mark.parametrize("fill", [-100.0, 0.0, 100.0])
    @pytest.mark.parametrize("shape", [(1, 1), (9, 11)])
    def test_featureless_maps(self, spec, fill, shape):
        target = Target(points=[torch.zeros((1, 2)), torch.zeros((0, 2))])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert build_loss(spec())(torch.full((2, 1, *shape), fill), target).isfinite()

    def test_a_point_outside_is_refused(self, spec):
        logits, _ = case([A], [A])
        with pytest.raises(ValueError, match="not inside"):
            build_loss(spec())(logits, Target(points=[torch.tensor([[70.0, 3.0]])]))

    def test_descending_it_is_impossible(self, spec):
        with pytest.raises(RuntimeError, match="does not require grad"):
            descend(build_loss(spec()), hard_starts()[:1], steps=1)


@pytest.mark.parametrize("architecture", ["forknet", "unet"])
def test_the_study_could_not_train_its_slit_head(architecture):
    """Dice on the membrane plus any of these: nothing of the slit decoder gets a gradient."""
    torch.manual_seed(0)
    model = build_model(model_spec(architecture, width=0.07, norm="none"))
    target = Target(points=[torch.tensor([A, B])])
    membrane = torch.zeros((1, 1, SIDE, SIDE))
    membrane[..., 30:34, :] = 1
    logits = model(torch.randn((1, 1, SIDE, SIDE)))
    p = torch.sigmoid(logits.membrane)
    dice = 1 - (2 * (p * membrane).sum() + 1) / (p.sum() + membrane.sum() + 1)
    (dice + composite(logits.slit, target)).backward()
    moved = {name for name, each in model.named_parameters() if each.grad is not None}
    slit = {name for name, _ in model.named_parameters() if name.startswith("slit")}
    assert slit
    assert not moved & slit
    assert any(name.startswith("membrane") for name in moved)
    shared = "stem" if architecture == "forknet" else "down"
    assert any(name.startswith(shared) for name in moved)
