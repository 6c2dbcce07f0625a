"""The models' shapes, sizes, reach and heads."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from napari_slitseg.core.models import (
    MODELS,
    ForkNetSpec,
    ModelSpec,
    UNetSpec,
    build_model,
    model_spec,
)
from napari_slitseg.core.models.base import make_norm
from napari_slitseg.core.models.reach import Reach

TINY = 0.0625
NORMS = ("batch", "group", "none")
ARCHITECTURE = pytest.mark.parametrize("architecture", tuple(MODELS))


def tiny(architecture: str, norm: str = "batch", seed: int = 0):
    """Small float64 model in eval mode whose every number is random and most units alive."""
    model = build_model(model_spec(architecture, width=TINY, norm=norm)).double().eval()
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            values = torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype)
            is_matrix = tensor.ndim > 1
            tensor.copy_(
                values * (2 / tensor[0].numel()) ** 0.5 if is_matrix else values.abs() + 0.1
            )
            if name.endswith("running_mean"):
                tensor.neg_()
    return model


def noise(*shape: int, seed: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize(
    ("architecture", "width", "expected"),
    [
        ("forknet", 1.0, 13_185_946),
        ("forknet", 0.25, 833_170),
        ("unet", 1.0, 31_036_546),
        ("unet", 0.5, 7_762_498),
    ],
)
def test_number_of_trainable_parameters(architecture, width, expected):
    with torch.device("meta"):
        assert count(build_model(model_spec(architecture, width=width))) == expected


@ARCHITECTURE
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("width", [0.01, 0.1])
def test_two_logit_maps_of_the_image_size_train_every_parameter(architecture, norm, width):
    torch.manual_seed(0)
    model = build_model(model_spec(architecture, width=width, norm=norm))
    assert model.training
    logits = model(torch.randn(2, 1, 32, 48))
    assert logits.membrane.shape == logits.slit.shape == (2, 1, 32, 48)
    (logits.membrane.square().mean() + logits.slit.square().mean()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@ARCHITECTURE
@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((1, 1, 0, 16), "0 x 16 px"),
        ((1, 3, 32, 32), r"\(batch, 1, height, width\), not \(1, 3, 32, 32\)"),
        ((32, 32), r"not \(32, 32\)"),
    ],
)
def test_images_that_do_not_fit_are_refused(architecture, shape, words):
    with pytest.raises(ValueError, match=words):
        tiny(architecture)(torch.zeros(shape, dtype=torch.float64))


@ARCHITECTURE
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (37, 50)])
def test_images_of_any_size_are_padded_and_cut_back(architecture, shape):
    model = tiny(architecture)
    image = noise(2, 1, *shape)
    height, width = shape
    multiple = model.size_multiple
    padded = nn.functional.pad(
        image, (0, -width % multiple, 0, -height % multiple), mode="replicate"
    )
    for logits, whole in zip(model(image), model(padded), strict=True):
        assert logits.shape == (2, 1, *shape)
        assert torch.equal(logits, whole[..., :height, :width])


# --- How far an output pixel sees -------------------------------------------------------------


@ARCHITECTURE
def test_gradients_stay_within_the_radius(architecture):
    """In every phase of the pooling grid, away from and at the borders."""
    model = tiny(architecture)
    radius, size = model.receptive_radius_px, 256
    positions = [*range(120, 136), 0, size - 1]
    for axis, other in ((2, 3), (3, 2)):
        shape = [1, 1, size, size]
        shape[other] = 32
        image = noise(*shape).requires_grad_()
        logits = model(image)
        both = (logits.membrane + 3 * logits.slit).sum(other).flatten()
        for at in positions:
            (gradient,) = torch.autograd.grad(both[at], image, retain_graph=True)
            seen = gradient.abs().sum((0, 1, other)).nonzero().flatten()
            assert len(seen) > 64, at
            assert (seen - at).abs().max() <= radius, (axis, at)


@ARCHITECTURE
@pytest.mark.parametrize("phase", [(0, 0), (5, 11), (15, 15), (8, 7)])
def test_changes_beyond_the_radius_change_nothing(architecture, phase):
    model = tiny(architecture)
    radius, (y, x) = model.receptive_radius_px, (128 + phase[0], 128 + phase[1])
    image, other = noise(1, 1, 272, 272, seed=2), 10 * noise(1, 1, 272, 272, seed=3)
    window = (..., slice(y - radius, y + radius + 1), slice(x - radius, x + radius + 1))
    other[window] = image[window]
    with torch.no_grad():
        before, after = model(image), model(other)
    for one, two in zip(before, after, strict=True):
        assert not torch.allclose(one, two)
        torch.testing.assert_close(one[..., y, x], two[..., y, x], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("architecture", "head", "low", "high"),
    [
        ("forknet", "slit", -92, 116),
        ("forknet", "membrane", -84, 108),
        ("unet", "slit", -107, 107),
    ],
)
@pytest.mark.parametrize("is_vertical", [True, False])
def test_the_reach_is_exact(architecture, head, low, high, is_vertical):
    """With positive weights a bright pixel on black lights up every pixel that can see it."""
    model = build_model(model_spec(architecture, width=0.01, norm="none")).double().eval()
    for tensor in model.parameters():
        torch.nn.init.constant_(tensor, 0.0 if tensor.ndim == 1 else 1.0)
    impulses = torch.zeros(16, 1, 288, 16, dtype=torch.float64)
    places = torch.arange(16) + 136
    impulses[torch.arange(16), 0, places, 8] = 1.0
    if not is_vertical:
        impulses = impulses.mT
    with torch.no_grad():
        response = getattr(model(impulses), head).sum(2 if not is_vertical else 3).squeeze(1)
    offsets = [
        (place - lit.nonzero().flatten()) for place, lit in zip(places, response > 0, strict=True)
    ]
    assert min(int(offset.min()) for offset in offsets) == low
    assert max(int(offset.max()) for offset in offsets) == high
    assert model.receptive_radius_px >= max(-low, high)


def test_reach_of_single_layers():
    assert Reach().conv(3) == Reach(1, -1, 1)
    assert Reach().conv(2) == Reach(1, 0, 1)
    assert Reach().conv(3).pool() == Reach(2, -1, 2)
    assert Reach().pool().up() == Reach(1, -1, 1)
    assert Reach(2, -1, 3).join(Reach(2, -4, 1)) == Reach(2, -4, 3)
    assert Reach(1, -5, 3).radius_px == 5


@ARCHITECTURE
def test_a_tile_on_the_grid_agrees_with_the_whole(architecture):
    """Tiles at multiples of `size_multiple` with a halo give the whole image's pixels."""
    model = tiny(architecture)
    halo = 128
    assert halo >= model.receptive_radius_px
    image = noise(1, 1, 288, 400)
    with torch.no_grad():
        whole = model(image).slit
        tile = model(image[..., 16:, 32:]).slit
    kept = tile[..., halo:, halo:]
    torch.testing.assert_close(kept, whole[..., 16 + halo :, 32 + halo :], rtol=1e-9, atol=1e-9)
    assert not torch.allclose(tile, whole[..., 16:, 32:])


