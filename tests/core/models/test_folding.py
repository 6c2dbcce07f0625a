"""Folded batch norms: the same numbers from fewer layers."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from napari_slitseg.core.models.folding import folded
from napari_slitseg.core.network import Network
from tests.core.models.cases import EVERY_VARIANT, noise, tiny


def norms(model: nn.Module) -> int:
    return sum(isinstance(each, nn.BatchNorm2d) for each in model.modules())


@EVERY_VARIANT
def test_a_folded_model_gives_the_same_everywhere(name, settings):
    """Borders too, and an image that is not a multiple of the grid."""
    model = tiny(name, **settings)
    before = copy.deepcopy(model.state_dict())
    fewer = folded(model)
    with torch.no_grad():
        image = noise(1, 1, 37, 64)
        for one, other in zip(model(image), fewer(image), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)
    assert before.keys() == model.state_dict().keys()
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


@pytest.mark.parametrize(("name", "left"), [("unet", 0), ("fcn", 0), ("munet", 4), ("forknet", 18)])
def test_only_norms_behind_a_convolution_are_folded(name, left):
    """Those before one would change what lies beyond the border of the image."""
    model = tiny(name)
    fewer = folded(model)
    assert norms(fewer) == left
    assert (fewer is model) == (norms(model) == left)


def test_a_model_in_training_is_folded_for_eval_mode_and_stays_as_it_is():
    model = tiny("unet").train()
    fewer = folded(model)
    assert model.training
    assert not fewer.training
    assert not folded(tiny("unet", norm="group").train()).training
    model(noise(2, 1, 32, 32))
    with torch.no_grad():
        assert not torch.allclose(
            model.eval()(noise(1, 1, 32, 32)).slit, fewer(noise(1, 1, 32, 32)).slit
        )


def test_a_network_uses_a_copy_of_a_model_that_is_trained_on():
    model = tiny("unet").float().train()
    network = Network(model, torch.device("cpu"), torch.float32)
    image = noise(1, 32, 48).float()
    found = network.probabilities(image.numpy(), lambda: False)
    assert norms(network.model) == 0
    assert norms(model) > 0
    assert model.training
    with torch.no_grad():
        expected = torch.cat(model.eval()(image[:, None]), 1).sigmoid()
    torch.testing.assert_close(torch.from_numpy(found), expected, rtol=1e-5, atol=1e-5)
