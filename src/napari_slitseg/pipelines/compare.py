"""Compare two models, or two folders of predictions, on the same images."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from napari_slitseg.core.metrics.comparison import Comparison, compare_results
from napari_slitseg.core.metrics.paired import NotComparable
from napari_slitseg.core.metrics.result import EvaluationResult
from napari_slitseg.events import Event, Finished, Notice, Reason, Started
from napari_slitseg.jobs import CompareJob, EvaluateJob
from napari_slitseg.pipelines.each import Tally
from napari_slitseg.pipelines.evaluate import REFUSALS, score_images
from napari_slitseg.pipelines.evaluate_run import EvaluateRun
from napari_slitseg.pipelines.evaluation import (
    comparison_files,
    prepare_outputs,
    write_comparison,
)
from napari_slitseg.pipelines.inputs import ShouldStop, never
from napari_slitseg.pipelines.outputs import OutputError

_OWN = ("models", "predictions", "out")


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
        prepare_outputs([] if job.out is None else comparison_files(job.out))
        runs = [EvaluateRun.begin(side, should_stop) for side in _sides(job)]
    except REFUSALS as error:
        yield Finished(reason="refused", message=str(error))
        return None
    yield Started(total=sum(len(run.images) for run in runs))
    names, tallies = side_names(job), list[Tally]()
    for number, (run, name) in enumerate(zip(runs, names, strict=True), start=1):
        yield Notice(text=f"{name} ({number} of 2)")
        tallies.append((yield from _evaluated(run)))
        if tallies[-1].reason != "done":
            yield _together(tallies, tallies[-1].reason, tallies[-1].message)
            return None
    return (yield from _compared(job, (runs[0].result(), runs[1].result()), names, tallies))


def side_names(job: CompareJob) -> tuple[str, str]:
    """Return what the two sides are called: their file names, or whole paths if those are equal."""
    given = [str(each) for each in (job.models or job.predictions)]
    short = [Path(each).name or each for each in given]
    first, second = short if short[0] != short[1] else given
    return (first, second) if first != second else (f"{first} (1)", f"{second} (2)")


def _sides(job: CompareJob) -> list[EvaluateJob]:
    shared = {key: value for key, value in job.model_dump().items() if key not in _OWN}
    return [EvaluateJob(**shared, model=model) for model in job.models] + [
        EvaluateJob(**shared, predictions=folder) for folder in job.predictions
    ]


def _evaluated(run: EvaluateRun) -> Generator[Event, None, Tally]:
    """Score the images of one side; that it begins is told elsewhere."""
    events = score_images(run)
    while True:
        try:
            event = next(events)
        except StopIteration as stop:
            tally: Tally = stop.value
            return tally
        if not isinstance(event, Started):
            yield event


def _compared(
    job: CompareJob,
    results: tuple[EvaluationResult, EvaluationResult],
    names: tuple[str, str],
    tallies: list[Tally],
) -> Generator[Event, None, Comparison | None]:
    try:
        comparison = compare_results(*results, names)
    except NotComparable as error:
        yield _together(tallies, "failed", f"{error} Give only images that both sides have.")
        return None
    try:
        if job.out is not None:
            write_comparison(job.out, comparison)
    except OutputError as error:
        yield _together(tallies, "failed", str(error))
        return comparison
    yield _together(tallies, "done", "")
    return comparison


def _together(tallies: list[Tally], reason: Reason, message: str) -> Finished:
    return Finished(
        reason=reason,
        message=message,
        n_ok=sum(tally.n_ok for tally in tallies),
        n_failed=sum(tally.n_failed for tally in tallies),
        n_skipped=sum(tally.n_skipped for tally in tallies),
    )
