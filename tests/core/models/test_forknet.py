"""What the heads of ForkNet share, and each of its links switched off."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_slitseg.core.models import ForkNetSpec, build_model
from napari_slitseg.core.models.base import make_norm
from tests.core.models.cases import count_on_paper, noise, tiny

LEVELS = range(1, 6)


def trained_by(model: nn.Module, head: str) -> set[str]:
    """Parts of a ForkNet that a head's loss trains, two words deep within the branches."""
    model.zero_grad(set_to_none=True)
    getattr(model(noise(1, 1, 32, 32)), head).sum().backward()
    names = [name for name, p in model.named_parameters() if p.grad is not None]
    return {".".join(name.split(".")[: 2 if name[:4] in {"memb", "slit"} else 1]) for name in names}


def test_the_membrane_head_ignores_the_slit_branch_and_the_bridge():
    trained = trained_by(tiny("forknet"), "membrane")
    assert not any(name.startswith(("slit", "bridge")) for name in trained)
    assert {"stem", "level2", "level3", "membrane.head"} <= trained
    assert "membrane.join" not in trained


def test_the_slit_head_sees_the_membrane_branch_only_through_the_bridge():
    trained = trained_by(tiny("forknet"), "slit")
    through_bridge = {"level4", "norm5", "level5", "up4", "join"}
    assert {name[9:] for name in trained if name.startswith("membrane.")} == through_bridge
    assert {"bridge", "bridge_norm", "slit.head", "slit.up1"} <= trained


@pytest.mark.parametrize("fork_level", LEVELS)
def test_without_the_cross_link_the_slit_head_never_sees_the_membrane_branch(fork_level):
    model = tiny("forknet", cross_link=False, fork_level=fork_level)
    assert not any(name.startswith("membrane") for name in trained_by(model, "slit"))
    assert not any("bridge" in name for name, _ in model.named_parameters())
    before = model(noise(1, 1, 48, 48))
    for parameter in model.membrane.parameters():
        nn.init.normal_(parameter)
    after = model(noise(1, 1, 48, 48))
    assert torch.equal(before.slit, after.slit)
    assert not torch.allclose(before.membrane, after.membrane)


def test_with_the_cross_link_the_membrane_branch_moves_the_slits():
    model = tiny("forknet")
    before = model(noise(1, 1, 48, 48))
    nn.init.normal_(model.membrane.join.conv.weight)
    after = model(noise(1, 1, 48, 48))
    assert torch.equal(before.membrane, after.membrane)
    assert not torch.allclose(before.slit, after.slit)


@pytest.mark.parametrize("fork_level", LEVELS)
def test_levels_up_to_the_fork_are_shared_and_deeper_ones_private(fork_level):
    model = tiny("forknet", fork_level=fork_level)
    names = {name for name, _ in model.named_modules()}
    for level in LEVELS[1:]:
        is_shared = level <= fork_level
        assert (f"level{level}" in names) == is_shared
        for branch in ("membrane", "slit"):
            assert (f"{branch}.level{level}" in names) != is_shared
    assert trained_by(model, "membrane") & {f"level{n}" for n in LEVELS} == {
        f"level{n}" for n in LEVELS[1:fork_level]
    }


def test_a_later_fork_shares_more_and_weighs_less():
    sizes = [count_on_paper(ForkNetSpec(fork_level=level)) for level in LEVELS]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == len(sizes)


def encoder_block(level: int, wide: int, wide_above: int, residual: int) -> int:
    """Parameters of a block of the encoder with the normalisation before it, by hand."""
    channels_in = wide_above + (residual if level > 2 else 0)
    second = 9 if level < 4 else 4
    convs = (9 * channels_in + 1) * wide + (second * wide + 1) * wide
    return convs + residual * (channels_in + 1) + 2 * channels_in


@pytest.mark.parametrize("residual", [0, 1])
def test_sharing_a_level_saves_exactly_one_block(residual):
    wide = {level: 16 * 2**level for level in LEVELS}
    sizes = {
        level: count_on_paper(ForkNetSpec(fork_level=level, deep_residual=bool(residual)))
        for level in LEVELS
    }
    for level in (2, 3, 4):
        block = encoder_block(level, wide[level], wide[level - 1], residual)
        assert sizes[level - 1] - sizes[level] == block


def test_without_residuals_there_is_no_projection():
    plain, full = tiny("forknet", deep_residual=False), tiny("forknet")
    assert not any("residual" in name for name, _ in plain.named_parameters())
    residuals = {n.split(".residual")[0] for n, _ in full.named_parameters() if "residual" in n}
    assert len(residuals) == 2 + 2 * (2 + 4)


def test_residuals_carry_what_the_convolutions_block():
    """With dead convolutions in the third level, only the projection hands on the image."""
    for deep_residual in (True, False):
        model = tiny("forknet", deep_residual=deep_residual)
        seen = []
        model.level3.register_forward_hook(lambda *each, seen=seen: seen.append(each[2]))
        for parameter in model.level3.conv2.parameters():
            nn.init.zeros_(parameter)
        with torch.no_grad():
            model(noise(1, 1, 32, 32, seed=1)), model(noise(1, 1, 32, 32, seed=2))
        assert torch.equal(*seen) != deep_residual


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


@pytest.mark.parametrize(("width", "expected"), [(1.0, 13_185_946), (0.25, 833_170)])
def test_number_of_trainable_parameters(width, expected):
    assert count_on_paper(ForkNetSpec(width=width)) == expected
    assert build_model(ForkNetSpec(width=0.01)).spec.fork_level == 3
