"""Writing the state of a training and its best model."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import Any, Final

from napari_slitseg.core.checkpoint import CheckpointError, save_checkpoint
from napari_slitseg.core.models.base import SegmentationModel
from napari_slitseg.core.training.state_file import write_state
from napari_slitseg.events import Figures
from napari_slitseg.pipelines.outputs import writing
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.training.under_way import Training

SAVE_EVERY_SECONDS: Final = 300.0


class NotFinite(Exception):
    """Weights, or steps one after the other, are not finite numbers."""


def save(training: Training) -> None:
    """Write everything that is needed to go on, whole or not at all.

    Raises
    ------
    NotFinite
        If a weight is not a finite number: the file that is there is better.
    OutputError
        If it cannot be written.
    """
    if not training.learner.is_finite():
        raise NotFinite
    numbers = {
        **training.learner.numbers(),
        "course": training.course.to_dict(),
        "job": json.loads(training.job.model_dump_json()),
        "info": training.plan.info.to_dict(),
    }
    with writing(training.folder.last):
        write_state(training.folder.last, training.learner.tensors(), numbers)
    training.saved_at, training.saved_step = monotonic(), training.course.step


def save_if_due(training: Training, every_steps: int | None) -> None:
    """Write the state every few minutes, or after some steps where that is asked for."""
    if every_steps is None:
        is_due = monotonic() - training.saved_at > SAVE_EVERY_SECONDS
    else:
        is_due = training.course.step - training.saved_step >= every_steps
    if is_due:
        save(training)


def save_best(
    training: Training, model: SegmentationModel, scores: Figures, threshold: float
) -> None:
    """Write a model as the best one so far.

    Raises
    ------
    NotFinite
        If its weights are not finite numbers.
    OutputError
        If it cannot be written.
    """
    info = replace(
        training.plan.info,
        name=training.job.name or training.folder.name,
        threshold=threshold,
        card=_card(training, scores),
        job=json.loads(training.job.model_dump_json()),
        sha256="",
    )
    with writing(training.folder.best):
        try:
            save_checkpoint(training.folder.best, model, info)
        except CheckpointError as error:
            if isinstance(error.__cause__, OSError):
                raise error.__cause__ from error
            raise NotFinite from error


def remove_parts(folder: RunFolder) -> None:
    """Remove what a process left that was killed while it wrote."""
    for part in folder.checkpoints.glob(".slitseg-*.part"):
        with suppress(OSError):
            part.unlink()


def _card(training: Training, scores: Figures) -> dict[str, Any]:
    start, data = training.plan.info, training.data
    epoch = training.course.step // training.plan.steps_per_epoch
    return {
        "about": f"{start.name} trained further on {len(data.train)} images, as after epoch "
        f"{epoch} of {training.job.epochs}.",
        "scores": {"on": "validation images", **scores},
        "start": {"name": start.name, "sha256": start.sha256},
        "data": {
            part: {
                "images": len(members),
                "slits": sum(member.n_slits for member in members),
            }
            for part, members in (
                ("train", data.train),
                ("validation", data.validation),
                ("test", data.test),
            )
        },
    }
