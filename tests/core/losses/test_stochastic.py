"""The composite with an estimated gradient: exact value, unbiased estimates, what they can do."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from napari_slitseg.core.losses import build_loss
from napari_slitseg.core.losses.estimators import Candidates, Draws, Rule, draw, estimate
from napari_slitseg.core.losses.perturbed import perturbation_gradient
from napari_slitseg.core.losses.probes import descend, field_of, hard_starts
from napari_slitseg.core.losses.spec_study import Composite, StochasticComposite
from napari_slitseg.core.losses.stochastic import (
    Sampling,
    read_candidates,
    score_gradient,
    stochastic_composite,
)
from napari_slitseg.core.losses.target import Target
from napari_slitseg.core.metrics import chamfer_distance, point_loss, proportional_point_loss

torch.set_num_threads(1)
SIDE = 40
RULE = Rule(1.0, 0.5, 60.0, 3.0, 2.0, None)
PROPORTIONAL = Rule(0.7, 0.1, 60.0, 2.0, 3.0, 4.0)
SMALL = Candidates(
    logit=torch.tensor([0.4, -1.2, 2.0, -0.3, 1.1], dtype=torch.float64),
    yx=torch.tensor([[5.0, 5], [6, 9], [20, 21], [11, 3], [19, 25]], dtype=torch.float64),
)
TRUTH = torch.tensor([[5.5, 6.0], [18.0, 22.0], [30.0, 30.0]], dtype=torch.float64)


def logits_of(*images):
    fields = [field_of(np.reshape(each, (-1, 2)), side=SIDE) for each in images]
    return torch.from_numpy(np.stack(fields)[:, None])


def points_of(*images):
    return [torch.as_tensor(np.reshape(each, (-1, 2)), dtype=torch.float32) for each in images]


def value_of(rule, found, annotated):
    """The loss of one set of points from the metrics alone; no distance may reach the limit."""
    count = point_loss if rule.scale is None else proportional_point_loss
    options = {} if rule.scale is None else {"scale": rule.scale}
    distance = chamfer_distance(found, annotated, empty_px=rule.farthest_px)
    powers = {"under_power": rule.under_power, "over_power": rule.over_power}
    penalty = count(len(found), len(annotated), **powers, **options)
    return rule.alpha * distance + rule.beta * penalty


def by_enumeration(candidates, truth, rule):
    """Gradient of the expected loss by the logits, from all 2^K sets of points."""
    m = torch.sigmoid(candidates.logit).numpy()
    yx, slope = candidates.yx.numpy(), np.zeros(len(m))
    for pattern in itertools.product((0, 1), repeat=len(m)):
        b = np.array(pattern)
        chance = np.prod(np.where(b == 1, m, 1 - m))
        slope += chance * value_of(rule, yx[b == 1], truth.numpy()) * (b - m)
    return slope


def vanish(errors, size):
    """Whether the mean of (N, ...) errors is 0 within its own error, and that error is small."""
    uncertainty = errors.std(dim=0) / math.sqrt(len(errors))
    near = (errors.mean(dim=0).abs() < 4.5 * uncertainty + 1e-12).all()
    return bool(near & (uncertainty.max() < 0.15 * size))


def without_noise(draws):
    return Draws(draws.exists, torch.zeros_like(draws.noise))


class TestLossOfASet:
    @pytest.mark.parametrize("rule", [RULE, PROPORTIONAL])
    @pytest.mark.parametrize("n_truth", [0, 1, 3])
    def test_agrees_with_the_metrics(self, rule, n_truth):
        truth = TRUTH[:n_truth]
        exists = torch.tensor(list(itertools.product((0.0, 1.0), repeat=5)), dtype=torch.float64)
        apart = torch.cdist(SMALL.yx, truth).expand(32, -1, -1)
        distance = rule.distance(exists, apart)
        total = rule.alpha * distance + rule.beta * rule.count(exists.sum(dim=1), n_truth)
        expected = [value_of(rule, SMALL.yx[b > 0].numpy(), truth.numpy()) for b in exists]
        np.testing.assert_allclose(total, expected, rtol=1e-9)

    def test_distances_are_capped(self):
        rule = Rule(1.0, 0.0, 10.0, 3.0, 2.0, None)
        apart = torch.tensor([[[3.0, 50.0]]])
        assert rule.distance(torch.ones((1, 1)), apart) == (3 + (3 + 10) / 2) / 2

    @pytest.mark.parametrize("n_truth", [0, 1, 3])
    def test_with_and_without_each_candidate(self, n_truth):
        torch.manual_seed(0)
        exists = torch.bernoulli(torch.full((20, 5), 0.4, dtype=torch.float64))
        exists[0], exists[1] = 0, 1
        apart = 40 * torch.rand((20, 5, n_truth), dtype=torch.float64)
        others = RULE.others(exists, apart)
        with_it, without = RULE.distance_with(others, apart), RULE.distance_without(others)
        for k in range(5):
            for result, state in ((with_it, 1.0), (without, 0.0)):
                changed = exists.clone()
                changed[:, k] = state
                torch.testing.assert_close(result[:, k], RULE.distance(changed, apart))


class TestUnbiased:
    @pytest.mark.parametrize("baseline", ["counterfactual", "leave_one_out"])
    @pytest.mark.parametrize("rule", [RULE, PROPORTIONAL])
    @pytest.mark.parametrize("n_truth", [0, 3])
    def test_existence_against_all_sets(self, baseline, rule, n_truth):
        torch.manual_seed(1)
        truth, expected = TRUTH[:n_truth], by_enumeration(SMALL, TRUTH[:n_truth], rule)
        options = {"noise_px": 1.0, "baseline": baseline}
        batches = [without_noise(draw(SMALL, 500)) for _ in range(60)]
        slopes = [estimate(SMALL, truth, each, rule, **options)[0] for each in batches]
        assert vanish(torch.stack(slopes) - torch.from_numpy(expected), np.abs(expected).max())

    @pytest.mark.parametrize("baseline", ["counterfactual", "leave_one_out"])
    def test_few_draws_are_as_right_in_the_mean(self, baseline):
        torch.manual_seed(2)
        one = [
            estimate(
                SMALL, TRUTH, without_noise(draw(SMALL, 2)), RULE, noise_px=1, baseline=baseline
            )
            for _ in range(1000)
        ]
        expected = torch.from_numpy(by_enumeration(SMALL, TRUTH, RULE))
        assert vanish(
            torch.stack([by_logit for by_logit, _ in one]) - expected, expected.abs().max()
        )

    @pytest.mark.parametrize("baseline", ["counterfactual", "leave_one_out"])
    @pytest.mark.parametrize("noise_px", [0.5, 2.0])
    def test_positions_against_moving_the_points(self, baseline, noise_px):
        torch.manual_seed(3)
        few = Candidates(SMALL.logit[:3], SMALL.yx[:3])
        options, errors = {"noise_px": noise_px, "baseline": baseline}, []
        for _ in range(60):
            draws = draw(few, 1500)
            _, slope = estimate(few, TRUTH, draws, RULE, **options)
            errors.append((slope - self.by_moving(few, draws, noise_px)).flatten())
        size = 0.15 if baseline == "counterfactual" else 1.0
        assert vanish(torch.stack(errors), size)

    def by_moving(self, few, draws, noise_px):
        yx = few.yx.clone().requires_grad_()
        apart = torch.cdist(yx + noise_px * draws.noise, TRUTH).clamp(max=RULE.farthest_px)
        m, total = torch.sigmoid(few.logit), 0.0
        for pattern in itertools.product((False, True), repeat=3):
            b = torch.tensor(pattern)
            if b.any():
                near = apart[:, b]
                both = near.amin(dim=2).mean(dim=1) + near.amin(dim=1).mean(dim=1)
                total = total + torch.where(b, m, 1 - m).prod() * both.mean() / 2
        [slope] = torch.autograd.grad(total, yx)
        return slope

    @pytest.mark.parametrize("baseline", ["counterfactual", "leave_one_out"])
    def test_map_against_the_expectation(self, baseline):
        """The mean estimate by the pixels is the gradient of the mean over all sets."""
        z = logits_of([[10, 10.4], [12, 24], [26, 18.5]])[0, 0].double() - 3
        truth = torch.tensor([[10.0, 12.0], [26.0, 19.0], [12.0, 27.0]], dtype=torch.float64)
        torch.manual_seed(4)
        sampling = Sampling(60_000, 1.0, baseline)
        estimated = score_gradient(z, truth, RULE, sampling)
        z.requires_grad_()
        [expected] = torch.autograd.grad(self.expectation(z, truth), z)
        cosine = torch.cosine_similarity(estimated.flatten(), expected.flatten(), dim=0)
        assert cosine > 0.995
        assert estimated.norm() / expected.norm() == pytest.approx(1, abs=0.05)

    def expectation(self, z, truth):
        candidates = read_candidates(z, truth)
        m, total = torch.sigmoid(candidates.logit), 0.0
        yx = candidates.yx + torch.randn((20_000, 3, 2), dtype=torch.float64)
        apart = torch.cdist(yx, truth)
        for pattern in itertools.product((0.0, 1.0), repeat=3):
            b = torch.tensor(pattern, dtype=torch.float64)
            chance = torch.where(b > 0, m, 1 - m).prod()
            loss = RULE.distance(b.expand(len(apart), -1), apart).mean()
            total = total + chance * (loss + RULE.beta * RULE.count(b.sum(), 3))
        return total


class TestVariance:
    def spread(self, samples, baseline):
        torch.manual_seed(5)
        slopes = [
            torch.cat([each.flatten() for each in self.one(samples, baseline)]) for _ in range(200)
        ]
        return torch.stack(slopes).var(dim=0).sum()

    def one(self, samples, baseline):
        draws = draw(SMALL, samples)
        return estimate(SMALL, TRUTH, draws, RULE, noise_px=1.0, baseline=baseline)

    def test_the_counterfactual_baseline_has_less(self):
        assert self.spread(16, "counterfactual") < 0.5 * self.spread(16, "leave_one_out")

    def test_more_samples_have_less(self):
        assert self.spread(32, "counterfactual") < 0.5 * self.spread(8, "counterfactual")


class TestCandidates:
    def test_missed_points_can_be_born(self):
        logits = logits_of([[10, 10]]).requires_grad_()
        stochastic_composite(logits, points_of([[10, 10], [30, 30]])).backward()
        assert logits.grad[0, 0, 30, 30] < 0
        assert logits.grad[0, 0, 20:28, 10:20].abs().max() == 0

    def test_invented_points_fade(self):
        logits = logits_of([[10, 10], [30, 30]]).requires_grad_()
        stochastic_composite(logits, points_of([[10, 10]])).backward()
        assert logits.grad[0, 0, 30, 30] > 0

    def test_one_peak_serves_one_annotation(self):
        logits = logits_of([[20, 20]]).requires_grad_()
        stochastic_composite(logits, points_of([[20, 18], [20, 22]])).backward()
        assert logits.grad[0, 0, 20, 15].abs() + logits.grad[0, 0, 20, 25].abs() > 0
        logits = logits_of([[20, 20]]).requires_grad_()
        stochastic_composite(logits, points_of([[20, 20]])).backward()
        assert logits.grad[0, 0, 20, 15] == logits.grad[0, 0, 20, 25] == 0


SETTINGS = [
    {},
    {"alpha": 1.0, "beta": 10.0, "empty": "diagonal"},
    {"proportional": True, "scale": 5.0, "under_power": 2.0, "over_power": 1.0, "cap_px": 4.0},
    {"detector": "dog", "threshold": 0.7},
]
FOUND = ([[10, 10], [20, 30.4]], [], [[10, 10]], [])
ANNOTATED = ([[10, 11], [22, 30], [33, 5]], [[9, 9]], [], [])


class TestValue:
    @pytest.mark.parametrize("settings", SETTINGS)
    @pytest.mark.parametrize("estimator", ["score", "perturbation"])
    def test_is_the_composite_of_the_study(self, settings, estimator):
        logits, target = logits_of(*FOUND).requires_grad_(), Target(points=points_of(*ANNOTATED))
        spec = StochasticComposite(estimator=estimator, samples=4, **settings)
        same = {key: getattr(spec, key) for key in Composite().settings() if hasattr(spec, key)}
        value = build_loss(spec)(logits, target)
        assert value > 0
        torch.testing.assert_close(value.detach(), build_loss(Composite(**same))(logits, target))

    def test_the_report_preset_has_its_weights(self):
        spec = StochasticComposite.preset("report")
        assert (spec.alpha, spec.beta, spec.empty) == (1, 10, "diagonal")

    def test_low_candidates_do_not_count(self):
        logits = torch.maximum(logits_of([[10, 10]]), logits_of([[30, 30]]) - 6)
        assert stochastic_composite(logits, points_of([[10, 10]])) < 0.01


class TestGradient:
    @pytest.mark.parametrize("estimator", ["score", "perturbation"])
    def test_draws_follow_the_seed(self, estimator):
        grads = [self.gradient(seed, estimator) for seed in (7, 7, 8)]
        assert torch.equal(grads[0], grads[1])
        assert not torch.equal(grads[0], grads[2])

    def gradient(self, seed, estimator="score", factor=1.0):
        torch.manual_seed(seed)
        logits = logits_of(*FOUND).requires_grad_()
        points = points_of(*ANNOTATED)
        (factor * stochastic_composite(logits, points, estimator=estimator)).backward()
        return logits.grad

    def test_scales_with_the_weight_of_the_loss(self):
        torch.testing.assert_close(self.gradient(9, factor=3.0), 3 * self.gradient(9))

    def test_images_share_it_equally(self):
        torch.manual_seed(10)
        logits = logits_of(FOUND[0]).requires_grad_()
        stochastic_composite(logits, points_of(ANNOTATED[0])).backward()
        torch.testing.assert_close(logits.grad[0] / 4, self.gradient(10)[0])

    def test_nothing_is_drawn_where_none_is_wanted(self):
        torch.manual_seed(11)
        state = torch.get_rng_state()
        stochastic_composite(logits_of(*FOUND), points_of(*ANNOTATED))
        with torch.no_grad():
            stochastic_composite(logits_of(*FOUND).requires_grad_(), points_of(*ANNOTATED))
        assert torch.equal(torch.get_rng_state(), state)

    def test_alpha_moves_and_beta_counts(self):
        points = points_of([[20, 20]])
        pulls = []
        for alpha, beta in ((1.0, 0.0), (10.0, 0.0), (0.0, 1.0)):
            torch.manual_seed(12)
            logits = logits_of([[20, 22]]).requires_grad_()
            stochastic_composite(logits, points, alpha=alpha, beta=beta, samples=256).backward()
            pulls.append(logits.grad[0, 0, 20])
        assert pulls[0][20] - pulls[0][24] < -1e-3
        torch.testing.assert_close(pulls[1], 10 * pulls[0])
        assert pulls[2][20] - pulls[2][24] == pytest.approx(0, abs=1e-3)

    @pytest.mark.parametrize("estimator", ["score", "perturbation"])
    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
    def test_finite_for_saturated_maps_of_every_precision(self, estimator, dtype):
        logits = (30 * logits_of(*FOUND)).clamp(-100, 100).to(dtype).requires_grad_()
        value = stochastic_composite(logits, points_of(*ANNOTATED), estimator=estimator, samples=2)
        value.backward()
        assert value.isfinite()
        assert logits.grad.dtype == dtype
        assert logits.grad.isfinite().all()

    @pytest.mark.parametrize("estimator", ["score", "perturbation"])
    @pytest.mark.parametrize("fill", [-100.0, 0.0, 100.0])
    @pytest.mark.parametrize("shape", [(1, 1), (9, 11)])
    def test_finite_for_featureless_maps(self, estimator, fill, shape):
        logits = torch.full((2, 1, *shape), fill).requires_grad_()
        points = [torch.zeros((1, 2)), torch.zeros((0, 2))]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            value = stochastic_composite(logits, points, estimator=estimator, samples=2)
        value.backward()
        assert value.isfinite()
        assert logits.grad.isfinite().all()

    @pytest.mark.parametrize(
        "wrong", [{"samples": 1}, {"noise_px": 0.0}, {"noise_logit": 0.0}, {"grid_px": 0}]
    )
    def test_refusals(self, wrong):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            stochastic_composite(logits_of([]), points_of([]), **wrong)
        with pytest.raises(ValueError, match="not inside"):
            stochastic_composite(logits_of([]), points_of([[50, 3]]))


class TestPerturbation:
    def gradient(self, values, shape=(7, 10), pairs=20_000, **options):
        torch.manual_seed(13)
        z = torch.linspace(-1, 1, shape[0] * shape[1], dtype=torch.float64).reshape(shape)
        settings = {"noise_logit": 0.7, "grid_px": 4, **options}
        return z, perturbation_gradient(z, values, pairs=pairs, **settings)

    def test_is_the_mean_gradient_of_each_cell(self):
        z, slope = self.gradient(lambda maps: maps.square().sum(dim=(1, 2)))
        for rows in (slice(0, 4), slice(4, 7)):
            for columns in (slice(0, 4), slice(4, 8), slice(8, 10)):
                expected = 2 * z[rows, columns].mean().expand_as(z[rows, columns])
                torch.testing.assert_close(slope[rows, columns], expected, rtol=0, atol=0.12)

    def test_smaller_cells_follow_the_map(self):
        z, slope = self.gradient(lambda maps: maps.square().sum(dim=(1, 2)), (3, 3), grid_px=1)
        torch.testing.assert_close(slope, 2 * z, rtol=0, atol=0.1)

    def test_constants_cancel(self):
        _, slope = self.gradient(lambda maps: torch.full((len(maps),), 1e6), pairs=2)
        assert (slope == 0).all()

    def test_more_noise_reaches_farther_steps(self):
        def cliff(maps):
            return (maps[:, 0, 0] > 2).to(maps)

        near, far = (
            self.gradient(cliff, pairs=500, noise_logit=noise)[1][0, 0] for noise in (0.2, 2.0)
        )
        assert near == 0 < far

    def test_raises_a_weak_dot_on_a_small_map(self):
        torch.manual_seed(14)
        logits = (logits_of([[20, 20]])[..., 14:27, 14:27] - 5).clone().requires_grad_()
        points = points_of([[6, 6]])
        options = {"estimator": "perturbation", "samples": 200}
        stochastic_composite(logits, points, **options).backward()
        assert logits.grad[0, 0, 5, 5] < 0


class TestDescent:
    """What the estimated gradient can do without a network."""

    def test_score_moves_and_adds_and_removes(self):
        torch.manual_seed(15)
        names = ("2 px off", "half missing", "no annotation")
        starts = [each for each in hard_starts() if each.name in names]
        outcomes, _ = descend(build_loss(StochasticComposite()), starts, steps=75)
        assert [each.right for each in outcomes] == [True] * 3

    def test_the_weights_of_the_report_drown_the_places(self):
        starts = [each for each in hard_starts() if each.name == "twice as many"]
        far = []
        for spec in (StochasticComposite(), StochasticComposite.preset("report")):
            torch.manual_seed(15)
            [outcome], _ = descend(build_loss(spec), starts, steps=150)
            far.append(outcome.chamfer_px)
        assert far[0] < 1.5 < 3 < far[1]
