"""What the losses of a training reach: heads, and the weights behind them."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch

from napari_slitseg.core.models.base import Logits, SegmentationModel
from napari_slitseg.core.training.batch import Batch
from napari_slitseg.core.training.objective import Objective
from napari_slitseg.core.training.patches import Patch
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.training.course import Plan

_MOST_MOMENTS = 500


@dataclass(frozen=True)
class Reached:
    """Which heads get a gradient, at some time and all the time; "membrane" and "slit".

    Attributes
    ----------
    ever, always : frozenset of str
    """

    ever: frozenset[str]
    always: frozenset[str]


def reached_heads(plan: Plan, patch: Patch) -> Reached:
    """Try the losses on one patch, at many moments of the training.

    Raises
    ------
    JobError
        If they cannot be computed, or nothing can be learned from them.
    """
    batch = Batch.of([patch], torch.device("cpu"))
    total = plan.total_steps
    moments = [*range(0, total, max(1, total // _MOST_MOMENTS)), total - 1]
    unlike = {_weighted(objective): objective for objective in map(plan.objective, moments)}
    found = [_heads(objective, batch) for objective in unlike.values()]
    if not frozenset.union(*found):
        raise JobError(
            "Nothing can be learned from these losses: they have no gradient, no weight, or no "
            "membrane to compare with. Choose another loss for the slits."
        )
    return Reached(frozenset.union(*found), frozenset.intersection(*found))


def freeze_unreached(model: SegmentationModel, heads: frozenset[str]) -> None:
    """Make weights that no loss ever reaches need no gradient.

    Parameters
    ----------
    model : SegmentationModel
    heads : frozenset of str
        Those with a loss.
    """
    if heads == frozenset(Logits._fields):
        return
    trial = copy.deepcopy(model).train()
    side = 2 * model.size_multiple
    logits = trial(torch.zeros(1, 1, side, side))
    outputs = [getattr(logits, head).sum() for head in sorted(heads)]
    gradients = torch.autograd.grad(outputs, list(trial.parameters()), allow_unused=True)
    for weight, gradient in zip(model.parameters(), gradients, strict=True):
        weight.requires_grad = gradient is not None


def _weighted(objective: Objective) -> tuple[int, bool, bool]:
    losses = objective.in_force.losses
    return objective.in_force.stage, losses.membrane_weight > 0, losses.slit_weight > 0


def _heads(objective: Objective, batch: Batch) -> frozenset[str]:
    logits = Logits(*(torch.zeros_like(batch.pixels, requires_grad=True) for _ in range(2)))
    try:
        total = objective.of(logits, batch).total
    except ValueError as error:
        raise JobError(f"These losses cannot be trained with: {error}.") from error
    if not total.requires_grad:
        return frozenset()
    gradients = torch.autograd.grad(total, logits, allow_unused=True)
    return frozenset(
        name for name, each in zip(Logits._fields, gradients, strict=True) if each is not None
    )
