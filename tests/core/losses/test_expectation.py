"""Expectations over independent claims, against summing over every pattern of claims."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_slitseg.core.losses.expectation import (
    count_distribution,
    mean_over_existing,
    nearest_existing,
)

EXISTS = torch.tensor([[0.3, 0.9, 0.5, 0.05], [1.0, 0.0, 0.6, 0.2]], dtype=torch.float64)
DISTANCE = torch.tensor(
    [[[4.0, 1.0], [2.0, 7.0], [3.0, 3.0], [1.0, 2.0]], [[5.0, 0.5], [1.0, 1.0], [2, 6], [9, 9]]],
    dtype=torch.float64,
)
EMPTY = 20.0


def patterns(chance: NDArray[np.float64]) -> list[tuple[float, list[int]]]:
    """Every set of claims that may exist, with its probability."""
    found = []
    for bits in itertools.product((0, 1), repeat=len(chance)):
        weight = math.prod(c if bit else 1 - c for c, bit in zip(chance, bits, strict=True))
        found.append((weight, [k for k, bit in enumerate(bits) if bit]))
    return found


@pytest.mark.parametrize("image", [0, 1])
def test_the_number_of_claims(image: int) -> None:
    expected = np.zeros(5)
    for weight, kept in patterns(EXISTS[image].numpy()):
        expected[len(kept)] += weight
    np.testing.assert_allclose(count_distribution(EXISTS)[image], expected, atol=1e-14)


@pytest.mark.parametrize("n", [1, 2, 3, 64, 65, 300])
def test_the_number_of_many_claims(n: int) -> None:
    chance = torch.rand(2, n, generator=torch.Generator().manual_seed(n))
    expected = np.array([1.0])
    for each in chance[1].double().numpy():
        expected = np.convolve(expected, [1 - each, each])
    found = count_distribution(chance)
    assert found.shape == (2, n + 1)
    np.testing.assert_allclose(found[1], expected, rtol=1e-4, atol=1e-30)


@pytest.mark.parametrize("image", [0, 1])
def test_the_mean_over_the_claims_that_exist(image: int) -> None:
    values = DISTANCE.amin(dim=2)
    expected = sum(
        weight * float(values[image, kept].mean())
        for weight, kept in patterns(EXISTS[image].numpy())
        if kept
    )
    assert float(mean_over_existing(EXISTS, values)[image]) == pytest.approx(expected, abs=1e-12)


def test_the_mean_over_very_many_claims() -> None:
    exists = torch.ones(1, 400, dtype=torch.float64)
    values = torch.arange(400, dtype=torch.float64)[None]
    assert float(mean_over_existing(exists, values)) == pytest.approx(199.5, rel=1e-6)


@pytest.mark.parametrize("image", [0, 1])
def test_the_nearest_claim_that_exists(image: int) -> None:
    expected = np.zeros(2)
    for weight, kept in patterns(EXISTS[image].numpy()):
        near = DISTANCE[image, kept].amin(0).numpy() if kept else np.full(2, EMPTY)
        expected += weight * near
    found = nearest_existing(EXISTS, torch.log1p(-EXISTS.clamp(max=1 - 1e-15)), DISTANCE, EMPTY)
    np.testing.assert_allclose(found[image], expected, atol=1e-10)


def test_gradients() -> None:
    exists = torch.rand(2, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    exists = (0.1 + 0.8 * exists).requires_grad_()
    distance = torch.rand(2, 5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))

    def nearest(chance: Tensor, away: Tensor) -> Tensor:
        return nearest_existing(chance, torch.log1p(-chance), away, EMPTY)

    distance.requires_grad_()
    assert torch.autograd.gradcheck(count_distribution, (exists,))
    assert torch.autograd.gradcheck(mean_over_existing, (exists, distance[..., 0]))
    assert torch.autograd.gradcheck(nearest, (exists, distance))
