"""A U-shaped network without heads: the common part of models that add their own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from napari_slitseg.core.models.base import concat, pool
from napari_slitseg.core.models.blocks import convs
from napari_slitseg.core.models.reach import Reach


class Trunk(nn.Module):
    """Levels of two convolutions, skips, and a decoder whose every level can be read.

    As the U-Net (Ronneberger et al., MICCAI 2015) with 'same' padding and normalisation before
    each ReLU.

    Parameters
    ----------
    channels_in : int
        Channels of the input.
    channels : sequence of int
        Channels of the levels, full resolution first; each next one has half the resolution.
    norm : str
        Kind of normalisation.
    """

    def __init__(self, channels_in: int, channels: Sequence[int], norm: str) -> None:
        super().__init__()
        pairs = list(pairwise(channels))
        self.down = nn.ModuleList(
            convs(a, b, norm) for a, b in [(channels_in, channels[0]), *pairs]
        )
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in pairs)
        self.merge = nn.ModuleList(convs(2 * a, a, norm) for a, _ in pairs)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the decoded features of all levels, full resolution first.

        Parameters
        ----------
        image : (B, C, H, W) tensor
            Sides are multiples of ``2 ** (levels - 1)``.

        Returns
        -------
        list of (B, channels[i], H / 2**i, W / 2**i) tensors
        """
        features = [self.down[0](image)]
        for down in self.down[1:]:
            features.append(down(pool(features[-1])))
        for i in reversed(range(len(self.up))):
            features[i] = self.merge[i](concat(self.up[i](features[i + 1]), features[i]))
        return features


def trunk_reach(levels: int) -> list[Reach]:
    """Return the reach of the decoded features of a trunk with so many levels."""
    reach = [Reach().conv(3, 3)]
    for _ in range(levels - 1):
        reach.append(reach[-1].pool().conv(3, 3))
    for i in reversed(range(levels - 1)):
        reach[i] = reach[i + 1].up().join(reach[i]).conv(3, 3)
    return reach
