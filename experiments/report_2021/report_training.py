"""Pretraining with dice, and fine-tuning with what had a gradient in 2021."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from report_plan import (
    FINETUNING_BATCH,
    MIDDLE,
    PRETRAINING_BATCH,
    PRETRAINING_RATE,
    Arm,
    Size,
)
from report_scenes import Crops, batch, crops
from report_scores import measure, outputs
from safetensors.torch import load_file, save_file
from torch import Tensor

from napari_slitseg.core.losses import LOSSES, build_loss
from napari_slitseg.core.losses.target import Target
from napari_slitseg.core.models import build_model, model_spec
from napari_slitseg.core.models.base import Logits, SegmentationModel
from napari_slitseg.core.schedules import Cosine, PlateauState, after_epoch, rate_at
from napari_slitseg.core.training.optimisers import make_optimiser, set_rate
from napari_slitseg.core.training.spec_optimiser import Adam

SlitLoss = Callable[[Tensor, Target], Tensor]
Weights = dict[str, Tensor]
Row = dict[str, float]


def dice(logits: Tensor, mask: Tensor) -> Tensor:
    """Return the library's dice loss."""
    return build_loss(LOSSES["dice"]())(logits, Target(mask=mask))


def adam(model: SegmentationModel, rate: float) -> torch.optim.Adam:
    """Return the Adam of fine-tuning, with the constants of Keras."""
    learned = [each for each in model.parameters() if each.requires_grad]
    return torch.optim.Adam(learned, rate, eps=1e-7, fused=True)


def untrained(seed: int, size: Size) -> SegmentationModel:
    """Return a ForkNet with the first weights of a seed."""
    torch.manual_seed(seed)
    return build_model(model_spec("forknet", width=size.width))


def loaded(weights: Weights, size: Size) -> SegmentationModel:
    """Return a ForkNet with given weights."""
    model = untrained(0, size)
    model.load_state_dict(weights)
    return model


def copied(model: SegmentationModel) -> Weights:
    """Return the weights and statistics of a model as they are now."""
    return {name: each.detach().clone() for name, each in model.state_dict().items()}


def fingerprint(weights: Weights) -> str:
    """Return the same text for the same bits of all weights and statistics."""
    digest = hashlib.sha256()
    for name, each in sorted(weights.items()):
        digest.update(name.encode() + each.numpy().tobytes())
    return digest.hexdigest()[:16]


def pretrained(seed: int, size: Size, cache: Path) -> Weights:
    """Return the weights after training both heads with dice; made once."""
    path = cache / f"{size.name}_orig_{seed}.safetensors"
    if not path.exists():
        save_file(_pretrain(seed, size, crops(seed, "train", size, cache)), path)
    return dict(load_file(path))


def _pretrain(seed: int, size: Size, train: Crops) -> Weights:
    model = untrained(seed, size)
    optimiser = make_optimiser(Adam(), model, rate=PRETRAINING_RATE)
    schedule = Cosine(rate=PRETRAINING_RATE, min_rate=PRETRAINING_RATE / 100)
    for step in range(size.pretraining):
        set_rate(optimiser, rate_at(schedule, step, size.pretraining))
        one_step(model, optimiser, batch(train, seed, step, PRETRAINING_BATCH), dice_of_slits)
    return copied(model)


def dice_of_slits(logits: Tensor, target: Target) -> Tensor:
    """Return dice of the slit head."""
    return build_loss(LOSSES["dice"]())(logits, target)


def one_step(
    model: SegmentationModel,
    optimiser: torch.optim.Optimizer,
    drawn: tuple[Tensor, Tensor, Tensor],
    slit_loss: SlitLoss | None,
    membrane_weight: float = 1.0,
) -> None:
    """Take a step down the membrane's dice and the loss of the slits."""
    images, membranes, slits = drawn
    model.train()
    optimiser.zero_grad(set_to_none=True)
    loss = total_loss(model(images), membranes, slits, slit_loss, membrane_weight)
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


def total_loss(
    logits: Logits,
    membranes: Tensor,
    slits: Tensor,
    slit_loss: SlitLoss | None,
    membrane_weight: float = 1.0,
) -> Tensor:
    """Return the sum that the study minimised; a loss without gradient only adds a number."""
    loss = membrane_weight * dice(logits.membrane, membranes)
    return loss if slit_loss is None else loss + slit_loss(logits.slit, Target(mask=slits))


@dataclass(frozen=True, eq=False)
class Point:
    """A training after an epoch: its figures on the validation images, weights, optimiser."""

    row: Row
    weights: Weights
    optimiser: dict[str, Any]


Walks = dict[tuple[str, str, tuple[float, ...]], Point]
"""Points of one seed by gradient, start and rates so far, which is all that they depend on."""


def finetune(
    arm: Arm, weights: Weights, seed: int, size: Size, cache: Path, walks: Walks
) -> list[Point]:
    """Return the points of a training: its start, and one after each epoch.

    The optimiser is a new one, as after loading weights in Keras. A loss without gradient is left
    out: `report_mechanism` shows that adding it changes no bit. So losses whose plateaus
    have chosen the same rates so far are the same training, and share its points.
    """
    validation = crops(seed, "validation", size, cache)
    points: list[Point] = []
    rates: tuple[float, ...] = ()
    state = None
    for epoch in range(size.epochs + 1):
        key = (arm.slit, arm.after, rates)
        if key not in walks:
            steps = list(enumerate(rates))[-size.steps :] if points else []
            start = points[-1] if points else None
            model, optimiser = _resumed(start, weights, size)
            _walk(model, optimiser, arm, seed, steps, crops(seed, "train", size, cache))
            row = {"epoch": epoch, "rate": rates[-1] if rates else 0.0}
            figures = measure(outputs(model, validation), validation)
            kept = deepcopy(optimiser.state_dict())
            walks[key] = Point({**row, **figures}, copied(model), kept)
        points.append(walks[key])
        if epoch:
            state = after_epoch(arm.schedule, state, points[-1].row[arm.watched])
        rates += _rates(arm, epoch, size, state)
    return points


def _rates(arm: Arm, epoch: int, size: Size, state: PlateauState | None) -> tuple[float, ...]:
    """Return the rates of the epoch after this one; none after the last."""
    total = size.epochs * size.steps
    steps = range(epoch * size.steps, min(total, (epoch + 1) * size.steps))
    return tuple(rate_at(arm.schedule, step, total, state) for step in steps)


def _resumed(
    point: Point | None, weights: Weights, size: Size
) -> tuple[SegmentationModel, torch.optim.Optimizer]:
    model = loaded(weights if point is None else point.weights, size)
    optimiser = adam(model, MIDDLE)
    if point is not None:
        optimiser.load_state_dict(deepcopy(point.optimiser))
    return model, optimiser


def _walk(
    model: SegmentationModel,
    optimiser: torch.optim.Optimizer,
    arm: Arm,
    seed: int,
    steps: Sequence[tuple[int, float]],
    train: Crops,
) -> None:
    slit_loss = dice_of_slits if arm.slit == "dice" else None
    for step, rate in steps:
        set_rate(optimiser, rate)
        one_step(model, optimiser, finetuning_batch(train, seed, step), slit_loss)


def finetuning_batch(train: Crops, seed: int, step: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the crops of a step of fine-tuning: none of the batches of pretraining."""
    return batch(train, seed, 100_000 + step, FINETUNING_BATCH)
