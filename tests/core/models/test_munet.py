"""mUNet: blocks, saved halves, and the slips of its model that are not repeated."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from napari_slitseg.core.models import MUNetSpec, build_model, model_spec
from napari_slitseg.core.models.munet import Block, Doubling, Halving
from tests.core.models.cases import count_on_paper, noise, tiny


def silent(block: Block) -> Block:
    """A block whose convolutions give nothing."""
    for parameter in block.path.parameters():
        nn.init.zeros_(parameter)
    for module in (block.resampling, block.around):
        for parameter in module.parameters() if module else ():
            nn.init.zeros_(parameter) if parameter.ndim == 1 else nn.init.ones_(parameter)
    return block


SPEC = MUNetSpec(norm="none")
FEATURES = torch.arange(4 * 8 * 8, dtype=torch.float32).reshape(1, 4, 8, 8)


@pytest.mark.parametrize(
    ("channels_out", "expected"),
    [
        (4, FEATURES),
        (8, torch.cat([FEATURES, FEATURES], 1)),
        (2, FEATURES[:, 2:]),
    ],
)
def test_a_block_adds_its_input(channels_out, expected):
    block = silent(Block(4, channels_out, SPEC))
    assert torch.equal(block(FEATURES), expected)
    without = Block(4, channels_out, MUNetSpec(norm="none", skip_connections=False))
    assert not silent(without)(FEATURES).any()
    assert len([m for m in block.path if isinstance(m, nn.Conv2d)]) == 1 + (channels_out == 4)


def test_each_path_of_a_block_is_resampled_by_a_layer_of_its_own():
    for kind, size in ((Halving, 4), (Doubling, 16)):
        block = Block(4, 4, SPEC, kind)
        assert block.resampling is not block.around
        assert block(FEATURES).shape == (1, 4, size, size)
        block(FEATURES).sum().backward()
        assert block.resampling.weight.grad is not None
        assert not torch.equal(block.resampling.weight.grad, block.around.weight.grad)


def test_no_pixel_is_left_to_the_bias():
    """Upsampling by stride and dilation 2 would reach every second row and column only."""
    model = tiny("munet")
    up = Doubling(2)
    assert (up(torch.ones(1, 2, 3, 3)) - up(torch.zeros(1, 2, 3, 3)) != 0).all()
    for head in (model.membrane, model.slit):
        ones = torch.ones(1, head.in_channels, 4, 4, dtype=torch.float64)
        nn.init.ones_(head.weight)
        nn.init.zeros_(head.bias)
        lit = head(ones)
        assert lit.shape[-2:] == (8, 8)
        assert (lit > 0).all()


def outputs(model: nn.Module, image: Tensor) -> dict[str, Tensor]:
    """What each part of the model was given (``>name``) and gave (``name``)."""
    seen: dict[str, Tensor] = {}
    for name, part in model.named_children():
        part.register_forward_hook(
            lambda _, given, gave, name=name: seen.update({name: gave, f">{name}": given[0]})
        )
    with torch.no_grad():
        model(image)
    return seen


@pytest.mark.parametrize("depth", [2, 8, 16])
@pytest.mark.parametrize("skip_connections", [True, False])
def test_half_of_the_channels_are_those_saved_on_the_way_down(depth, skip_connections):
    model = tiny("munet", depth=depth, skip_connections=skip_connections)
    seen = outputs(model, noise(1, 1, 32, 48))
    joints = [
        ("down4_wide", ">up4", "up4_wide"),
        ("down4", ">up2", "up4"),
        ("down2", ">slit", "up2"),
    ]
    for saved, given, below in joints:
        half = seen[given].shape[1] // 2
        assert torch.equal(seen[given][:, :half], seen[saved][:, :half])
        assert torch.equal(seen[given][:, half:], seen[below])
        assert seen[given].shape == seen[saved].shape


@pytest.mark.parametrize(("depth", "many", "few"), [(16, 6, 2), (8, 3, 1), (4, 2, 0), (2, 1, 0)])
def test_depth_is_twice_the_number_of_blocks_of_each_width(depth, many, few):
    model = build_model(model_spec("munet", width=0.05, depth=depth))
    blocks = [m for m in model.modules() if isinstance(m, Block)]
    changing = [m for m in blocks if not isinstance(m.resampling, nn.Identity)]
    assert len(changing) == 4
    down = [model.down2, model.down4, model.down4_wide, model.down8]
    numbers = [sum(isinstance(m, Block) for m in part) for part in down]
    assert numbers == [few, 1 + many, 1 + few, many + 1]
    up = [model.up4_wide, model.up4, model.up2]
    assert [sum(isinstance(m, Block) for m in part) for part in up] == [
        1 + few,
        many + 1 + many,
        1 + few,
    ]


def test_deeper_is_larger_and_sees_farther():
    depths = (2, 4, 8, 16, 32)
    sizes = [count_on_paper(MUNetSpec(depth=depth)) for depth in depths]
    reaches = [tiny("munet", depth=depth).receptive_radius_px for depth in depths]
    assert sizes == sorted(set(sizes))
    assert reaches == sorted(set(reaches))


def test_without_skip_connections_it_has_nothing_around_its_blocks():
    with_them, without = (
        count_on_paper(MUNetSpec()),
        count_on_paper(MUNetSpec(skip_connections=False)),
    )
    around = 2 * (64 * 64 + 64) - (64 * 64 + 64) + (128 * 128 + 128)
    doubling = (64 * 64 * 4 + 64) + (128 * 128 * 4 + 128)
    assert with_them - without == around + doubling


def test_an_odd_depth_is_refused():
    with pytest.raises(ValueError, match=r"MUNetSpec.depth is 7; give an even number"):
        MUNetSpec(depth=7)
