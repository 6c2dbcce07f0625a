"""Parts of networks that stay as they are."""

from __future__ import annotations

import pytest
import torch

from napari_slitseg.core.models import MODELS, build_model, model_spec
from napari_slitseg.core.training.freezing import (
    batch_norms,
    freeze_alike,
    freeze_encoder,
    set_training,
)
from tests.core.models.cases import FEWER_LAYERS, TINY

ENCODERS = {
    "forknet": ("stem.1.conv", "level3.conv2.conv", "norm4", "slit_norm4", "slit.level5.conv1"),
    "unet": ("down.0.0", "down.4.3"),
    "fcn": ("levels.0.0", "levels.4.6"),
    "munet": ("stem.0", "down2.0.path.0", "down4_wide.0.path.0", "down8.0.path.0"),
    "deeplabv3": ("stem.0", "levels.3.1.body.0"),
    "two_stage": ("membrane_trunk.down.0.0", "slit_trunk.down.2.3"),
    "points": ("trunk.down.0.0",),
}
DECODERS = {
    "forknet": ("membrane.up1.norm", "slit.head", "bridge_norm", "slit.join.conv"),
    "unet": ("up.0", "merge.3.0", "slit"),
    "fcn": ("deep.0", "slit.scores.0"),
    "munet": ("up4.1.path.0", "membrane"),
    "deeplabv3": ("pyramid.join.0", "slit"),
    "two_stage": ("membrane_trunk.up.0", "slit_trunk.merge.0.0", "slit"),
    "points": ("trunk.merge.0.0", "membrane", "offset.0"),
}


@pytest.mark.parametrize("name", tuple(MODELS))
def test_every_model_knows_its_encoder(name: str) -> None:
    model = build_model(model_spec(name, width=TINY, **FEWER_LAYERS.get(name, {})))
    freeze_encoder(model)
    for part in ENCODERS[name]:
        assert not any(each.requires_grad for each in model.get_submodule(part).parameters()), part
    for part in DECODERS[name]:
        parameters = list(model.get_submodule(part).parameters())
        assert parameters
        assert all(each.requires_grad for each in parameters), part


def test_a_frozen_encoder_keeps_its_statistics_and_the_rest_learns() -> None:
    model = build_model(model_spec("unet", width=TINY, depth=2))
    freeze_encoder(model)
    set_training(model, freeze_statistics=False)
    before = {name: each.clone() for name, each in model.named_buffers()}
    model(torch.randn(2, 1, 32, 32))
    for name, each in model.named_buffers():
        assert torch.equal(each, before[name]) == name.startswith("down"), name


def test_all_statistics_stay_where_that_is_asked_for() -> None:
    model = build_model(model_spec("forknet", width=TINY))
    set_training(model, freeze_statistics=True)
    assert model.training
    assert not any(norm.training for norm in batch_norms(model))
    assert all(each.requires_grad for each in model.parameters())


def test_the_same_weights_can_be_frozen_in_another_model() -> None:
    model, other = (build_model(model_spec("unet", width=TINY, depth=2)) for _ in range(2))
    freeze_encoder(other)
    freeze_alike(model, other)
    needed = {name for name, each in model.named_parameters() if each.requires_grad}
    assert needed == {name for name, each in other.named_parameters() if each.requires_grad}
    assert 0 < len(needed) < len(list(model.parameters()))
