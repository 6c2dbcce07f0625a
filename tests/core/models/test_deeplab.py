"""What is special about DeepLabv3."""

from __future__ import annotations

import pytest
import torch

from napari_slitseg.core.models import DeepLabSpec, build_model
from napari_slitseg.core.models.deeplab import DeepLab, mean_within
from tests.core.models.cases import count_on_paper, noise, tiny

RATES = (1, 2)


def pyramid_features(model: DeepLab, image: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model.pyramid(model.levels(model.stem(image)))
    return found


@pytest.mark.parametrize("stride", [16, 8])
def test_the_coarsest_map_has_the_output_stride(stride):
    model = tiny("deeplabv3", output_stride=stride, rates=RATES)
    assert pyramid_features(model, noise(1, 1, 64, 96)).shape[2:] == (64 // stride, 96 // stride)


def test_output_stride_changes_rates_but_no_parameter():
    coarse, fine = (build_model(DeepLabSpec(width=0.05, output_stride=n)) for n in (16, 8))
    assert fine.state_dict().keys() == coarse.state_dict().keys()
    assert rates_of(coarse) == {1, 2, 6, 12, 18}
    assert rates_of(fine) == {1, 2, 4, 12, 24, 36}


def rates_of(model: torch.nn.Module) -> set[int]:
    return {m.dilation[0] for m in model.modules() if isinstance(m, torch.nn.Conv2d)}


def test_both_output_strides_see_equally_far_at_the_pyramid():
    radius = {n: build_model(DeepLabSpec(width=0.05, output_stride=n)) for n in (16, 8)}
    assert abs(radius[16].receptive_radius_px - radius[8].receptive_radius_px) <= 16
    short = build_model(DeepLabSpec(width=0.05, rates=(6,)))
    assert radius[16].receptive_radius_px - short.receptive_radius_px == 12 * 16


@pytest.mark.parametrize("pooling", ["window", "none"])
@pytest.mark.parametrize("stride", [16, 8])
def test_the_reach_is_exact(stride, pooling):
    """With positive weights a bright pixel on black lights up every pixel that can see it."""
    spec = DeepLabSpec(
        width=0.01, norm="none", output_stride=stride, rates=RATES, image_pooling=pooling
    )
    model = build_model(spec).double().eval()
    for tensor in model.parameters():
        torch.nn.init.constant_(tensor, 0.0 if tensor.ndim == 1 else 1.0)
    radius = model.receptive_radius_px
    middle = (-(-radius // 16) + 1) * 16
    impulses = torch.zeros(16, 1, 2 * middle + 16, 16, dtype=torch.float64)
    places = torch.arange(16) + middle
    impulses[torch.arange(16), 0, places, 8] = 1.0
    with torch.no_grad():
        response = model(impulses).slit.sum(3).squeeze(1)
    away = [(at - lit.nonzero()).abs().max() for at, lit in zip(places, response > 0, strict=True)]
    assert max(away) == radius


@pytest.mark.parametrize("shape", [(1, 1), (3, 9), (7, 5)])
@pytest.mark.parametrize("radius", [1, 6])
def test_the_mean_within_a_window_is_cut_off_at_the_border(shape, radius):
    features = noise(2, 3, *shape)
    found = mean_within(features, radius)
    for y in range(shape[0]):
        for x in range(shape[1]):
            rows = slice(max(0, y - radius), y + radius + 1)
            columns = slice(max(0, x - radius), x + radius + 1)
            expected = features[..., rows, columns].mean((2, 3))
            torch.testing.assert_close(found[..., y, x], expected)


def test_on_an_image_within_the_window_both_poolings_are_one():
    image = noise(1, 1, 64, 96)
    window, whole = (tiny("deeplabv3", image_pooling=kind) for kind in ("window", "image"))
    whole.load_state_dict(window.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(window(image).slit, whole(image).slit)


def test_only_pooling_the_whole_image_is_not_local():
    """And it says so: what lies beyond the radius changes the answer."""
    image, other = noise(1, 1, 32, 1216), noise(1, 1, 32, 1216)
    other[..., 900:] += 5
    for kind, is_local in (("window", True), ("none", True), ("image", False)):
        model = tiny("deeplabv3", image_pooling=kind, rates=RATES)
        assert model.is_local == is_local
        assert model.receptive_radius_px < 600
        with torch.no_grad():
            same = torch.allclose(model(image).slit[..., :300], model(other).slit[..., :300])
        assert same == is_local, kind


@pytest.mark.parametrize("pooling", ["window", "image", "none"])
def test_one_image_at_a_time_can_be_trained_with(pooling):
    """One value to a channel has no batch statistics; the pooled view needs none."""
    model = tiny("deeplabv3", image_pooling=pooling).train()
    before = model(noise(1, 1, 32, 32, seed=3)).slit
    assert before.isfinite().all()
    assert before.std() > 0


def test_the_pooled_view_counts():
    window, none = (DeepLabSpec(image_pooling=kind) for kind in ("window", "none"))
    pooled, joined = 512 * 256 + 256, 256 * 256
    assert count_on_paper(window) - count_on_paper(none) == pooled + joined


def test_rates_may_not_be_empty():
    with pytest.raises(ValueError, match="rates is empty"):
        DeepLabSpec(rates=())
    with pytest.raises(ValueError, match="output_stride is 4; choose one of 16, 8"):
        DeepLabSpec(output_stride=4)
