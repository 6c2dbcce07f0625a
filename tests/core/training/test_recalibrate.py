"""Statistics of batch norms, anew."""

from __future__ import annotations

import torch

from napari_slitseg.core.models import build_model, model_spec
from napari_slitseg.core.training.freezing import batch_norms, freeze_encoder
from napari_slitseg.core.training.recalibrate import recalibrate
from tests.core.models.cases import TINY


def test_statistics_become_the_means_over_the_batches() -> None:
    torch.manual_seed(0)
    model = build_model(model_spec("forknet", width=TINY)).eval()
    first = next(batch_norms(model))
    batches = [5 + 3 * torch.randn(2, 1, 32, 32) for _ in range(4)]
    recalibrate(model, batches, model)
    assert torch.allclose(first.running_mean, torch.stack(batches).mean())
    variance = torch.stack([each.var() for each in batches]).mean()
    assert torch.allclose(first.running_var, variance)
    assert first.momentum == 0.01
    assert not any(module.training for module in model.modules())


def test_it_does_what_many_steps_of_training_would_have_done() -> None:
    torch.manual_seed(0)
    model = build_model(model_spec("unet", width=TINY, depth=2))
    batch = 1 + 2 * torch.randn(4, 1, 32, 32)
    model.train()
    with torch.no_grad():
        known = model(batch).slit
        model.eval()
        before = model(batch).slit
        recalibrate(model, [batch], model)
        after = model(batch).slit
    assert (before - known).abs().mean() > 20 * (after - known).abs().mean()


def test_frozen_parts_and_networks_without_statistics_stay_as_they_are() -> None:
    torch.manual_seed(0)
    model = build_model(model_spec("unet", width=TINY, depth=2)).eval()
    freeze_encoder(model)
    before = {name: each.clone() for name, each in model.named_buffers()}
    recalibrate(model, [torch.randn(2, 1, 32, 32)], model)
    for name, each in model.named_buffers():
        assert torch.equal(each, before[name]) == name.startswith("down"), name
    group = build_model(model_spec("unet", width=TINY, depth=2, norm="group")).eval()

    def never(_: torch.Tensor) -> object:
        raise AssertionError("there is nothing to run it for")

    recalibrate(group, [torch.randn(2, 1, 32, 32)], never)
