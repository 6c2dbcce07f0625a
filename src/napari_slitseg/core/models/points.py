"""A set of points straight from an image, each a slit or empty."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_slitseg.core.models.base import Logits, SegmentationModel, init_weights
from napari_slitseg.core.models.blocks import convs
from napari_slitseg.core.models.point_set import DOT_RADIUS_PX, PointSet, draw_points
from napari_slitseg.core.models.spec_points import PointSpec
from napari_slitseg.core.models.trunk import Trunk, trunk_reach

CELL_PX = 8
_CELL_LEVEL = 3
_LEVELS = 5


class PointLogits(NamedTuple):
    """What a `PointModel` says of a batch of images.

    Attributes
    ----------
    membrane : (B, 1, H, W) tensor
        Raw output of the membrane head.
    points : PointSet
        Proposed slits.
    """

    membrane: Tensor
    points: PointSet


class PointModel(SegmentationModel):
    """A U-shaped network with a map for the membrane and proposals of points for the slits.

    After P2PNet (Song et al., ICCV 2021): in each cell of 8 x 8 px there are anchors on a square
    lattice, and two small stacks of convolutions on the features of that resolution give each an
    offset and two logits, for "slit" and for "empty" (DETR's no-object class). `points` returns
    the set; train it with `set_prediction`, one proposal to one annotation:

    >>> found = model.points(image)  # doctest: +SKIP
    >>> slit_loss = set_prediction(found.points, annotations)  # doctest: +SKIP
    >>> membrane_loss = dice(found.membrane, mask)  # doctest: +SKIP

    The model itself draws the set as a slit map, a dot for each point with its probability, so
    inference and detectors need not know. Peaks of that map are the points again.

    Unlike P2PNet, whose offsets are unlimited, a point stays within ``reach_px`` of its anchor, so
    that far parts of the image have no say in a pixel. The limit is x / (1 + |x|): under tanh,
    points that start far out have no gradient and stay there. The network is a U-Net with 32
    channels at full resolution (width 1.0), instead of VGG16, and its stacks are normalised.

    The input (B, 1, H, W) has been normalised by the caller.
    """

    size_multiple = 16

    def __init__(self, spec: PointSpec) -> None:
        super().__init__(spec)
        channels = [spec.channels(32 * 2**level) for level in range(_LEVELS)]
        self.trunk = Trunk(1, channels, spec.norm)
        self.membrane = nn.Conv2d(channels[0], 1, 1)
        self.per_side, self.reach_px = spec.anchors_per_side, spec.reach_px
        outputs = 2 * self.per_side**2
        self.offset = _stack(channels[_CELL_LEVEL], spec.channels(128), outputs, spec.norm)
        self.kind = _stack(channels[_CELL_LEVEL], spec.channels(128), outputs, spec.norm)
        self.receptive_radius_px = _radius_px(self.per_side, self.reach_px)
        init_weights(self)

    def logits(self, image: Tensor) -> Logits:
        """Return the logits of images whose sides are multiples of 16; slits are drawn points."""
        found = self._read(image)
        return Logits(found.membrane, draw_points(found.points, *image.shape[2:]))

    def points(self, image: Tensor) -> PointLogits:
        """Return membrane logits and proposed points of images (B, 1, H, W) of any size.

        Images are padded as for the maps; points may lie in what was added.

        Raises
        ------
        ValueError
            If the image has another shape or no pixels.
        """
        found = self._read(self.padded(image))
        height, width = image.shape[2:]
        return PointLogits(found.membrane[..., :height, :width], found.points)

    def _read(self, image: Tensor) -> PointLogits:
        features = self.trunk(image)
        cells = features[_CELL_LEVEL]
        offset = self.reach_px * functional.softsign(_by_anchor(self.offset(cells)))
        anchors = anchor_yx(cells.shape[2], cells.shape[3], self.per_side).to(offset)
        points = PointSet(anchors + offset, _by_anchor(self.kind(cells)))
        return PointLogits(self.membrane(features[0]), points)


def anchor_yx(rows: int, columns: int, per_side: int) -> Tensor:
    """Return the positions from which points are proposed, (rows * columns * per_side**2, 2) px.

    Cell by cell; in a cell row by row.
    """
    within = (torch.arange(per_side) + 0.5) * (CELL_PX / per_side) - 0.5
    cells = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)) * CELL_PX
    inner = torch.cartesian_prod(within, within).view(-1, 2)
    return (cells.view(-1, 1, 2) + inner).flatten(0, 1)


def _stack(channels_in: int, channels: int, outputs: int, norm: str) -> nn.Sequential:
    return nn.Sequential(
        *convs(channels_in, channels, norm), nn.Conv2d(channels, outputs, 3, padding=1)
    )


def _by_anchor(maps: Tensor) -> Tensor:
    """Pairs of channels as rows of a table: (B, 2 K, h, w) -> (B, h * w * K, 2), exact numbers."""
    table = maps.permute(0, 2, 3, 1).reshape(len(maps), -1, 2)
    return table if table.dtype == torch.float64 else table.float()


def _radius_px(per_side: int, reach_px: float) -> int:
    """How far a pixel sees: to the cells whose points can show in it, and as far as these see."""
    membrane, *_ = decoded = trunk_reach(_LEVELS)
    cells = decoded[_CELL_LEVEL].conv(3, 3, 3)
    margin = CELL_PX / per_side / 2 - 0.5
    away = reach_px + DOT_RADIUS_PX + 0.5
    before, after = CELL_PX - 1 - margin + away, away - margin
    return max(membrane.radius_px, ceil(before - cells.low), ceil(after + cells.high))
