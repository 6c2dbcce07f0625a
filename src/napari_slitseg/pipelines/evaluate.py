"""Compare predicted with annotated slits, image by image and pooled."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from contextlib import closing
from typing import Final

from napari_slitseg.core.checkpoint_file import CheckpointError
from napari_slitseg.core.inference_types import InferenceError
from napari_slitseg.core.metrics.result import EvaluationResult
from napari_slitseg.events import Event, Finished, ImageFailed, ImageSkipped
from napari_slitseg.jobs import EvaluateJob
from napari_slitseg.pipelines.each import Tally, work_on_arrivals
from napari_slitseg.pipelines.evaluate_run import EvaluateRun
from napari_slitseg.pipelines.evaluation import (
    write_curve,
    write_result,
)
from napari_slitseg.pipelines.inputs import (
    JobError,
    ShouldStop,
    never,
)
from napari_slitseg.pipelines.outputs import OutputError
from napari_slitseg.pipelines.score_book import write_score_book

REFUSALS: Final = (JobError, CheckpointError, InferenceError)
"""Why an evaluation is not begun."""


def evaluate(
    job: EvaluateJob, should_stop: ShouldStop = never
) -> Generator[Event, None, EvaluationResult]:
    """Score predictions against annotations.

    Images and annotations are paired by name (`find_annotation`); images without an annotation are
    skipped. Points that a person has rejected, or only a model proposed, are no annotation.
    Uncertain annotations are neither to be found nor missed (`score_image`). Where a mask of the
    membrane lies beside an image (`find_membrane`), the membrane map is scored too.

    Parameters
    ----------
    job : EvaluateJob
        What to do; with a `scheduler` the images are scored on its workers. Its tables are written
        at the end, not when cancelled.
    should_stop : callable
        Asked between images and between tiles.

    Yields
    ------
    Started, Progress, Notice, ImageDone, ImageSkipped, ImageFailed
        Nothing at all before `Finished` if the job is refused.
    Finished
        Always the last.

    Returns
    -------
    EvaluationResult
        Of the images that were scored.
    """
    try:
        run = EvaluateRun.begin(job, should_stop)
    except REFUSALS as error:
        yield Finished(reason="refused", message=str(error))
        return EvaluationResult()
    with closing(run.place):
        tally = yield from score_images(run)
    result = run.result()
    if tally.reason == "done":
        yield from run.last_notices()
        _write(result, run, tally)
    yield tally.finished()
    return result


def score_images(run: EvaluateRun) -> Generator[Event, None, Tally]:
    """Score all images of a run; events but the last one, and how it went."""
    work = work_on_arrivals(len(run.images), run.place.arrivals(run.images), run.evaluate)
    tally = yield from _noting(work, run)
    if tally.reason == "cancelled":
        tally.message = "no table was written"
    elif not run.rows:
        tally.reason, tally.message = "failed", "No image could be scored; no table was written."
        if not tally.n_failed:
            tally.message += " None has an annotation: give their folder with --annotations."
    return tally


def _noting(work: Generator[Event, None, Tally], run: EvaluateRun) -> Generator[Event, None, Tally]:
    """Pass events on and note which images were skipped or failed."""
    while True:
        try:
            event = next(work)
        except StopIteration as stop:
            tally: Tally = stop.value
            return tally
        if isinstance(event, ImageSkipped):
            run.skipped[event.name] = event.reason
        if isinstance(event, ImageFailed):
            run.failed[event.name] = event.reason
        yield event


def _write(result: EvaluationResult, run: EvaluateRun, tally: Tally) -> None:
    job = run.job
    try:
        if job.out is not None:
            write_result(job.out, result)
        if job.curve is not None:
            write_curve(job.curve, result)
        if job.xlsx is not None:
            deque(write_score_book(job.xlsx, run.book(result)), maxlen=0)
    except OutputError as error:
        tally.reason, tally.message = "failed", str(error)
