"""Patches on the device, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

if TYPE_CHECKING:
    from napari_slitseg.core.training.patches import Patch


@dataclass(frozen=True, eq=False)
class Batch:
    """What a network sees in a step and what it is compared with.

    Attributes
    ----------
    pixels : (B, 1, S, S) float tensor
        Normalised grey values.
    slits : list of (N, 2) tensors
        Annotated slits of each patch where they are known, (y, x) px.
    membrane : (B, 1, S, S) float tensor
        Stripe in [0, 1]; 0 where unknown.
    slit_unknown, membrane_unknown : (B, 1, S, S) bool tensors
        Where nothing is known, so nothing is to be learned.
    """

    pixels: Tensor
    slits: list[Tensor]
    membrane: Tensor
    slit_unknown: Tensor
    membrane_unknown: Tensor

    def __len__(self) -> int:
        return len(self.pixels)

    @classmethod
    def of(cls, patches: Sequence[Patch], device: torch.device) -> Batch:
        """Stack patches of one size on a device."""

        def stacked(arrays: list[NDArray[np.generic]]) -> Tensor:
            return torch.from_numpy(np.stack(arrays)[:, None]).to(device, non_blocking=True)

        membranes = [np.where(each.membrane_known, each.membrane, 0) for each in patches]
        return cls(
            pixels=stacked([each.pixels for each in patches]),
            slits=[torch.from_numpy(_known_slits(each)).to(device) for each in patches],
            membrane=stacked([each.astype(np.float32, copy=False) for each in membranes]),
            slit_unknown=stacked([~each.slit_known for each in patches]),
            membrane_unknown=stacked([~each.membrane_known for each in patches]),
        )


def _known_slits(patch: Patch) -> NDArray[np.float32]:
    last = np.subtract(patch.slit_known.shape, 1)
    row, column = np.clip(np.rint(patch.slits_yx).astype(int), 0, last).T
    known = patch.slits_yx[patch.slit_known[row, column]]
    return np.ascontiguousarray(known, dtype=np.float32)
