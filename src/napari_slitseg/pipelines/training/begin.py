"""The beginning of a training, or its going on: images, model, and how far it is."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

from napari_slitseg.core.checkpoint import CheckpointInfo, load_checkpoint
from napari_slitseg.core.models import PointSpec, build_model
from napari_slitseg.core.models.base import SegmentationModel
from napari_slitseg.core.training.examples import Example, make_example
from napari_slitseg.core.training.patches import Patch, draw_patch
from napari_slitseg.core.training.prefetch import prefetched
from napari_slitseg.core.training.state_file import read_state
from napari_slitseg.core.training.store import keep_examples
from napari_slitseg.events import Event, Notice
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.dataset import (
    DataSet,
    Member,
    check_unchanged,
    collect,
    load_member,
    read_record,
    trains,
    write_record,
)
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.training.course import Course, Plan
from napari_slitseg.pipelines.training.fixed_patches import fixed_patches
from napari_slitseg.pipelines.training.learner import Learner
from napari_slitseg.pipelines.training.reached import freeze_unreached, reached_heads
from napari_slitseg.pipelines.training.team import Team
from napari_slitseg.pipelines.training.under_way import Training
from napari_slitseg.pipelines.verdict import start_model

MAY_CHANGE: Final = frozenset({"device", "threads", "preview_every", "track_losses"})
"""Fields of a job that may differ when a run is taken up again."""

_FEWEST_STEPS: Final = 10
_MOST_STEPS: Final = 200
_MOST_LOADERS: Final = 8


def find_data(folder: RunFolder, job: FinetuneJob, team: Team) -> Generator[Event, None, None]:
    """Choose the images of a run, or see that they are still those it was begun with.

    Raises
    ------
    JobError
        If it cannot be trained with them.
    Cancelled
        If the person says so.
    """
    if folder.last.is_file():
        check_unchanged(read_record(folder))
        return
    data = yield from collect(job, lambda: team.ask() == "cancel")
    _check_can_choose(job, data)
    write_record(folder, data)


def begin(folder: RunFolder, job: FinetuneJob, team: Team, stack: ExitStack) -> Training:
    """Load everything; what is opened is closed with the stack.

    Raises
    ------
    JobError, CheckpointError, InferenceError, StateError
        If it cannot be trained with what is there.
    """
    data = read_record(folder)
    earlier = read_state(folder.last) if folder.last.is_file() else None
    if earlier:
        _check_same_job(job, earlier[1]["job"])
    model, info = _model(job, earlier and earlier[1]["info"])
    examples = stack.enter_context(keep_examples(_examples(data.train, job, info, model)))
    plan = _plan(job, info, examples)
    [patch] = fixed_patches(examples, plan, job.the_augmentation(), 1)
    reached = reached_heads(plan, patch)
    freeze_unreached(model, reached.ever)
    learner = Learner(model, job, team, touch_all=reached.always < reached.ever)
    course = Course(micro_batch=job.batch)
    if earlier:
        learner.load(*earlier)
        course = Course.from_dict(earlier[1]["course"])
    patches = _patches(plan, examples, course.step, team)
    stack.callback(patches.close)
    return Training(
        folder, team, data, plan, course, learner, patches, examples, saved_step=course.step
    )


def notices(training: Training) -> Generator[Event, None, None]:
    """Say what was chosen for the person."""
    plan, job = training.plan, training.job
    if not plan.has_membranes and trains(job, "membrane"):
        yield Notice(
            text="No image that trains has its membrane drawn, so only the slits are learned; the "
            "membrane's part of the network goes along."
        )
    if not trains(job, "slit") and job.keep_best_by != "loss":
        yield Notice(
            text="Only the membrane is learned, while what is found of the slits chooses the best "
            "epoch. Give --keep-best-by loss to choose by the membrane."
        )
    if job.steps_per_epoch is None:
        yield Notice(
            text=f"An epoch has {plan.steps_per_epoch} steps of {job.global_batch} patches, "
            f"{plan.total_steps} in all."
        )
    outside = sum(each.n_outside for each in training.examples)
    if outside:
        yield Notice(
            text=f"{outside} annotated slits lie where the model does not look; nothing is "
            "learned from them."
        )


def _check_can_choose(job: FinetuneJob, data: DataSet) -> None:
    if job.keep_best_by != "loss" and not any(each.n_slits for each in data.validation):
        raise JobError(
            f"No slit is annotated in the images that choose the best model: "
            f"{', '.join(each.name for each in data.validation[:3])}"
            f"{' ...' if len(data.validation) > 3 else ''}. Name others with --validation-images, "
            "draw others with another --seed, or give --keep-best-by loss."
        )


def _model(
    job: FinetuneJob, known: dict[str, Any] | None
) -> tuple[SegmentationModel, CheckpointInfo]:
    """Return the model a run starts from, or one of that kind to put an earlier state into."""
    if known is not None:
        info = CheckpointInfo.from_dict(known)
        return build_model(info.spec), info
    model, info = load_checkpoint(start_model(job.start))
    if isinstance(info.spec, PointSpec):
        raise JobError(
            f"{info.name} is a model of the kind 'points', which learns from sets of points "
            "instead of maps and cannot be trained here. Start from another model."
        )
    return model, info


def _examples(
    members: tuple[Member, ...],
    job: FinetuneJob,
    info: CheckpointInfo,
    model: SegmentationModel,
) -> Iterator[Example]:
    for member in members:
        loaded = load_member(member, job)
        yield make_example(*loaded, info, model.size_multiple)


def examples_of(training: Training, members: tuple[Member, ...]) -> Iterator[Example]:
    """Yield images of the run as the network sees them."""
    return _examples(members, training.job, training.plan.info, training.learner.model)


def _plan(job: FinetuneJob, info: CheckpointInfo, examples: tuple[Example, ...]) -> Plan:
    in_full = sum(math.prod(each.shape) / job.patch_px**2 for each in examples)
    chosen = min(max(math.ceil(in_full / job.global_batch), _FEWEST_STEPS), _MOST_STEPS)
    plan = Plan(
        job=job,
        info=info,
        steps_per_epoch=job.steps_per_epoch or chosen,
        has_membranes=any(each.membrane is not None for each in examples),
        curriculum=job.the_curriculum(),
        schedule=job.the_schedule(),
    )
    try:
        plan.objective(0)
    except ValueError as error:
        raise JobError(f"The curriculum does not fit {job.epochs} epochs: {error}.") from error
    return plan


def _patches(
    plan: Plan, examples: tuple[Example, ...], step: int, team: Team
) -> Generator[Patch, None, None]:
    """Yield the patches of this process from a step to the end, drawn ahead in threads."""
    job = plan.job
    draw = partial(
        draw_patch,
        examples,
        job.the_augmentation(),
        patch_px=job.patch_px,
        uncertain_radius_px=plan.uncertain_radius_px,
        seed=job.seed,
    )
    numbers = (
        plan.numbers(each, team.fabric.global_rank) for each in range(step, plan.total_steps)
    )
    calls = (
        partial(draw, epoch=epoch, index=index) for epoch, indices in numbers for index in indices
    )
    ahead = 2 * job.batch * job.accumulation
    yield from prefetched(calls, threads=min(_n_loaders(), ahead), ahead=ahead)


def _n_loaders() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(max(1, (cores or 1) // 2), _MOST_LOADERS)


def _check_same_job(job: FinetuneJob, before: dict[str, Any]) -> None:
    now = json.loads(job.model_dump_json())
    changed = sorted(
        name for name in {*now, *before} - MAY_CHANGE if now.get(name) != before.get(name)
    )
    if changed:
        raise JobError(
            f"The job was changed since this run was begun: {', '.join(changed)}. Put back what "
            "was there, or start a new run, which may start from this one's best model."
        )
