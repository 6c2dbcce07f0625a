"""A step of a training, with what is to be said of it."""

from __future__ import annotations

import math
from collections.abc import Generator
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING, Final

import torch

from napari_slitseg.core.training.optimisers import set_rate
from napari_slitseg.events import Alarm, Event, StepDone
from napari_slitseg.pipelines.training.saving import NotFinite
from napari_slitseg.pipelines.training.stepping import Outcome, TooLarge, take_step
from napari_slitseg.pipelines.training.under_way import Training

if TYPE_CHECKING:
    from napari_slitseg.core.training.patches import Patch

MOST_BAD_STEPS: Final = 3
_MOST_TO_FIND_SCALE: Final = 24


class NoMemory(Exception):
    """A step does not fit into the memory, and cannot be made smaller; the message says why."""


def learn(training: Training) -> Generator[Event, None, None]:
    """Make the next step.

    Raises
    ------
    NotFinite
        If several steps in a row were not finite.
    NoMemory
        If not even one patch fits into the memory.
    """
    course, plan = training.course, training.plan
    begun = perf_counter()
    patches = next_patches(training)
    waited = perf_counter() - begun
    rate = plan.rate(course.step, course.plateau_state)
    outcome = yield from _fitting(training, patches, rate)
    course.step += 1
    course.n_bad = 0 if outcome.is_applied else course.n_bad + 1
    if outcome.is_applied:
        course.add(outcome.losses)
    yield StepDone(
        step=course.step,
        epoch=(course.step - 1) // plan.steps_per_epoch + 1,
        rate=rate,
        loss=_known(outcome.losses.pop("total")),
        parts={name: _known(value) for name, value in outcome.losses.items()},
        gradient_norm=_known(outcome.gradient_norm),
        seconds=perf_counter() - begun,
        waited=waited,
    )
    if course.n_bad >= (_MOST_TO_FIND_SCALE if training.learner.searches_scale else MOST_BAD_STEPS):
        raise NotFinite


def next_patches(training: Training) -> list[Patch]:
    """Return the patches of this process for the next step."""
    job = training.job
    return list(islice(training.patches, job.batch * job.accumulation))


def step_once(training: Training, patches: list[Patch], rate: float) -> Outcome:
    """Make the step that is due, at a learning rate; the same in every process.

    Raises
    ------
    TooLarge
        If it does not fit into the memory.
    """
    number, job, team = training.course.step, training.job, training.team
    set_rate(training.learner.optimiser.optimizer, rate)
    torch.manual_seed(((job.seed << 20) + number << 10) + team.fabric.global_rank)
    return take_step(
        training.learner,
        patches,
        training.plan.objective(number),
        team,
        micro_batch=training.course.micro_batch,
        clip_norm=job.clip_norm,
    )


def _fitting(
    training: Training, patches: list[Patch], rate: float
) -> Generator[Event, None, Outcome]:
    """Make a step, again with fewer patches at once where they do not fit into the memory."""
    while True:
        training.team.summon("step", rate)
        training.team.is_in_step = True
        try:
            outcome = step_once(training, patches, rate)
        except TooLarge as error:
            alarm = _made_smaller(training, str(error))
        else:
            training.team.is_in_step = False
            return outcome
        yield alarm


def _made_smaller(training: Training, why: str) -> Alarm:
    """Halve what is computed at once."""
    course, job, team = training.course, training.job, training.team
    size = course.micro_batch
    if size == 1 or team.size > 1:
        raise NoMemory(
            f"{size} patch{'es' if size > 1 else ''} of {job.patch_px} px did not fit into the "
            f"memory of {team.device}. Start a new run with "
            + ("a smaller --patch-px" if size == 1 else f"--batch {size // 2}")
            + f", or a smaller model, or close other programs. ({why})"
        )
    own = job.batch * job.accumulation
    course.micro_batch = max(n for n in range(1, size // 2 + 1) if own % n == 0)
    return Alarm(
        name="out_of_memory",
        text=f"{size} patches at once do not fit into the memory of {team.device}; going on with "
        f"{course.micro_batch} at once, {own // course.micro_batch} times for each step. It "
        "learns the same, more slowly.",
        cure="Nothing needs to be done. Close other programs, or make patches smaller, for more "
        "speed.",
        epoch=course.step // training.plan.steps_per_epoch + 1,
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
