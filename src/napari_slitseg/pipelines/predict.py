"""Find the slits: of one image for a window, of files for a folder of results."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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

_DONE: Final = "It is done already; --no-skip-done predicts it again."


def predict_files(job: PredictJob, should_stop: ShouldStop = never) -> Generator[Event, None, None]:
    """Find the slits of image files and write them to a folder.

    For an image ``a.tif`` the folder gets ``a_slits.csv`` and ``a_maps.tif`` (`write_maps`), and
    for all of them ``predictions.json`` (`Record`). Images that are done already are skipped
    (`Record.is_done`). Files of an earlier run with the same names are replaced one by one, each
    as a whole; others stay.

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
    done: frozenset[Path]
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
        done = _done(job, images, reader, record, should_stop)
        task, to_do = PredictFile(job, reader), [path for path in images if path not in done]
        place: Workplace[Predicted] = Here(task, None, should_stop)
        if to_do:
            place = open_workplace(job, task, to_do, should_stop)
        record.set_device(place.device)
        return cls(images, done, place, record)

    def arrivals(self) -> Arrivals:
        """Tell which images are done; the others as they come from the workplace."""
        for path in self.images:
            if path in self.done:
                yield ImageSkipped(name=path.name, path=path, reason=_DONE)
        yield from self.place.arrivals(path for path in self.images if path not in self.done)

    def predict(self, path: Path) -> Generator[Event, None, None]:
        """Predict one file, write its results and enter them in the record."""
        try:
            predicted = yield from self.place.work(path)
            self.record.add(predicted.entry)
        except Cancelled:
            raise
        except Exception as error:
            self.record.add_failure(path, describe(error))
            raise
        yield predicted.done


def _done(
    job: PredictJob,
    images: Iterable[Path],
    reader: ImageReader,
    record: Record,
    should_stop: ShouldStop,
) -> frozenset[Path]:
    """Images whose results are there; none more once it should stop."""
    if not job.skip_done:
        return frozenset()
    return frozenset(
        path
        for path in images
        if not should_stop() and record.is_done(path, reader.given_size_nm(path))
    )


def _save(record: Record, tally: Tally) -> None:
    try:
        record.save()
    except (OutputError, JobError) as error:
        tally.reason, tally.message = "failed", str(error)
