"""Find the slits: of one image for a window, of files for a folder of results."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from napari_slitseg.core.checkpoint_file import CheckpointError
from napari_slitseg.core.detection import detector_from_dict
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.inference_types import Cancelled, InferenceError
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.events import Event, Finished, ImageDone
from napari_slitseg.jobs import PredictJob
from napari_slitseg.pipelines.each import Tally, describe, work_on_each
from napari_slitseg.pipelines.inputs import (
    ImageReader,
    JobError,
    ShouldStop,
    check_names_differ,
    find_images,
    never,
    page_and_notices,
)
from napari_slitseg.pipelines.maps_file import write_maps
from napari_slitseg.pipelines.outputs import OutputError, prepare_folder, write_slits
from napari_slitseg.pipelines.predict_one import open_predictor, predict_image
from napari_slitseg.pipelines.record import Record

if TYPE_CHECKING:
    from napari_slitseg.core.inference import Predictor

__all__ = ["open_predictor", "predict_files", "predict_image"]


def predict_files(job: PredictJob, should_stop: ShouldStop = never) -> Generator[Event, None, None]:
    """Find the slits of image files and write them to a folder.

    For an image ``a.tif`` the folder gets ``a_slits.csv`` and ``a_maps.tif`` (`write_maps`), and
    for all of them ``predictions.json`` (`Record`). Files of an earlier run with the same names
    are replaced one by one, each as a whole; others stay.

    Parameters
    ----------
    job : PredictJob
        What to do.
    should_stop : callable
        Asked between images and between tiles.

    Yields
    ------
    Started, Progress, Notice, ImageDone, ImageFailed
        Nothing at all before `Finished` if the job is refused.
    Finished
        Always the last.
    """
    try:
        run = _Run.begin(job, should_stop)
    except (JobError, CheckpointError, InferenceError) as error:
        yield Finished(reason="refused", message=str(error))
        return
    try:
        tally = yield from work_on_each(run.images, run.predict, should_stop)
        _save(run.record, tally)
    except BaseException:
        with suppress(OutputError, JobError):
            run.record.save()
        raise
    yield tally.finished()


@dataclass(frozen=True)
class _Run:
    """One execution of a `PredictJob`: everything checked and loaded."""

    job: PredictJob
    images: tuple[Path, ...]
    reader: ImageReader
    predictor: Predictor
    record: Record
    should_stop: ShouldStop

    @classmethod
    def begin(cls, job: PredictJob, should_stop: ShouldStop) -> _Run:
        images = find_images(job.images)
        check_names_differ(images)
        reader = ImageReader.of(job)
        prepare_folder(job.out)
        record = Record.open(job.out, job)
        predictor = open_predictor(job.model, job.device, job.precision)
        record.set_model(predictor.info, str(predictor.device))
        return cls(job, images, reader, predictor, record, should_stop)

    def predict(self, path: Path) -> Generator[Event, None, None]:
        """Predict one file and write its results."""
        try:
            yield from self._predict(path)
        except Cancelled:
            raise
        except Exception as error:
            self.record.add_failure(path, describe(error))
            raise

    def _predict(self, path: Path) -> Generator[Event, None, None]:
        start = perf_counter()
        image = self.reader.read(path)
        yield from page_and_notices(image, path)
        prediction = yield from predict_image(
            self.predictor,
            image,
            threshold=self.job.threshold,
            min_distance_nm=self.job.min_distance_nm,
            detector=detector_from_dict(self.job.detector),
            should_stop=self.should_stop,
        )
        outputs = self._write(path, image, prediction)
        seconds = perf_counter() - start
        self.record.add(path, image, prediction, outputs, seconds)
        yield ImageDone(
            name=path.name,
            path=path,
            n_slits=len(prediction.table),
            seconds=seconds,
            outputs=outputs,
        )

    def _write(self, path: Path, image: Micrograph, prediction: Prediction) -> tuple[Path, ...]:
        slits = self.job.out / f"{path.stem}_slits.csv"
        maps = self.job.out / f"{path.stem}_maps.tif"
        written = [slits]
        if self.job.maps != "none":
            write_maps(maps, prediction, pixel_size_nm=image.pixel_size_nm, dtype=self.job.maps)
            written.append(maps)
        write_slits(slits, prediction.table)
        return tuple(written)


def _save(record: Record, tally: Tally) -> None:
    try:
        record.save()
    except (OutputError, JobError) as error:
        tally.reason, tally.message = "failed", str(error)
