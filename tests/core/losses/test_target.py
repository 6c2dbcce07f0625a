"""What losses compare logits with."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from napari_slitseg.core.losses.kernel import energy, mmd
from napari_slitseg.core.losses.sinkhorn import sinkhorn
from napari_slitseg.core.losses.target import checked_points, distances_between

CORNERS = [[-0.5, -0.5], [639.5, 639.5], [-0.5, 639.5], [12.0, 0.0]]


class _DTypes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Takes down the precision of everything that is computed."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen: set[torch.dtype] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self.seen |= {result.dtype} if isinstance(result, Tensor) else set()
        return result


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
def test_points_may_lie_anywhere_on_the_area_of_the_image(dtype: torch.dtype) -> None:
    points = torch.tensor(CORNERS).to(dtype)
    [found] = checked_points([points], torch.zeros(1, 1, 640, 640))
    assert found.tolist() == points.tolist()
    assert found.dtype == torch.float32


@pytest.mark.parametrize("point", [(-0.51, 3.0), (3.0, 6.51), (4.51, 3.0), (3.0, -1.0)])
def test_points_outside_are_named(point: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"image 1: point 2 .* of 5 x 7 px"):
        checked_points(
            [torch.zeros(0, 2), torch.tensor([(0.0, 0.0), (4.5, 6.5), point])],
            torch.zeros(2, 1, 5, 7),
        )


def test_points_on_a_device_without_double_precision_are_checked_in_their_own() -> None:
    points, logits = torch.tensor(CORNERS), torch.zeros(1, 1, 640, 640)
    with _DTypes() as dtypes:
        checked_points([points], logits)
    assert torch.float64 not in dtypes.seen


def test_distances_of_many_points_are_exact() -> None:
    draw = torch.Generator().manual_seed(0)
    yx = 640 * torch.rand(1, 60, 2, generator=draw)
    expected = (yx.double()[:, :, None] - yx.double()[:, None]).norm(dim=-1)
    assert float((distances_between(yx) - expected).abs().max()) < 1e-4
    assert not distances_between(yx).diagonal(dim1=1, dim2=2).any()


@pytest.mark.parametrize("loss", [energy, mmd, sinkhorn])
def test_single_precision_is_enough_for_many_points_on_a_large_image(loss: Any) -> None:
    draw = torch.Generator().manual_seed(0)
    yx = 300 + 300 * torch.rand(60, 2, generator=draw)
    logits = torch.full((1, 1, 640, 640), -12.0)
    logits[0, 0, yx[:, 0].round().long(), yx[:, 1].round().long()] = 4
    exact = loss(logits.double(), [yx])
    assert float(loss(logits, [yx])) == pytest.approx(float(exact), rel=5e-4)