@ARCHITECTURE
def test_group_norm_says_that_it_is_not_local(architecture):
    model = tiny(architecture, "group")
    assert not model.is_local
    assert tiny(architecture, "batch").is_local
    assert tiny(architecture, "none").is_local
    image, other = noise(1, 1, 16, 320), noise(1, 1, 16, 320)
    other[..., 300:] += 5
    with torch.no_grad():
        assert not torch.allclose(model(image).slit[..., :16], model(other).slit[..., :16])


# --- What the heads share ---------------------------------------------------------------------


def gradients_of(model: nn.Module, head: str) -> set[str]:
    """Top-level parts of a ForkNet that a head's loss trains."""
    model.zero_grad(set_to_none=True)
    getattr(model(noise(1, 1, 32, 32)), head).sum().backward()
    trained = {name for name, p in model.named_parameters() if p.grad is not None}
    return {
        ".".join(name.split(".")[: 2 if name[:4] in {"memb", "slit"} else 1]) for name in trained
    }


def test_the_membrane_head_ignores_the_slit_branch_and_the_bridge():
    trained = gradients_of(tiny("forknet"), "membrane")
    assert not any(name.startswith(("slit", "bridge")) for name in trained)
    assert {"stem", "level2", "level3", "membrane.head"} <= trained
    assert "membrane.join" not in trained


def test_the_slit_head_sees_the_membrane_branch_only_through_the_bridge():
    trained = gradients_of(tiny("forknet"), "slit")
    through_bridge = {"level4", "norm5", "level5", "up4", "join"}
    assert {name[9:] for name in trained if name.startswith("membrane.")} == through_bridge
    assert {"bridge", "bridge_norm", "slit.head", "slit.up1"} <= trained


# --- Numbers, devices and formats ------------------------------------------------------------


