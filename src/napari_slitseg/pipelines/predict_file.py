"""Find the slits of one image file and write its results, on whichever machine."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from napari_slitseg.core.detection import detector_from_dict
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.events import Event, ImageDone, ImageSkipped
from napari_slitseg.jobs import PredictJob
from napari_slitseg.pipelines.fingerprints import fingerprint_of
from napari_slitseg.pipelines.inputs import ImageReader, JobError, ShouldStop, page_and_notices
from napari_slitseg.pipelines.kept import Written, why_kept
from napari_slitseg.pipelines.maps_file import write_maps
from napari_slitseg.pipelines.outputs import write_slits
from napari_slitseg.pipelines.predict_one import predict_image
from napari_slitseg.pipelines.record import entry_of

if TYPE_CHECKING:
    from napari_slitseg.core.inference import Predictor


@dataclass(frozen=True)
class Predicted:
    """What came out of an image: how it went, and its entry in the record if it is done."""

    event: ImageDone | ImageSkipped
    entry: dict[str, Any] | None = None


@dataclass(frozen=True)
class PredictFile:
    """Predict a file and write its results to the folder of a job; see `ImageTask`.

    Attributes
    ----------
    job : PredictJob
    reader : ImageReader
    written : mapping
        What is known of results from earlier runs, by path of the image. Others that are there
        are not replaced, unless the job asks to predict again what is done.
    """

    job: PredictJob
    reader: ImageReader
    written: Mapping[Path, Written] = field(default_factory=dict)

    def for_image(self, path: Path) -> PredictFile:
        """Return the task with what one image needs, small enough to be sent about."""
        return PredictFile(
            self.job.model_copy(update={"images": (path,)}),
            self.reader.for_image(path),
            {path: self.written[path]} if path in self.written else {},
        )

    def __call__(
        self, path: Path, predictor: Predictor | None, should_stop: ShouldStop
    ) -> Generator[Event, None, Predicted]:
        """Do one file."""
        if predictor is None:
            raise JobError("There is no model.")
        start = perf_counter()
        content = fingerprint_of(path) if path.is_file() else {}
        image = self.reader.read(path)
        yield from page_and_notices(image, path)
        prediction = yield from predict_image(
            predictor,
            image,
            threshold=self.job.threshold,
            min_distance_nm=self.job.min_distance_nm,
            detector=detector_from_dict(self.job.detector),
            should_stop=should_stop,
        )
        outputs = self._outputs(path)
        kept = self.job.skip_done and why_kept(
            outputs, self.written.get(path, {}), prediction.table
        )
        if kept:
            return Predicted(ImageSkipped(name=path.name, path=path, reason=kept))
        self._write(image, prediction, *outputs)
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

    def _outputs(self, path: Path) -> tuple[Path, ...]:
        """Where slits and, if they are wanted, maps go."""
        slits = self.job.out / f"{path.stem}_slits.csv"
        maps = self.job.out / f"{path.stem}_maps.tif"
        return (slits,) if self.job.maps == "none" else (slits, maps)

    def _write(
        self, image: Micrograph, prediction: Prediction, slits: Path, maps: Path | None = None
    ) -> None:
        if maps is not None and self.job.maps != "none":
            write_maps(maps, prediction, pixel_size_nm=image.pixel_size_nm, dtype=self.job.maps)
        write_slits(slits, prediction.table)
