"""What happens when an epoch is full: validate, keep the best, look out for erasure."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from time import monotonic, perf_counter

import psutil
import torch

from napari_slitseg.core import inference_types
from napari_slitseg.core.inference_types import InferenceError
from napari_slitseg.core.schedules import after_epoch
from napari_slitseg.events import EpochDone, Event, Notice
from napari_slitseg.pipelines.training import keeping
from napari_slitseg.pipelines.training.examiner import Examiner
from napari_slitseg.pipelines.training.obeying import obey, phase
from napari_slitseg.pipelines.training.previews import write_previews
from napari_slitseg.pipelines.training.saving import NotFinite, save_best
from napari_slitseg.pipelines.training.under_way import Training
from napari_slitseg.pipelines.training.validation import Judgement, plain


def validate(training: Training, examiner: Examiner) -> Generator[Event, None, None]:
    """Validate the weights as they are; epoch 0 is the model the training starts from.

    Raises
    ------
    Stopped, Cancelled
        If the person says so; the epoch then still waits to be validated.
    NotFinite
        If weights or logits are not finite numbers.
    """
    begun, course, epoch = perf_counter(), training.course, training.epoch
    if not training.learner.is_finite():
        raise NotFinite
    yield phase("validating")
    examiner.take_weights()
    losses, noted = examiner.losses()
    loss = examiner.comparable(losses["total"])
    judgement = yield from _judged(training, examiner, with_maps=_shows(training, epoch))
    merit = keeping.merit(judgement.scores, loss, training.job.keep_best_by)
    is_best = keeping.is_best(course, merit)
    if is_best:
        save_best(training, examiner.model, judgement.scores, judgement.threshold)
        course.best_merit, course.best_epoch = merit, epoch
        course.best_threshold = judgement.threshold
    yield from write_previews(training.folder, epoch, judgement.shown, judgement.threshold)
    alarm = keeping.erasure_alarm(course, judgement.scores, epoch)
    _advance_plateau(training, loss, epoch)
    course.validated = epoch
    yield EpochDone(
        epoch=epoch,
        step=course.step,
        total_epochs=training.job.epochs,
        train=plain(course.take_means()),
        validation=plain(losses),
        scores=judgement.scores,
        threshold=judgement.threshold,
        tracked=plain(noted),
        is_best=is_best,
        seconds=monotonic() - training.epoch_began_at,
        validation_seconds=perf_counter() - begun,
        memory_mb=_memory_mb(training.team.device),
    )
    if alarm:
        yield alarm
    yield from _outlook(training)
    training.epoch_began_at = monotonic()


def _judged(
    training: Training, examiner: Examiner, *, with_maps: bool
) -> Generator[Event, None, Judgement]:
    pause = partial(obey, training, "validating")
    try:
        return (yield from examiner.judge(pause, with_maps=with_maps))
    except InferenceError as error:
        if isinstance(error.__cause__, inference_types.NotFinite):
            raise NotFinite from error
        raise


def _shows(training: Training, epoch: int) -> bool:
    every = training.job.preview_every
    is_last = epoch == training.job.epochs
    return bool(every) and (epoch % every == 0 or is_last)


def _advance_plateau(training: Training, loss: float, epoch: int) -> None:
    if epoch:
        course = training.course
        state = after_epoch(training.plan.schedule, course.plateau_state, loss)
        course.plateau = None if state is None else state.to_dict()


def _outlook(training: Training) -> Generator[Event, None, None]:
    if training.has_stalled:
        yield Notice(
            text=f"No better model in {training.job.patience} epochs, so the training ends here."
        )
    elif not training.is_over:
        yield phase("training")


def _memory_mb(device: torch.device) -> float:
    """Memory of the process, or most memory of the device so far, MB."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    return psutil.Process().memory_info().rss / 1e6
