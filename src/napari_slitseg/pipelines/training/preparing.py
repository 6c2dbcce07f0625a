"""From a job to a training that can begin."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from time import time

import torch

from napari_slitseg.core.checkpoint_file import CheckpointError
from napari_slitseg.core.image import ImageReadError
from napari_slitseg.core.inference_types import InferenceError
from napari_slitseg.core.points import PointsReadError
from napari_slitseg.core.training.state_file import StateError
from napari_slitseg.events import Attempt, Event
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.training.begin import begin, find_data, notices
from napari_slitseg.pipelines.training.examiner import Examiner
from napari_slitseg.pipelines.training.obeying import phase
from napari_slitseg.pipelines.training.saving import remove_parts
from napari_slitseg.pipelines.training.team import Team
from napari_slitseg.pipelines.training.under_way import Training

_REFUSALS = (
    JobError,
    CheckpointError,
    InferenceError,
    StateError,
    ImageReadError,
    PointsReadError,
)


class Refused(Exception):
    """The job cannot be done as asked; nothing was begun. The message is for the person."""


@contextmanager
def refusing() -> Generator[None]:
    """Turn what a job is refused with into `Refused`."""
    try:
        yield
    except _REFUSALS as error:
        raise Refused(str(error)) from error


def prepare(
    folder: RunFolder, job: FinetuneJob, team: Team, stack: ExitStack
) -> Generator[Event, None, tuple[Training, Examiner]]:
    """Find the images, load everything, and say what was chosen.

    Raises
    ------
    Refused
        If it cannot be trained with what is there.
    """
    yield phase("preparing")
    remove_parts(folder)
    with refusing():
        yield from find_data(folder, job, team)
        team.summon("prepare")
        training = begin(folder, job, team, stack)
        examiner = Examiner.of(training)
    yield Attempt(
        step=training.course.step,
        time=time(),
        total_steps=training.plan.total_steps,
        steps_per_epoch=training.plan.steps_per_epoch,
        device=_name_of(team.device),
        precision=team.precision,
        batch=training.course.micro_batch,
        accumulation=job.batch * job.accumulation // training.course.micro_batch,
    )
    yield from notices(training)
    yield phase("training")
    return training, examiner


def _name_of(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return str(device)
