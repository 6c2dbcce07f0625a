"""What tiles reckon a model to take, against the tensors that live at the same time."""

from __future__ import annotations

import weakref

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from napari_slitseg.core.models import build_model, model_spec
from napari_slitseg.core.models.folding import folded
from tests.core.models.cases import EVERY_MODEL, EVERY_VARIANT

SIDE_PX = 480


class LiveTensors(TorchDispatchMode):
    """Bytes of all tensors made within it that are still there, and the most of them."""

    def __init__(self) -> None:
        super().__init__()
        self.live = self.peak = 0
        self.known: set[int] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for each in tree_leaves(result):
            if isinstance(each, Tensor):
                self.add(each.untyped_storage())
        self.peak = max(self.peak, self.live)
        return result

    def add(self, storage) -> None:
        if storage._cdata not in self.known:
            self.known.add(storage._cdata)
            self.live += storage.nbytes()
            weakref.finalize(storage, self.remove, storage._cdata, storage.nbytes())

    def remove(self, key: int, size: int) -> None:
        self.known.discard(key)
        self.live -= size


def live_bytes(model: nn.Module, side_px: int = SIDE_PX) -> int:
    image = torch.zeros(1, 1, side_px, side_px)
    with torch.no_grad(), LiveTensors() as tensors:
        model(image)
    return tensors.peak


def test_what_lives_at_once_is_counted_and_what_is_gone_is_not():
    layers = nn.Sequential(nn.Conv2d(1, 4, 1), nn.ReLU(inplace=True), nn.Conv2d(4, 2, 1))
    assert live_bytes(layers, 10) == 4 * 100 * (4 + 2)
    layers.extend([nn.Conv2d(2, 1, 1), nn.Conv2d(1, 1, 1)])
    assert live_bytes(layers, 10) == 4 * 100 * (4 + 2)


@EVERY_VARIANT
def test_tiles_reckon_with_at_least_what_lives_at_once(name, settings):
    spec = model_spec(name, width=0.125, **settings)
    assert live_bytes(folded(build_model(spec))) <= spec.bytes_per_px * SIDE_PX**2


@EVERY_MODEL
def test_tiles_do_not_reckon_with_far_too_much(name):
    """Beside the images, at most four times what lives at once; layers need room to work in."""
    spec = model_spec(name, width=0.125)
    live = live_bytes(folded(build_model(spec))) / SIDE_PX**2
    assert spec.bytes_per_px_at_width_1 * spec.width <= 4 * live
