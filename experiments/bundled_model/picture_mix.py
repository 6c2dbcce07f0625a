"""Batches of patches from simulated scenes and real micrographs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from augment import SLIT_RADIUS_PX, Patch, Points, draw_patch
from micrographs import Example
from scipy import ndimage
from scipy.spatial import KDTree
from torch import Tensor

from napari_slitseg.core.models.base import SegmentationModel

REAL = ("good", "good2", "snider_A1_0024", "okay", "bad")
REAL_SHARES = (0.3, 0.22, 0.3, 0.1, 0.08)
ERROR_FROM = 0.4


class Pictures:
    """What patches are drawn from: simulated scenes and real micrographs in fixed shares."""

    def __init__(
        self, scenes: Sequence[Example], reals: Sequence[Example], real_share: float
    ) -> None:
        self.scenes, self.reals = scenes, reals
        self.real_share = real_share if reals else 0.0
        shares = np.array([REAL_SHARES[REAL.index(each.name)] for each in reals])
        self.shares = shares / shares.sum() if reals else shares
        self.errors: dict[str, Points] = {}

    def draw(self, rng: np.random.Generator) -> Example:
        """One picture."""
        if rng.random() < self.real_share or not self.scenes:
            return self.reals[int(rng.choice(len(self.reals), p=self.shares))]
        return self.scenes[int(rng.integers(len(self.scenes)))]

    def batch(self, size: int, side_px: int, rng: np.random.Generator) -> list[Tensor]:
        """Draw (B, 1, S, S) pixels, membrane, slits and weight."""
        patches = [self.patch(side_px, rng) for _ in range(size)]
        return [stacked(patches, field) for field in ("pixels", "membrane", "slits", "weight")]

    def patch(self, side_px: int, rng: np.random.Generator) -> Patch:
        """Draw a crop."""
        example, donor = self.draw(rng), self.draw(rng)
        return draw_patch(example, donor, side_px, rng, self.errors.get(example.name))

    def look_for_errors(
        self, model: SegmentationModel, n_scenes: int, rng: np.random.Generator
    ) -> int:
        """Note where the network finds slits that are none: in all real pictures, in some scenes.

        Returns
        -------
        int
            How many there are.
        """
        chosen = rng.permutation(len(self.scenes))[:n_scenes]
        found = {
            example.name: false_slits(model, example)
            for example in (*self.reals, *(self.scenes[i] for i in chosen))
        }
        self.errors |= found
        return sum(map(len, found.values()))


def false_slits(model: SegmentationModel, example: Example) -> Points:
    """Return the peaks (N, 2) px that are far from all slits, where the truth is known."""
    height, width = (side - side % model.size_multiple for side in example.layers.shape[1:])
    pixels = torch.from_numpy(example.layers[:1, :height, :width])[None]
    with torch.inference_mode():
        slits = torch.sigmoid(model(pixels).slit)[0, 0].numpy()
    slits = slits * (example.layers[2, :height, :width] > 0.5)
    highest = ndimage.maximum_filter(slits, 2 * round(SLIT_RADIUS_PX) + 1)
    peaks = np.argwhere((slits == highest) & (slits >= ERROR_FROM)).astype(np.float64)
    if not len(example.slits) or not len(peaks):
        return peaks
    return np.asarray(peaks[KDTree(example.slits).query(peaks)[0] > 2 * SLIT_RADIUS_PX])


def stacked(patches: list[Patch], field: str) -> Tensor:
    """One field of all patches, (B, 1, S, S)."""
    return torch.from_numpy(np.stack([getattr(patch, field) for patch in patches])[:, None])
