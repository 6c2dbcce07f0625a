"""Measure slit density and foot process width of the images of a folder."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import Final

from napari_slitseg.core.checkpoint_file import CheckpointError
from napari_slitseg.core.inference_types import InferenceError
from napari_slitseg.core.morphometry.samples_table import SamplesError
from napari_slitseg.events import Event, Finished, ImageDone, ImageFailed, ImageSkipped, Notice
from napari_slitseg.jobs.measure import MeasureJob
from napari_slitseg.pipelines.each import Tally, work_on_each
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.inputs import ShouldStop, never
from napari_slitseg.pipelines.measure_inputs import MeasureInputs
from napari_slitseg.pipelines.measure_items import Item
from napari_slitseg.pipelines.measure_one import measured
from napari_slitseg.pipelines.measure_reports import Reports
from napari_slitseg.pipelines.measure_result import MeasuredImage, MeasureFailure, MeasureResult
from napari_slitseg.pipelines.measure_said import NothingSaid
from napari_slitseg.pipelines.measure_whole import whole_result
from napari_slitseg.pipelines.outputs import OutputError
from napari_slitseg.store import StoreError

REFUSALS: Final = (JobError, SamplesError, StoreError, CheckpointError, InferenceError)
"""Why a measuring is not begun."""


def measure(
    job: MeasureJob, should_stop: ShouldStop = never
) -> Generator[Event, None, MeasureResult]:
    """Measure the images of a folder, and write reports.

    Slits, membrane, scale and sample of an image come from the folder's project, from files beside
    the image, and from a model: see `slits_to_measure`, `membrane_to_measure`, `Scales` and
    `samples_for`. The project is only read.

    Parameters
    ----------
    job : MeasureJob
        What to do. Its reports are written at the end, not when cancelled; a file there that is
        none of this program's reports refuses the job.
    should_stop : callable
        Asked between images, and between tiles where a model runs.

    Yields
    ------
    Started, Progress, Notice, ImageDone, ImageSkipped, ImageFailed
        Nothing at all before `Finished` if the job is refused.
    Finished
        Always the last.

    Returns
    -------
    MeasureResult
        Of the images that were measured; skipped and failed ones are its failures.
    """
    with ExitStack() as stack:
        try:
            reports = Reports.of(job.out)
            run = _Run(MeasureInputs.open(job, stack, should_stop))
        except REFUSALS as error:
            yield Finished(reason="refused", message=str(error))
            return MeasureResult(folder=job.project, images=())
        tally = yield from run.measure_all(should_stop)
        result = whole_result(run.inputs, run.images, run.failures)
        for text in result.notices:
            yield Notice(text=text)
        if tally.reason == "done":
            yield from _write(reports, result, tally, should_stop)
        yield tally.finished()
        return result


@dataclass
class _Run:
    """A measuring at work: what came out so far."""

    inputs: MeasureInputs
    images: list[MeasuredImage] = field(default_factory=list)
    failures: list[MeasureFailure] = field(default_factory=list)

    @cached_property
    def items(self) -> dict[Path, Item]:
        """The images by their names."""
        return {Path(item.name): item for item in self.inputs.items}

    def measure_all(self, should_stop: ShouldStop) -> Generator[Event, None, Tally]:
        """Measure every image; one that fails is noted, and the next one begun."""
        work = work_on_each(tuple(self.items), self._measure, should_stop)
        tally = yield from self._noting(work)
        if tally.reason == "cancelled":
            tally.message = "no report was written"
        elif not self.images:
            tally.reason = "failed"
            tally.message = "No image could be measured; no report was written."
        return tally

    def _measure(self, name: Path) -> Generator[Event, None, None]:
        start, item = perf_counter(), self.items[name]
        try:
            gathered = yield from self.inputs.gather(item)
        except NothingSaid as reason:
            yield ImageSkipped(name=item.name, path=item.path, reason=str(reason))
            return
        except StoreError as error:
            raise JobError(str(error)) from error
        sample = self.inputs.samples.samples[item.name]
        image = measured(gathered, sample, self.inputs.job)
        for text in image.measures.notices:
            yield Notice(text=text, item=item.name)
        self.images.append(image)
        yield ImageDone(
            name=item.name,
            path=item.path,
            n_slits=int(image.measures.slits.is_on_line.sum()),
            seconds=perf_counter() - start,
        )

    def _noting(self, work: Generator[Event, None, Tally]) -> Generator[Event, None, Tally]:
        """Pass events on under the names of images; keep why some were not measured."""
        while True:
            try:
                event = next(work)
            except StopIteration as stop:
                tally: Tally = stop.value
                return tally
            if isinstance(event, ImageFailed | ImageSkipped):
                item = self.items[_key(event)]
                event = event.model_copy(update={"name": item.name, "path": item.path})
                self.failures.append(MeasureFailure(item.name, item.path, event.reason))
            yield event


def _key(event: ImageFailed | ImageSkipped) -> Path:
    """Return the name under which an image was worked on; a failure tells it as its path."""
    return event.path if isinstance(event, ImageFailed) else Path(event.name)


def _write(
    reports: Reports, result: MeasureResult, tally: Tally, should_stop: ShouldStop
) -> Generator[Event, None, None]:
    """Write the reports; one that cannot be written fails the whole, and none of the others."""
    for report in reports.files:
        if should_stop():
            tally.reason = "cancelled"
            tally.message = f"{report.path.name} and what follows it were not written"
            return
        try:
            yield from report.write(result)
        except OutputError as error:
            tally.reason, tally.message = "failed", str(error)
