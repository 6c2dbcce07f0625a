"""U-Net and FCN: the published counts, and what each setting promises."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_slitseg.core.models import FCNSpec, UNetSpec
from napari_slitseg.core.models.blocks import bilinear_kernel
from napari_slitseg.core.models.fcn import BilinearUpsampling, LearnedUpsampling
from tests.core.models.cases import count_on_paper, noise, tiny

VGG16 = 138_357_544
PHOTOGRAPHS, CLASSES = 3, 1000


def conv(channels_in: int, channels_out: int, kernel: int) -> int:
    """Parameters of a convolution with a bias."""
    return (channels_in * kernel**2 + 1) * channels_out


# --- U-Net -----------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 2, 4, 6])
@pytest.mark.parametrize("norm", ["none", "batch"])
def test_unet_has_the_parameters_of_the_paper_at_every_depth(depth, norm):
    channels = [64 * 2**level for level in range(depth + 1)]
    expected = conv(1, 64, 3) + conv(64, 64, 3) + 2 * conv(64, 1, 1)
    doubles = 2 * 64
    for above, below in pairwise(channels):
        expected += conv(above, below, 3) + conv(below, below, 3) + conv(below, above, 2)
        expected += conv(2 * above, above, 3) + conv(above, above, 3)
        doubles += 2 * below + 2 * above
    if norm == "batch":
        expected += doubles
    assert count_on_paper(UNetSpec(depth=depth, norm=norm)) == expected


def test_unet_without_a_norm_is_the_paper_s():
    """Two outputs of 1 x 1 convolutions from one grey channel, as there: 31,030,658."""
    assert count_on_paper(UNetSpec(norm="none")) == 31_030_658


def unet_by_hand(model: nn.Module, image: Tensor, depth: int) -> tuple[Tensor, Tensor]:
    """The paper's graph with the model's weights, in functions only; no norm."""
    weights = dict(model.named_parameters())

    def double(features: Tensor, key: str) -> Tensor:
        for at in (0, 3):
            weight, bias = weights[f"{key}.{at}.weight"], weights[f"{key}.{at}.bias"]
            features = functional.conv2d(features, weight, bias, padding=1).clamp(min=0)
        return features

    kept = [double(image, "down.0")]
    for level in range(1, depth + 1):
        kept.append(double(functional.max_pool2d(kept[-1], 2), f"down.{level}"))
    features = kept.pop()
    for step in range(depth):
        up = weights[f"up.{step}.weight"], weights[f"up.{step}.bias"]
        features = torch.cat([functional.conv_transpose2d(features, *up, stride=2), kept.pop()], 1)
        features = double(features, f"merge.{step}")
    heads = ("membrane", "slit")
    return tuple(
        functional.conv2d(features, weights[f"{head}.weight"], weights[f"{head}.bias"])
        for head in heads
    )


@pytest.mark.parametrize("depth", [1, 3, 4])
def test_unet_is_the_graph_of_the_paper(depth):
    model, image = tiny("unet", norm="none", depth=depth), noise(2, 1, 48, 64)
    assert model.size_multiple == 2**depth
    with torch.no_grad():
        found, expected = model(image), unet_by_hand(model, image, depth)
    torch.testing.assert_close(tuple(found), expected)


# --- FCN -------------------------------------------------------------------------------------


def test_fcn_as_published_has_the_parameters_of_vgg16_and_its_scores():
    """The last layer of the classifier replaced, one grey channel, two heads."""
    expected = VGG16 - conv(4096, CLASSES, 1) - (PHOTOGRAPHS - 1) * 64 * 9
    expected += 2 * (conv(4096, 1, 1) + conv(512, 1, 1) + conv(256, 1, 1))
    assert count_on_paper(FCNSpec(norm="none", deep_channels=4096)) == expected


def test_fcn_finest_stride_adds_score_maps():
    sizes = {
        stride: count_on_paper(FCNSpec(finest_stride=stride, upsampling=upsampling))
        for stride in (32, 16, 8)
        for upsampling in ("bilinear",)
    }
    assert sizes[16] - sizes[32] == 2 * conv(512, 1, 1)
    assert sizes[8] - sizes[16] == 2 * conv(256, 1, 1)


@pytest.mark.parametrize("stride", [32, 16, 8])
def test_fcn_is_piecewise_bilinear_on_the_grid_of_its_finest_stride(stride):
    """Between the centres of two cells the logits change in a straight line, and not beyond."""
    model = tiny("fcn", finest_stride=stride)
    with torch.no_grad():
        logits = model(noise(1, 1, 96, 96)).slit[0, 0]
    bends = logits.diff(n=2, dim=0).abs().amax(1)
    scale = logits.std()
    rows = {int(row) + 1 for row in (bends > 1e-9 * scale).nonzero().flatten()}
    half = stride // 2
    assert rows
    assert {row % stride for row in rows} <= {half - 1, half}


def test_fcn_adds_the_scores_of_each_stride():
    """Where the others are silent, a score map passes to the result, upsampled."""
    model, image = tiny("fcn"), noise(1, 1, 96, 64)
    scores = {}
    for index, (stride, layer) in enumerate(zip((32, 16, 8), model.slit.scores, strict=True)):
        layer.register_forward_hook(lambda *each, at=stride: scores.__setitem__(at, each[2]))
        assert layer.in_channels == (64, 32, 16)[index]
    with torch.no_grad():
        found = model(image).slit
    expected = 0
    for stride in (32, 16, 8):
        score = scores[stride]
        while score.shape[-1] < 8:
            score = functional.interpolate(score, scale_factor=2, mode="bilinear")
        expected = expected + score
    expected = functional.interpolate(expected, scale_factor=8, mode="bilinear")
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("factor", [2, 8, 16, 32])
def test_learned_upsampling_starts_as_interpolation(factor):
    learned, fixed = LearnedUpsampling(factor), BilinearUpsampling(factor)
    learned.begin_as_interpolation()
    scores = noise(2, 1, 5, 6).float()
    inner = slice(factor, -factor)
    found, expected = learned(scores), fixed(scores)
    assert found.shape == expected.shape == (2, 1, 5 * factor, 6 * factor)
    torch.testing.assert_close(found[..., inner, inner], expected[..., inner, inner])
    assert bilinear_kernel(factor).sum() == pytest.approx(factor**2)


def test_fcn_learns_to_upsample_only_if_asked():
    def upsampled(name: str) -> list[str]:
        return [key for key, _ in tiny("fcn", upsampling=name).named_parameters() if ".ups." in key]

    assert upsampled("bilinear") == []
    assert len(upsampled("learned")) == 2 * 3


def test_fcn_heads_share_the_encoder_only():
    model = tiny("fcn", upsampling="learned")
    model(noise(1, 1, 64, 64)).slit.sum().backward()
    still = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is None}
    moved = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None}
    assert still == {"membrane"}
    assert moved == {"levels", "deep", "slit"}


def test_fcn_deep_channels_widen_the_bottom_alone():
    small, large = tiny("fcn", deep_channels=160), tiny("fcn", deep_channels=320)
    assert [model.deep[0].out_channels for model in (small, large)] == [10, 20]
    assert [model.levels[4][0].out_channels for model in (small, large)] == [32, 32]
