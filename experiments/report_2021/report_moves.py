"""What moves the slit head although no loss reaches it: one thing after the other held fixed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from report_files import Results
from report_plan import MIDDLE, MOVING_EPOCHS, Size
from report_scenes import Crops, crops
from report_scores import measure, outputs
from report_training import adam, finetuning_batch, loaded, one_step, pretrained, untrained

from napari_slitseg.core.models.base import SegmentationModel
from napari_slitseg.core.training.freezing import batch_norms

TRUNK: Final = ("stem.", "level", "norm")
MEMBRANE_ENCODER: Final = ("membrane.level", "membrane.norm", "membrane.up4.")


@dataclass(frozen=True, kw_only=True)
class Variant:
    """What is held fixed while the membrane's dice trains; names of parameters begin so."""

    frozen: tuple[str, ...] = ()
    statistics: bool = True
    membrane_weight: float = 1.0
    pretrained: bool = True


VARIANTS: Final = {
    "as reported": Variant(),
    "statistics fixed": Variant(statistics=False),
    "shared encoder fixed": Variant(frozen=TRUNK),
    "shared encoder and statistics fixed": Variant(frozen=TRUNK, statistics=False),
    "and the membrane's part of the cross link": Variant(
        frozen=TRUNK + MEMBRANE_ENCODER, statistics=False
    ),
    "membrane weight 0: only statistics move": Variant(membrane_weight=0.0),
    "membrane weight 0.01": Variant(membrane_weight=0.01),
    "membrane weight 100": Variant(membrane_weight=100.0),
    "untrained start": Variant(pretrained=False),
}


def run_moves(seed: int, size: Size, results: Results, cache: Path) -> None:
    """Train the membrane for some epochs and see how far the maps of slits moved."""
    validation = crops(seed, "validation", size, cache)
    rows = []
    for name, variant in VARIANTS.items():
        model = _start(variant, seed, size, cache)
        before = torch.sigmoid(outputs(model, validation).slit)
        _move(model, variant, seed, size, crops(seed, "train", size, cache))
        after = outputs(model, validation)
        change = (torch.sigmoid(after.slit) - before).abs()
        figures = measure(after, validation)
        rows.append(
            {
                **{"arm": "moves", "seed": seed, "variant": name},
                **{"mean_change": float(change.mean()), "largest_change": float(change.max())},
                **{key: figures[key] for key in ("ratio_doh", "ratio_tuned", "vanilla_px")},
            }
        )
    results.add("moves", rows)


def _start(variant: Variant, seed: int, size: Size, cache: Path) -> SegmentationModel:
    if variant.pretrained:
        return loaded(pretrained(seed, size, cache), size)
    return untrained(seed, size)


def _move(model: SegmentationModel, variant: Variant, seed: int, size: Size, train: Crops) -> None:
    for name, parameter in model.named_parameters():
        parameter.requires_grad = not (variant.frozen and name.startswith(variant.frozen))
    if not variant.statistics:
        for norm in batch_norms(model):
            norm.momentum = 0.0
    optimiser = adam(model, MIDDLE)
    for step in range(MOVING_EPOCHS * size.steps):
        one_step(
            model, optimiser, finetuning_batch(train, seed, step), None, variant.membrane_weight
        )