def test_batch_norm_has_the_published_constants():
    layers = [m for m in tiny("forknet").modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(layers) == 18
    assert {(layer.eps, layer.momentum) for layer in layers} == {(1e-3, 0.01)}


@pytest.mark.parametrize(("channels", "groups"), [(64, 8), (65, 5), (129, 3), (257, 1), (6, 6)])
def test_group_norm_takes_the_most_groups_that_divide(channels, groups):
    assert make_norm("group", channels).num_groups == groups


def test_group_norm_keeps_a_single_channel():
    image = noise(1, 1, 4, 4)
    assert torch.equal(make_norm("group", 1)(image), image)


def test_an_even_kernel_pads_right_and_bottom_only():
    conv = tiny("forknet").slit.level4.conv2
    nn.init.ones_(conv.conv.weight)
    nn.init.zeros_(conv.conv.bias)
    features = torch.zeros(1, conv.conv.in_channels, 4, 4, dtype=torch.float64)
    features[0, 0, 0, 0] = features[0, 0, 3, 3] = 1.0
    result = conv(features)[0, 0]
    assert result.nonzero().tolist() == [[0, 0], [2, 2], [2, 3], [3, 2], [3, 3]]


@ARCHITECTURE
def test_kernels_start_as_glorot_uniform_and_biases_zero(architecture):
    torch.manual_seed(3)
    model = build_model(model_spec(architecture, width=0.25))
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            area = layer.kernel_size[0] * layer.kernel_size[1]
            limit = (6 / (area * (layer.in_channels + layer.out_channels))) ** 0.5
            assert 0.5 * limit < layer.weight.abs().max() <= limit
            assert layer.bias is None or not layer.bias.any()


@ARCHITECTURE
def test_the_seed_decides_the_weights(architecture):
    def weights(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        model = build_model(model_spec(architecture, width=TINY))
        return torch.cat([p.detach().flatten() for p in model.parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


@ARCHITECTURE
def test_channels_last_and_autocast_agree_with_plain_float32(architecture):
    model = tiny(architecture).float()
    image = noise(2, 1, 32, 64).float()
    with torch.inference_mode():
        plain = model(image).slit
        model = model.to(memory_format=torch.channels_last)
        last = model(image.to(memory_format=torch.channels_last)).slit
        with torch.autocast("cpu", torch.bfloat16):
            low = model(image).slit
    torch.testing.assert_close(last, plain, rtol=1e-4, atol=1e-4)
    assert (low.float() - plain).abs().mean() < 0.05 * plain.std()


@ARCHITECTURE
def test_the_image_is_left_as_it_is(architecture):
    image = noise(1, 1, 16, 16)
    before = image.clone()
    tiny(architecture)(image)
    assert torch.equal(image, before)


# --- The spec ----------------------------------------------------------------------------------


def test_every_architecture_can_be_built():
    for name in MODELS:
        spec = model_spec(name, width=TINY)
        assert build_model(spec).spec == spec


def test_spec_round_trip():
    spec = UNetSpec(width=0.25, norm="group")
    assert ModelSpec.from_dict(spec.to_dict()) == spec
    assert ModelSpec.from_dict({"architecture": "forknet", "width": 0.25}).width == 0.25
    assert ForkNetSpec(width=1).to_dict() == {
        "name": "forknet",
        "width": 1.0,
        "norm": "batch",
        "fork_level": 3,
        "cross_link": True,
        "deep_residual": True,
    }


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "fcm"}, "no model 'fcm'.*forknet, unet"),
        ({"name": ["forknet"]}, "no model"),
        ({}, "no model ''"),
        ({"name": "unet", "norm": "layer"}, "norm is 'layer'; choose one of batch, group, none"),
        ({"name": "unet", "width": 0}, "width is 0"),
        ({"name": "unet", "width": -1.0}, "width is -1"),
        ({"name": "unet", "width": 1e6}, r"width is 1e\+06"),
        ({"name": "unet", "width": float("nan")}, "width is nan"),
        ({"name": "unet", "width": True}, "width is True"),
        ({"name": "unet", "width": "1"}, "width is '1'"),
        ({"name": "unet", "deep": 3}, "has no 'deep'"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(values, words):
    with pytest.raises(ValueError, match=words):
        ModelSpec.from_dict(values)


@pytest.mark.parametrize(("width", "channels"), [(1.0, 32), (0.25, 8), (0.001, 1), (0.4, 13)])
def test_width_multiplies_channels(width, channels):
    assert ForkNetSpec(width=width).channels(32) == channels


def test_names_and_specs_need_no_torch():
    code = (
        "import sys; from napari_slitseg.core.models import MODELS, ForkNetSpec; "
        "ForkNetSpec(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
