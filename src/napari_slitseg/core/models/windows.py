"""Windows on a fixed lattice: cut from images, and joined again without seams."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Lattice:
    """One window for each cell of ``stride_px``, reaching over it equally on all sides.

    Attributes
    ----------
    window_px : int
        Side of a window.
    stride_px : int
        Side of a cell; ``window_px - stride_px`` is even and not negative.
    """

    window_px: int
    stride_px: int

    @property
    def margin_px(self) -> int:
        """How far a window reaches over its cell."""
        return (self.window_px - self.stride_px) // 2

    def cut(self, image: Tensor) -> Tensor:
        """Return all windows, (B, rows, columns, C, window_px, window_px).

        Parameters
        ----------
        image : (B, C, H, W) tensor
            Sides are multiples of ``stride_px``. Beyond its border, its last pixels are repeated.
        """
        padded = functional.pad(image, (self.margin_px,) * 4, mode="replicate")
        rows = padded.unfold(2, self.window_px, self.stride_px)
        windows: Tensor = rows.unfold(3, self.window_px, self.stride_px).permute(0, 2, 3, 1, 4, 5)
        return windows

    def join(self, windows: Tensor) -> Tensor:
        """Return the map that windows make up, (B, 1, H, W); where they overlap they cross-fade.

        Parameters
        ----------
        windows : (B, rows, columns, window_px, window_px) tensor
        """
        share = self._share().to(windows)
        total = self._added(share.expand_as(windows[:1]))
        return self._added(windows * share) / total

    def _added(self, windows: Tensor) -> Tensor:
        """Sum of windows, each in its place, without what lies beyond the border."""
        rows, columns = windows.shape[1:3]
        margin = self.margin_px
        size = tuple(n * self.stride_px + 2 * margin for n in (rows, columns))
        stacked = windows.flatten(3).flatten(1, 2).mT
        added = functional.fold(stacked, size, self.window_px, stride=self.stride_px)
        return added[..., margin : size[0] - margin, margin : size[1] - margin]

    def _share(self) -> Tensor:
        """Weights (window_px, window_px) of a window's pixels, falling towards its sides."""
        overlap = max(1, 2 * self.margin_px)
        rise = ((torch.arange(self.window_px) + 0.5) / overlap).clamp(max=1)
        return torch.outer(*(torch.minimum(rise, rise.flip(0)),) * 2)
