"""One step: forward, backward, and the optimiser's step if all of it is finite."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_slitseg.core.devices import free_cached_memory, is_out_of_memory
from napari_slitseg.core.training.batch import Batch
from napari_slitseg.core.training.objective import Objective
from napari_slitseg.pipelines.training.learner import Learner
from napari_slitseg.pipelines.training.team import Team

if TYPE_CHECKING:
    from napari_slitseg.core.training.patches import Patch


class TooLarge(Exception):
    """So many patches at once do not fit into the memory; nothing of the step remains."""


@dataclass(frozen=True)
class Outcome:
    """What came of a step.

    Attributes
    ----------
    losses : dict
        "total" and the parts, means over the patches of the step.
    gradient_norm : float
        Before it was clipped.
    is_applied : bool
        False where a number was not finite.
    """

    losses: dict[str, float]
    gradient_norm: float
    is_applied: bool


def take_step(
    learner: Learner,
    patches: Sequence[Patch],
    objective: Objective,
    team: Team,
    *,
    micro_batch: int,
    clip_norm: float | None,
) -> Outcome:
    """Learn from some patches, `micro_batch` of them at once.

    Losses and gradients are means over patches, so it makes no difference how many are computed at
    once, but for batch statistics and for the lengths that balanced sums measure on each part.

    Raises
    ------
    TooLarge
        If the device's memory does not suffice.
    """
    learner.begin()
    try:
        losses = _accumulate(learner, patches, objective, team, micro_batch)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        message = str(error)
    else:
        return _apply(learner, losses, team, clip_norm)
    learner.undo()
    free_cached_memory(team.device)
    raise TooLarge(message)


def _accumulate(
    learner: Learner,
    patches: Sequence[Patch],
    objective: Objective,
    team: Team,
    micro_batch: int,
) -> dict[str, Tensor]:
    """Add up the gradients of all parts; return the mean losses."""
    starts = range(0, len(patches), micro_batch)
    found = []
    for start in starts:
        batch = Batch.of(patches[start : start + micro_batch], team.device)
        is_last = start == starts[-1]
        with team.fabric.no_backward_sync(learner.wrapped, enabled=not is_last):
            logits = learner.wrapped(batch.pixels)
            parts = objective.of(logits, batch, learner.balance)
            total = parts.total
            if learner.touch_all:
                total = total + 0 * (logits.membrane.sum() + logits.slit.sum())
            if total.requires_grad:
                team.fabric.backward(total / len(starts))
        found.append({"total": parts.total.detach(), **parts.parts})
    return {name: torch.stack([each[name] for each in found]).mean() for name in found[0]}


def _apply(
    learner: Learner, losses: dict[str, Tensor], team: Team, clip_norm: float | None
) -> Outcome:
    """Make the step if it is finite; numbers leave the device once."""
    norm = team.fabric.clip_gradients(
        learner.wrapped,
        learner.optimiser,
        max_norm=math.inf if clip_norm is None else clip_norm,
        error_if_nonfinite=False,
    )
    on_device = [torch.as_tensor(norm, device=team.device), *losses.values()]
    figures = team.mean(torch.stack([each.float() for each in on_device])).tolist()
    gradient_norm, values = figures[0], dict(zip(losses, figures[1:], strict=True))
    is_finite = math.isfinite(values["total"]) and math.isfinite(gradient_norm)
    if is_finite:
        learner.apply()
    else:
        learner.skip()
    return Outcome(values, gradient_norm, is_finite)
