"""Find the slits of one image file and write its results, on whichever machine."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from napari_slitseg.core.detection import detector_from_dict
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.events import Event, ImageDone
from napari_slitseg.jobs import PredictJob
from napari_slitseg.pipelines.fingerprints import fingerprint_of
from napari_slitseg.pipelines.inputs import ImageReader, JobError, ShouldStop, page_and_notices
from napari_slitseg.pipelines.maps_file import write_maps
from napari_slitseg.pipelines.outputs import write_slits
from napari_slitseg.pipelines.predict_one import predict_image
from napari_slitseg.pipelines.record import entry_of

if TYPE_CHECKING:
    from napari_slitseg.core.inference import Predictor


@dataclass(frozen=True)
class Predicted:
    """What came out of an image: that it is done, and its entry in the record."""

    done: ImageDone
    entry: dict[str, Any]


@dataclass(frozen=True)
class PredictFile:
    """Predict a file and write its results to the folder of a job; see `ImageTask`."""

    job: PredictJob
    reader: ImageReader

    def for_image(self, path: Path) -> PredictFile:
        """Return the task with what one image needs, small enough to be sent about."""
        return PredictFile(
            self.job.model_copy(update={"images": (path,)}), self.reader.for_image(path)
        )

    def __call__(
        self, path: Path, predictor: Predictor | None, should_stop: ShouldStop
    ) -> Generator[Event, None, Predicted]:
        """Do one file."""
        if predictor is None:
            raise JobError("There is no model.")
        start = perf_counter()
        image = self.reader.read(path)
        content = fingerprint_of(path)
        yield from page_and_notices(image, path)
        prediction = yield from predict_image(
            predictor,
            image,
            threshold=self.job.threshold,
            min_distance_nm=self.job.min_distance_nm,
            detector=detector_from_dict(self.job.detector),
            should_stop=should_stop,
        )
        outputs = self._write(path, image, prediction)
        seconds = perf_counter() - start
        entry = entry_of(path, image, prediction, outputs, self.job)
        done = ImageDone(
            name=path.name,
            path=path,
            n_slits=len(prediction.table),
            seconds=seconds,
            outputs=outputs,
        )
        return Predicted(done, {**entry, "seconds": round(seconds, 3), "content": content})

    def _write(self, path: Path, image: Micrograph, prediction: Prediction) -> tuple[Path, ...]:
        slits = self.job.out / f"{path.stem}_slits.csv"
        maps = self.job.out / f"{path.stem}_maps.tif"
        written = [slits]
        if self.job.maps != "none":
            write_maps(maps, prediction, pixel_size_nm=image.pixel_size_nm, dtype=self.job.maps)
            written.append(maps)
        write_slits(slits, prediction.table)
        return tuple(written)
