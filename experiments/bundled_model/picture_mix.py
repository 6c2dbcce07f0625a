"""Batches of patches from simulated scenes and real micrographs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from augment import Patch, draw_patch
from micrographs import Example
from torch import Tensor

REAL = ("good", "good2", "snider_A1_0024", "okay", "bad")
REAL_SHARES = (0.3, 0.22, 0.3, 0.1, 0.08)


class Pictures:
    """What patches are drawn from: simulated scenes and real micrographs in fixed shares."""

    def __init__(
        self, scenes: Sequence[Example], reals: Sequence[Example], real_share: float
    ) -> None:
        self.scenes, self.reals = scenes, reals
        self.real_share = real_share if reals else 0.0
        shares = np.array([REAL_SHARES[REAL.index(each.name)] for each in reals])
        self.shares = shares / shares.sum() if reals else shares

    def draw(self, rng: np.random.Generator) -> Example:
        """One picture."""
        if rng.random() < self.real_share or not self.scenes:
            return self.reals[int(rng.choice(len(self.reals), p=self.shares))]
        return self.scenes[int(rng.integers(len(self.scenes)))]

    def batch(self, size: int, side_px: int, rng: np.random.Generator) -> list[Tensor]:
        """Draw (B, 1, S, S) pixels, membrane, slits and weight."""
        patches = [draw_patch(self.draw(rng), self.draw(rng), side_px, rng) for _ in range(size)]
        return [stacked(patches, field) for field in ("pixels", "membrane", "slits", "weight")]


def stacked(patches: list[Patch], field: str) -> Tensor:
    """One field of all patches, (B, 1, S, S)."""
    return torch.from_numpy(np.stack([getattr(patch, field) for patch in patches])[:, None])
