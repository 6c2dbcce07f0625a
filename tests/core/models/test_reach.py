"""How far a pixel sees: the arithmetic against real layers, and against whole networks."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_slitseg.core.models import build_model, model_spec
from napari_slitseg.core.models.reach import Reach
from tests.core.models.cases import beyond


def offsets_seen(layers: nn.Module, factor: int, size: int = 96) -> tuple[int, int]:
    """Distances from an output to the farthest inputs it sees, input px, over one period."""
    image = torch.rand(1, 1, size, size, dtype=torch.float64).add(1).requires_grad_()
    output = layers(image)
    finer = output.shape[-1] / size
    low = high = 0
    for at in range(output.shape[-1] // 2, output.shape[-1] // 2 + factor):
        (gradient,) = torch.autograd.grad(output[..., at].sum(), image, retain_graph=True)
        seen = gradient.sum((0, 1, 2)).nonzero().flatten() - at / finer
        low, high = min(low, seen.min().item()), max(high, seen.max().item())
    return int(low), int(high)


def ones(layer: nn.Module) -> nn.Module:
    for parameter in layer.double().parameters():
        nn.init.ones_(parameter)
    return layer


class Bilinear(nn.Module):
    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = float(factor)

    def forward(self, features: Tensor) -> Tensor:
        return functional.interpolate(features, scale_factor=self.factor, mode="bilinear")


def conv(kernel: int, **settings: int) -> nn.Module:
    dilation = settings.get("dilation", 1)
    return ones(nn.Conv2d(1, 1, kernel, padding=dilation * (kernel // 2), **settings))


def up(kernel: int, factor: int, padding: int, **settings: int) -> nn.Module:
    return ones(nn.ConvTranspose2d(1, 1, kernel, factor, padding, **settings))


@pytest.mark.parametrize(
    ("layers", "reach"),
    [
        ([conv(5)], Reach().conv(5)),
        ([conv(3, dilation=4), conv(3)], Reach().conv(3, dilation=4).conv(3)),
        ([nn.AvgPool2d(4), conv(3), up(4, 4, 0)], Reach().pool(4).conv(3).up(4)),
        ([conv(3, stride=2), conv(3), up(2, 2, 0)], Reach().conv(3).subsample().conv(3).up()),
        ([nn.AvgPool2d(2), Bilinear(2)], Reach().pool().bilinear()),
        ([nn.AvgPool2d(8), conv(3), Bilinear(8)], Reach().pool(8).conv(3).bilinear(8)),
        ([nn.AvgPool2d(8), Bilinear(2), Bilinear(4)], Reach().pool(8).bilinear().bilinear(4)),
        ([nn.AvgPool2d(4), up(8, 4, 2)], Reach().pool(4).bilinear(4)),
        ([nn.AvgPool2d(4), up(6, 4, 1)], Reach().pool(4).transposed(6, 4, 1)),
        (
            [nn.AvgPool2d(2), up(3, 2, 1, output_padding=1)],
            Reach().pool().transposed(3, 2, 1),
        ),
        (
            [conv(1, stride=2), conv(3, dilation=3), Bilinear(2), conv(3)],
            Reach().subsample().conv(3, dilation=3).bilinear().conv(3),
        ),
    ],
)
def test_the_arithmetic_is_that_of_the_layers(layers, reach):
    assert reach.stride == 1
    assert offsets_seen(nn.Sequential(*layers), factor=8) == (reach.low, reach.high)


def test_reach_of_single_layers():
    assert Reach().conv(3) == Reach(1, -1, 1)
    assert Reach().conv(2) == Reach(1, 0, 1)
    assert Reach().conv(3).pool() == Reach(2, -1, 2)
    assert Reach().pool().up() == Reach(1, -1, 1)
    assert Reach(2, -1, 3).join(Reach(2, -4, 1), Reach(2, 0, 5)) == Reach(2, -4, 5)
    assert Reach(1, -5, 3).radius_px == 5


@pytest.mark.parametrize(
    ("name", "settings", "head", "low", "high"),
    [
        ("forknet", {}, "slit", -92, 116),
        ("forknet", {}, "membrane", -84, 108),
        ("forknet", {"fork_level": 1}, "slit", -92, 116),
        ("forknet", {"fork_level": 5, "cross_link": False}, "slit", -92, 116),
        ("unet", {}, "slit", -107, 107),
        ("unet", {"depth": 2}, "slit", -23, 23),
        ("fcn", {}, "slit", -245, 245),
        ("fcn", {"upsampling": "learned"}, "slit", -245, 245),
        ("fcn", {"finest_stride": 32}, "membrane", -233, 233),
        ("munet", {}, "slit", -282, 277),
        ("munet", {"depth": 4}, "slit", -100, 95),
    ],
)
@pytest.mark.parametrize("is_vertical", [True, False])
def test_the_reach_is_exact(name, settings, head, low, high, is_vertical):
    """With positive weights a bright pixel on black lights up every pixel that can see it."""
    model = build_model(model_spec(name, width=0.01, norm="none", **settings)).double().eval()
    for tensor in model.parameters():
        nn.init.constant_(tensor, 0.0 if tensor.ndim == 1 else 2.0 / tensor[0].numel())
    multiple = model.size_multiple
    middle = beyond(max(-low, high), multiple)
    places = torch.arange(multiple) + middle
    impulses = torch.zeros(multiple, 1, 2 * middle + multiple, multiple, dtype=torch.float64)
    impulses[torch.arange(multiple), 0, places, 1] = 1.0
    if not is_vertical:
        impulses = impulses.mT
    with torch.no_grad():
        response = getattr(model(impulses), head).sum(2 if not is_vertical else 3).squeeze(1)
    offsets = [
        place - lit.nonzero().flatten() for place, lit in zip(places, response > 0, strict=True)
    ]
    assert min(int(offset.min()) for offset in offsets) == low
    assert max(int(offset.max()) for offset in offsets) == high
    assert model.receptive_radius_px >= max(-low, high)
    assert head == "membrane" or model.receptive_radius_px == max(-low, high)
