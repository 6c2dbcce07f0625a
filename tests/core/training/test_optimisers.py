"""Optimisers from their specs."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_slitseg.core.training.optimisers import make_optimiser, set_rate
from napari_slitseg.core.training.spec_optimiser import (
    OPTIMISERS,
    SGD,
    Adam,
    AdamW,
    OptimiserSpec,
)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Conv2d(3, 1, 3))


def stepped(spec: OptimiserSpec, steps: int = 3, rate: float = 0.1) -> list[torch.Tensor]:
    model = network()
    optimiser = make_optimiser(spec, model, rate=0.0)
    set_rate(optimiser, rate)
    for step in range(steps):
        optimiser.zero_grad()
        torch.manual_seed(step)
        model(torch.randn(2, 1, 8, 8)).square().mean().backward()
        optimiser.step()
    return [each.detach().clone() for each in model.parameters()]


@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_learns_at_the_rate_that_is_set(name: str) -> None:
    before = [each.detach() for each in network().parameters()]
    slow, fast = (stepped(OPTIMISERS[name](), 1, rate) for rate in (1e-4, 1e-2))
    moved = [
        sum(float((a - b).square().sum()) for a, b in zip(found, before, strict=True))
        for found in (slow, fast)
    ]
    assert 0 < 100 * moved[0] < moved[1]


def test_without_decay_adamw_is_adam() -> None:
    for one, other in zip(
        stepped(AdamW(weight_decay=0.0)), stepped(Adam(weight_decay=0.0)), strict=True
    ):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(
    ("spec", "changed"),
    [
        (AdamW(), AdamW(beta1=0.5)),
        (AdamW(), AdamW(beta2=0.5)),
        (Adam(), Adam(weight_decay=0.5)),
        (SGD(), SGD(momentum=0.2)),
        (SGD(), SGD(nesterov=False)),
        (SGD(), SGD(weight_decay=0.5)),
    ],
)
def test_every_setting_has_an_effect(spec: OptimiserSpec, changed: OptimiserSpec) -> None:
    assert not torch.equal(stepped(spec)[0], stepped(changed)[0])


def test_only_kernels_decay() -> None:
    model = network()
    optimiser = make_optimiser(AdamW(weight_decay=0.5), model, rate=0.1)
    before = {name: each.detach().clone() for name, each in model.named_parameters()}
    for each in model.parameters():
        each.grad = torch.zeros_like(each)
    optimiser.step()
    for name, each in model.named_parameters():
        share = 0.95 if name in ("0.weight", "2.weight") else 1.0
        torch.testing.assert_close(each.detach(), share * before[name])


def test_nesterov_without_momentum_is_plain_descent() -> None:
    plain = stepped(SGD(momentum=0.0, nesterov=False))
    assert all(map(torch.equal, plain, stepped(SGD(momentum=0.0, nesterov=True))))


def test_frozen_weights_are_left_out() -> None:
    model = network()
    model[0].requires_grad_(requires_grad=False)
    optimiser = make_optimiser(SGD(), model, rate=0.1)
    held = {id(each) for group in optimiser.param_groups for each in group["params"]}
    assert held == {id(each) for each in model[1:].parameters()}
