"""Find the slits: of one image for a window, of files for a folder of results."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from napari_slitseg.core.bundled import resolve_model
from napari_slitseg.core.checkpoint import read_checkpoint_info
from napari_slitseg.core.checkpoint_file import CheckpointError
from napari_slitseg.core.inference_types import Cancelled, InferenceError
from napari_slitseg.events import Event, Finished, ImageSkipped
from napari_slitseg.jobs import PredictJob
from napari_slitseg.pipelines.each import Arrivals, Tally, describe, work_on_arrivals
from napari_slitseg.pipelines.inputs import (
    ImageReader,
    JobError,
    ShouldStop,
    check_names_differ,
    find_images,
    never,
)
from napari_slitseg.pipelines.open_workplace import open_workplace, with_whole_paths
from napari_slitseg.pipelines.outputs import OutputError, prepare_folder
from napari_slitseg.pipelines.predict_file import Predicted, PredictFile
from napari_slitseg.pipelines.predict_one import open_predictor, predict_image
from napari_slitseg.pipelines.record import Record
from napari_slitseg.pipelines.workplace import Here, Workplace

__all__ = ["open_predictor", "predict_files", "predict_image"]


def predict_files(job: PredictJob, should_stop: ShouldStop = never) -> Generator[Event, None, None]:
    """Find the slits of image files and write them to a folder.

    For an image ``a.tif`` the folder gets ``a_slits.csv`` and ``a_maps.tif`` (`write_maps`), and
    for all of them ``predictions.json`` (`Record`). Images that are done already are skipped
    (`Record.why_skipped`). Files of an earlier run with the same names are replaced one by one,
    each as a whole; others stay, and so do results that a person has changed (`why_kept`), unless
    the job is not to skip what is done.

    Parameters
    ----------
    job : PredictJob
        What to do; with a `scheduler` the images are predicted on its workers, which write the
        results, in no particular order. The record is written here.
    should_stop : callable
        Asked between images and between tiles.

    Yields
    ------
    Started, Progress, Notice, ImageDone, ImageFailed, ImageSkipped
        Nothing at all before `Finished` if the job is refused. No `Progress` from a cluster.
    Finished
        Always the last.
    """
    try:
        run = _Run.begin(job, should_stop)
    except (JobError, CheckpointError, InferenceError) as error:
        yield Finished(reason="refused", message=str(error))
        return
    with closing(run.place):
        try:
            tally = yield from work_on_arrivals(len(run.images), run.arrivals(), run.predict)
            _save(run.record, tally)
        except BaseException:
            with suppress(OutputError, JobError):
                run.record.save()
            raise
    yield tally.finished()


@dataclass(frozen=True)
class _Run:
    """One execution of a `PredictJob`: everything checked and loaded."""

    images: tuple[Path, ...]
    skipped: Mapping[Path, str]
    place: Workplace[Predicted]
    record: Record

    @classmethod
    def begin(cls, job: PredictJob, should_stop: ShouldStop) -> _Run:
        job = with_whole_paths(job)
        images = find_images(job.images)
        check_names_differ(images)
        reader = ImageReader.of(job)
        info = read_checkpoint_info(resolve_model(job.model))
        prepare_folder(job.out)
        record = Record.open(job.out, job)
        record.set_model(info)
        skipped = _skipped(job, images, reader, record, should_stop)
        to_do = [path for path in images if path not in skipped]
        task = PredictFile(job, reader, {path: record.written(path) for path in to_do})
        place: Workplace[Predicted] = Here(task, None, should_stop)
        if to_do:
            place = open_workplace(job, task, to_do, should_stop)
        record.set_device(place.device)
        return cls(images, skipped, place, record)

    def arrivals(self) -> Arrivals:
        """Tell which images are skipped; the others as they come from the workplace."""
        for path in self.images:
            if path in self.skipped:
                yield ImageSkipped(name=path.name, path=path, reason=self.skipped[path])
        yield from self.place.arrivals(path for path in self.images if path not in self.skipped)

    def predict(self, path: Path) -> Generator[Event, None, None]:
        """Predict one file, write its results and enter them in the record."""
        try:
            predicted = yield from self.place.work(path)
            if predicted.entry is not None:
                self.record.add(predicted.entry)
        except Cancelled:
            raise
        except Exception as error:
            self.record.add_failure(path, describe(error))
            raise
        yield predicted.event


def _skipped(
    job: PredictJob,
    images: Iterable[Path],
    reader: ImageReader,
    record: Record,
    should_stop: ShouldStop,
) -> dict[Path, str]:
    """Images that are not predicted, and why; none more once it should stop."""
    if not job.skip_done:
        return {}
    asked = (path for path in images if not should_stop())
    reasons = {path: record.why_skipped(path, reader.given_size_nm(path)) for path in asked}
    return {path: reason for path, reason in reasons.items() if reason}


def _save(record: Record, tally: Tally) -> None:
    try:
        record.save()
    except (OutputError, JobError) as error:
        tally.reason, tally.message = "failed", str(error)
