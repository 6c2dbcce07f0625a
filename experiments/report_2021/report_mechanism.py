"""What a loss without gradient does to a network: no gradient, and the same bits after steps."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from report_detectors import LOOP_DETECTORS, DetectorName
from report_files import Results
from report_moves import TRUNK
from report_plan import MIDDLE, Size
from report_scenes import crops
from report_training import (
    SlitLoss,
    Weights,
    adam,
    copied,
    dice_of_slits,
    finetuning_batch,
    fingerprint,
    loaded,
    one_step,
    pretrained,
    total_loss,
)

from napari_slitseg.core.losses import build_loss
from napari_slitseg.core.losses.spec_study import (
    Composite,
    Detecting,
    PointLoss,
    ProportionalPointLoss,
    VanillaDistance,
)
from napari_slitseg.core.models.base import SegmentationModel


def study_losses(detector: DetectorName) -> dict[str, Detecting]:
    """Return the five losses as reported, with a detector."""
    how: dict[str, Any] = {"detector": detector, "truth": "map"}
    return {
        "vanilla": VanillaDistance(**how),
        "point": PointLoss(**how),
        "proportional": ProportionalPointLoss(**how),
        "composite_0": Composite(**how, alpha=0.0),
        "composite_1": Composite(**how, alpha=1.0),
    }


def part_of(parameter: str) -> str:
    """Return which part of the ForkNet a parameter belongs to."""
    if parameter.startswith(TRUNK):
        return "shared encoder"
    if parameter.startswith(("membrane.join", "bridge")):
        return "cross link"
    return "membrane branch" if parameter.startswith("membrane") else "slit branch"


def run_gradients(seed: int, size: Size, results: Results, cache: Path) -> None:
    """Count the tensors of each part that get no gradient from membrane dice + a loss."""
    drawn = finetuning_batch(crops(seed, "train", size, cache), seed, 0)
    losses: dict[tuple[str, str], SlitLoss] = {
        (detector, name): build_loss(spec)
        for detector in LOOP_DETECTORS
        for name, spec in study_losses(detector).items()
    }
    losses[("", "dice")] = dice_of_slits
    rows = []
    for (detector, name), loss in losses.items():
        model = loaded(pretrained(seed, size, cache), size)
        total = total_loss(model(drawn[0]), drawn[1], drawn[2], loss)
        total.backward()  # type: ignore[no-untyped-call]
        tags = {"arm": "gradients", "seed": seed, "detector": detector, "loss": name}
        rows += [{**tags, "value": total.item(), **row} for row in _gradients(model)]
    results.add("gradients", rows)


def _gradients(model: SegmentationModel) -> list[dict[str, object]]:
    parts: dict[str, list[torch.Tensor | None]] = {}
    for name, parameter in model.named_parameters():
        parts.setdefault(part_of(name), []).append(parameter.grad)
    return [
        {
            "part": part,
            "tensors": len(grads),
            "without": sum(grad is None for grad in grads),
            "norm": sum(float(grad.square().sum()) for grad in grads if grad is not None) ** 0.5,
        }
        for part, grads in parts.items()
    ]


def run_loops(seed: int, size: Size, results: Results, cache: Path) -> None:
    """Take the same steps with every loss and detector in the loop: time, and the bits after."""
    steps = min(5, size.steps)
    alone, plain = _loop(None, seed, size, cache, steps)
    rows = [_loop_row(seed, "", "membrane dice alone", plain, same=True)]
    for detector in LOOP_DETECTORS:
        for name, spec in study_losses(detector).items():
            weights, seconds = _loop(build_loss(spec), seed, size, cache, steps)
            same = fingerprint(weights) == fingerprint(alone)
            rows.append(_loop_row(seed, detector, name, seconds, same=same))
    weights, seconds = _loop(dice_of_slits, seed, size, cache, steps)
    same = fingerprint(weights) == fingerprint(alone)
    rows.append(_loop_row(seed, "", "dice on both heads", seconds, same=same))
    results.add("loops", rows)


def _loop_row(
    seed: int, detector: str, loss: str, seconds: float, *, same: bool
) -> dict[str, object]:
    tags = {"arm": "loops", "seed": seed, "detector": detector, "loss": loss}
    return {**tags, "ms_per_step": 1000 * seconds, "same_weights": "yes" if same else "no"}


def _loop(
    loss: SlitLoss | None, seed: int, size: Size, cache: Path, steps: int
) -> tuple[Weights, float]:
    """Return the weights after some steps, and the median CPU seconds of a step."""
    train = crops(seed, "train", size, cache)
    model = loaded(pretrained(seed, size, cache), size)
    optimiser = adam(model, MIDDLE)
    seconds = []
    for step in range(steps):
        began = time.process_time()
        one_step(model, optimiser, finetuning_batch(train, seed, step), loss)
        seconds.append(time.process_time() - began)
    return copied(model), float(np.median(seconds))
