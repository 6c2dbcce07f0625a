"""The running mean of weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_slitseg.core.training.ema import WeightMean


def moved(model: nn.Linear, value: float) -> None:
    with torch.no_grad():
        for each in model.parameters():
            each.fill_(value)


def test_it_is_the_weighted_mean_of_all_weights_so_far() -> None:
    model, memory, values = nn.Linear(2, 2).double(), 0.8, [1.0, 5.0, -2.0, 7.0]
    moved(model, values[0])
    mean = WeightMean(model, memory)
    for n, value in enumerate(values[1:], start=2):
        moved(model, value)
        mean.update()
        shares = [memory ** (n - 1 - k) for k in range(n)]
        expected = sum(s * v for s, v in zip(shares, values, strict=False)) / sum(shares)
        for each in mean.tensors().values():
            assert each.flatten().tolist() == pytest.approx([expected] * each.numel())


def test_the_model_itself_is_left_alone_and_frozen_weights_are_not_in_it() -> None:
    model = nn.Linear(3, 1)
    model.bias.requires_grad_(requires_grad=False)
    mean = WeightMean(model, 0.5)
    moved(model, 2.0)
    mean.update()
    assert list(mean.tensors()) == ["weight"]
    assert model.weight.tolist() == [[2.0] * 3]


def test_it_goes_on_from_what_was_saved() -> None:
    model = nn.Linear(2, 1)
    mean = WeightMean(model, 0.9)
    moved(model, 3.0)
    mean.update()
    again = WeightMean(model, 0.9)
    again.load({name: each.clone() for name, each in mean.tensors().items()}, mean.number)
    for one in (mean, again):
        moved(model, -1.0)
        one.update()
    for name, each in mean.tensors().items():
        assert torch.equal(each, again.tensors()[name])
