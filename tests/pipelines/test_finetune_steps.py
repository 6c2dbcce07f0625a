"""One step: the same however its patches are divided, and never a bad one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision

from napari_slitseg.core.curriculum import InForce
from napari_slitseg.core.losses import loss_from_dict
from napari_slitseg.core.losses.spec_combine import Term, TwoHeads, WeightedSum
from napari_slitseg.core.models import build_model, model_spec
from napari_slitseg.core.training.objective import Objective
from napari_slitseg.core.training.optimisers import set_rate
from napari_slitseg.core.training.patches import Patch
from napari_slitseg.pipelines.training.learner import Learner
from napari_slitseg.pipelines.training.stepping import Outcome, TooLarge, take_step
from napari_slitseg.pipelines.training.team import Team
from tests.pipelines.tiny_runs import go, make_job

SIDE = 32


def patches(number: int, *, broken: bool = False) -> list[Patch]:
    rng, everywhere = np.random.default_rng(0), np.ones((SIDE, SIDE), bool)
    found = [
        Patch(
            rng.normal(size=(SIDE, SIDE)).astype(np.float32),
            rng.uniform(4, 28, (n, 2)).astype(np.float32),
            (rng.random((SIDE, SIDE)) < 0.1).astype(np.float32),
            rng.random((SIDE, SIDE)) < 0.9,
            everywhere,
        )
        for n in range(number)
    ]
    if broken:
        found[-1].pixels[3, 3] = np.nan
    return found


class Bench:
    """A tiny model that learns, in float64 where no team is given."""

    def __init__(
        self,
        home: Path,
        *,
        norm: str = "group",
        clip: float | None = 0.5,
        team: Team | None = None,
    ) -> None:
        torch.manual_seed(0)
        model = build_model(model_spec("unet", width=0.04, depth=2, norm=norm))
        if team is None:
            team = Team(Fabric(accelerator="cpu", devices=1, precision="64-true"), go)
            model = model.double()
        self.team = team
        self.learner = Learner(model, make_job(home, ema=0.5), self.team)
        set_rate(self.learner.optimiser.optimizer, 1e-3)
        losses = TwoHeads(slit=loss_from_dict({"name": "dice"}))
        self.objective, self.clip = Objective(InForce(0, losses), 2.0), clip

    def step(self, some: Sequence[Patch], micro_batch: int) -> Outcome:
        return take_step(
            self.learner,
            some,
            self.objective,
            self.team,
            micro_batch=micro_batch,
            clip_norm=self.clip,
        )

    def weights(self) -> torch.Tensor:
        return torch.cat([each.detach().flatten() for each in self.learner.model.parameters()])


@pytest.mark.parametrize("micro_batch", [1, 2])
def test_accumulated_batches_learn_as_the_large_one(tmp_path: Path, micro_batch: int) -> None:
    large, small = Bench(tmp_path), Bench(tmp_path)
    before = large.weights()
    for _ in range(3):
        one, other = large.step(patches(4), 4), small.step(patches(4), micro_batch)
        assert other.losses == pytest.approx(one.losses, rel=1e-6)
        assert other.gradient_norm == pytest.approx(one.gradient_norm, rel=1e-6)
    assert (large.weights() - before).abs().max() > 1e-3
    torch.testing.assert_close(small.weights(), large.weights(), rtol=0, atol=1e-9)


def test_with_batch_statistics_they_do_not(tmp_path: Path) -> None:
    large, small = (Bench(tmp_path, norm="batch") for _ in range(2))
    one, other = large.step(patches(4), 4), small.step(patches(4), 1)
    assert other.losses["total"] != pytest.approx(one.losses["total"], rel=1e-6)


def test_gradients_are_clipped_but_told_unclipped(tmp_path: Path) -> None:
    free, clipped = Bench(tmp_path, clip=None), Bench(tmp_path, clip=1e-3)
    assert clipped.step(patches(2), 2).gradient_norm == free.step(patches(2), 2).gradient_norm
    lengths = [
        torch.cat([g.grad.flatten() for g in each.learner.model.parameters() if g.grad is not None])
        .norm()
        .item()
        for each in (free, clipped)
    ]
    assert lengths[1] == pytest.approx(1e-3, rel=1e-2)
    assert lengths[0] > 10 * lengths[1]


def test_a_step_that_is_not_finite_leaves_everything_as_it_is(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.step(patches(2), 2)
    before = {name: each.clone() for name, each in bench.learner.tensors().items()}
    outcome = bench.step(patches(2, broken=True), 2)
    assert not outcome.is_applied
    for name, each in bench.learner.tensors().items():
        assert torch.equal(each, before[name]), name
    assert bench.step(patches(2), 2).is_applied


def test_statistics_forget_a_step_that_is_not_finite(tmp_path: Path) -> None:
    bench = Bench(tmp_path, norm="batch")
    bench.step(patches(2), 1)
    before = {name: each.clone() for name, each in bench.learner.tensors().items()}
    assert not bench.step(patches(2, broken=True), 1).is_applied
    for name, each in bench.learner.tensors().items():
        assert torch.equal(each, before[name]), name


def test_a_step_that_is_not_finite_is_forgotten_by_balanced_sums(tmp_path: Path) -> None:
    bench, terms = Bench(tmp_path), (Term(), Term(loss=loss_from_dict({"name": "bce"})))
    losses = TwoHeads(slit=WeightedSum(terms=terms, balance="grad_ema"))
    bench.objective = Objective(InForce(0, losses), 2.0)
    bench.step(patches(2), 1)
    before = bench.learner.balance.state_dict()
    assert before
    bench.step(patches(2, broken=True), 1)
    assert bench.learner.balance.state_dict() == before


@pytest.mark.filterwarnings("ignore::UserWarning:torch")
def test_float16_finds_its_scale_and_leaves_out_steps_meanwhile(tmp_path: Path) -> None:
    torch.manual_seed(0)
    precision = MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=2.0**40))
    team = Team(Fabric(accelerator="cpu", devices=1, plugins=[precision]), go)
    bench = Bench(tmp_path, norm="batch", team=team)
    assert bench.learner.searches_scale
    scales, weights = [2.0**40], [bench.weights()]
    for _ in range(40):
        outcome = bench.step(patches(2), 1)
        scales.append(bench.learner.numbers()["precision"]["scale"])
        weights.append(bench.weights())
        assert torch.equal(weights[-1], weights[-2]) == (not outcome.is_applied)
        if outcome.is_applied:
            break
        assert scales[-1] == scales[-2] / 2
        assert bench.learner.mean is not None
        assert bench.learner.mean.number == 1
    assert outcome.is_applied
    assert 0 < outcome.gradient_norm < 100
    assert scales[-1] == scales[-2] < 2.0**40
    again = Bench(tmp_path, norm="batch", team=team)
    again.learner.load(bench.learner.tensors(), bench.learner.numbers())
    assert again.learner.numbers() == bench.learner.numbers()


@pytest.mark.parametrize("norm", ["group", "batch"])
def test_too_large_a_step_leaves_nothing_behind(tmp_path: Path, norm: str) -> None:
    bench, same = Bench(tmp_path, norm=norm), Bench(tmp_path, norm=norm)
    seen: list[int] = []

    def full(_: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        seen.append(len(inputs[0]))
        if len(seen) == 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    hook = bench.learner.model.register_forward_pre_hook(full)
    with pytest.raises(TooLarge, match="out of memory"):
        bench.step(patches(4), 2)
    hook.remove()
    assert seen == [2, 2]
    bench.step(patches(4), 1)
    same.step(patches(4), 1)
    for name, each in same.learner.tensors().items():
        assert torch.equal(bench.learner.tensors()[name], each), name


def test_other_errors_are_not_taken_for_a_lack_of_memory(tmp_path: Path) -> None:
    bench = Bench(tmp_path)

    def wrong(*_: object) -> None:
        raise RuntimeError("shapes do not fit")

    bench.learner.model.register_forward_pre_hook(wrong)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        bench.step(patches(2), 2)
