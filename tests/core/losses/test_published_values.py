"""Values that other libraries gave, for those that cannot be installed beside a CPU PyTorch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from napari_slitseg.core.losses.distribution import focal
from napari_slitseg.core.losses.lovasz import lovasz_hinge
from napari_slitseg.core.losses.overlap import dice, focal_tversky, jaccard, tversky

STEP = torch.arange(48, dtype=torch.float64)
LOGITS = (3 * torch.sin(1.7 * STEP)).view(2, 1, 4, 6)
MASK = ((STEP * 7) % 5 == 0).double().view(2, 1, 4, 6)

SEGMENTATION_MODELS = [  # segmentation-models-pytorch 0.6.0, mode binary, sums over the batch
    ("dice, its smooth of 1 is 2", dice(LOGITS, MASK, smooth=2, reduction="batch"), 0.63293556321),
    ("jaccard", jaccard(LOGITS, MASK, smooth=0, reduction="batch"), 0.802491876107572),
    ("tversky", tversky(LOGITS, MASK, smooth=0, reduction="batch"), 0.6049945570841091),
    ("focal tversky", focal_tversky(LOGITS, MASK, smooth=0, reduction="batch"), 0.68598339083),
    ("lovasz, per image", lovasz_hinge(LOGITS, MASK), 2.782682418823242),
]
TORCHVISION = [  # torchvision's sigmoid_focal_loss
    ("alpha .25, gamma 2", focal(LOGITS, MASK, alpha=0.25, gamma=2), 0.533462795660891),
    ("no alpha", focal(LOGITS, MASK, alpha=None, gamma=2), 0.8233461058666246),
    ("sum", focal(LOGITS, MASK, alpha=0.75, gamma=3, reduction="sum"), 12.720629607764241),
]


@pytest.mark.parametrize(("name", "ours", "theirs"), SEGMENTATION_MODELS + TORCHVISION)
def test_agrees_with_another_library(name: str, ours: Tensor, theirs: float) -> None:
    assert float(ours) == pytest.approx(theirs, rel=1e-6), name
