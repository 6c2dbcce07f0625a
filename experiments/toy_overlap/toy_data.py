"""Random images, and as mask which pixels are brighter than a threshold."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from toy_cases import Run

SIZE_PX = 16


class Images:
    """A stream of batches for several runs; runs of one seed see the same pixels.

    Parameters
    ----------
    runs : sequence of Run
        What the images are for.
    mirrored : bool
        Show 1 - x. The mask is that of x.
    stream : int
        Another number for other images, such as those of the validation.
    """

    def __init__(self, runs: Sequence[Run], *, mirrored: bool, stream: int = 0) -> None:
        seeds = sorted({run.seed for run in runs})
        self.random = [torch.Generator().manual_seed(100 * stream + seed) for seed in seeds]
        self.which = torch.tensor([seeds.index(run.seed) for run in runs])
        self.threshold = torch.tensor([1 - run.foreground for run in runs])[:, None, None, None]
        self.mirrored = mirrored

    def batch(self, number: int) -> tuple[Tensor, Tensor]:
        """Return images (runs, B, H, W) and masks (runs, B, 2, H, W), channel 0 the background."""
        shape = (number, SIZE_PX, SIZE_PX)
        images = torch.stack([torch.rand(shape, generator=each) for each in self.random])
        images = images[self.which]
        foreground = (images > self.threshold).float()
        shown = 1 - images if self.mirrored else images
        return shown, torch.stack([1 - foreground, foreground], 2)
