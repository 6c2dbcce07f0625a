"""Compare two models, or two folders of predictions, on the same images."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from napari_slitseg.core.metrics.comparison import Comparison, compare_results
from napari_slitseg.core.metrics.paired import NotComparable
from napari_slitseg.core.metrics.result import EvaluationResult
from napari_slitseg.events import Event, Finished, Notice, Started
from napari_slitseg.jobs import CompareJob, EvaluateJob
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.evaluate import evaluate
from napari_slitseg.pipelines.evaluation import prepare_outputs, write_comparison
from napari_slitseg.pipelines.inputs import ShouldStop, never
from napari_slitseg.pipelines.outputs import OutputError

_OWN = ("models", "predictions", "out", "model")


def compare(
    job: CompareJob, should_stop: ShouldStop = never
) -> Generator[Event, None, Comparison | None]:
    """Evaluate two sides on the same images, then compare them image by image.

    Parameters
    ----------
    job : CompareJob
        What to do. Its tables are written at the end, not when cancelled.
    should_stop : callable
        Asked between images and between tiles.

    Yields
    ------
    Started, Progress, Notice, ImageDone, ImageSkipped, ImageFailed
        Each image comes twice; a notice says which side is at work.
    Finished
        Always the last; its counts are of both sides together.

    Returns
    -------
    Comparison or None
        None where the sides could not be compared.
    """
    try:
        prepare_outputs(job.out)
    except JobError as error:
        yield Finished(reason="refused", message=str(error))
        return None
    names, jobs = side_names(job), [_side(job, number) for number in range(2)]
    results, ends = [], list[Finished]()
    for number, side in enumerate(jobs):
        result, end = yield from _evaluated(side, names[number], number, should_stop)
        results.append(result)
        ends.append(end)
        if end.reason != "done":
            yield _together(ends, end.reason, end.message)
            return None
    return (yield from _compared(job, (results[0], results[1]), names, ends))


def side_names(job: CompareJob) -> tuple[str, str]:
    """Return what the two sides are called: their file names, or whole paths if those are equal."""
    given = [str(each) for each in (job.models or job.predictions)]
    short = [Path(each).name or each for each in given]
    first, second = short if short[0] != short[1] else given
    return (first, second) if first != second else (f"{first} (1)", f"{second} (2)")


def _side(job: CompareJob, number: int) -> EvaluateJob:
    shared = {key: value for key, value in job.model_dump().items() if key not in _OWN}
    if job.models:
        return EvaluateJob(**shared, model=job.models[number])
    return EvaluateJob(**shared, predictions=job.predictions[number])


def _evaluated(
    job: EvaluateJob, name: str, number: int, should_stop: ShouldStop
) -> Generator[Event, None, tuple[EvaluationResult, Finished]]:
    """Pass on the events of one side, and return its result and its last event instead."""
    events = evaluate(job, should_stop)
    end = Finished(reason="failed", message="It ended without saying how.")
    while True:
        try:
            event = next(events)
        except StopIteration as stop:
            return stop.value, end
        if isinstance(event, Finished):
            end = event
        elif isinstance(event, Started):
            if number == 0:
                yield Started(total=2 * event.total)
            yield Notice(text=f"{name} ({number + 1} of 2)")
        else:
            yield event


def _compared(
    job: CompareJob,
    results: tuple[EvaluationResult, EvaluationResult],
    names: tuple[str, str],
    ends: list[Finished],
) -> Generator[Event, None, Comparison | None]:
    try:
        comparison = compare_results(*results, names)
    except NotComparable as error:
        yield _together(ends, "failed", f"{error} Give only images that both sides have.")
        return None
    try:
        if job.out is not None:
            write_comparison(job.out, comparison)
    except OutputError as error:
        yield _together(ends, "failed", str(error))
        return comparison
    yield _together(ends, "done", "")
    return comparison


def _together(ends: list[Finished], reason: str, message: str) -> Finished:
    return Finished.model_validate(
        {
            "reason": reason,
            "message": message,
            "n_ok": sum(end.n_ok for end in ends),
            "n_failed": sum(end.n_failed for end in ends),
            "n_skipped": sum(end.n_skipped for end in ends),
        }
    )
