"""Score one image against its annotation, on whichever machine."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from napari_slitseg.core.detection import detector_from_dict
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.metrics.further import membrane_figures
from napari_slitseg.core.metrics.ranking import RankedImage
from napari_slitseg.core.metrics.result import ImageResult
from napari_slitseg.core.points import PointTable, find_annotation, read_points
from napari_slitseg.events import Event, ImageDone, ImageSkipped, Notice
from napari_slitseg.jobs import EvaluateJob
from napari_slitseg.pipelines.inputs import ImageReader, JobError, ShouldStop, page_and_notices
from napari_slitseg.pipelines.membrane import find_membrane, predicted_membrane, read_membrane
from napari_slitseg.pipelines.predict_one import predict_image
from napari_slitseg.pipelines.score_book import ImagePoints
from napari_slitseg.pipelines.scoring import (
    Found,
    Scale,
    Truth,
    fingerprint,
    found_in_file,
    more_figures,
    rank,
    score,
)
from napari_slitseg.pipelines.tables import value_of

if TYPE_CHECKING:
    from napari_slitseg.core.inference import Predictor


@dataclass(frozen=True)
class Scored:
    """What came out of an image: how it went, and its figures if it was scored.

    Attributes
    ----------
    event : ImageDone or ImageSkipped
    row : ImageResult or None
        Its figures.
    ranked : RankedImage or None
        For the curve; None where scores of slits are unknown.
    covers_from : float
        Lowest score its candidates may have.
    points : ImagePoints or None
        Found and annotated points, where the job asks for a workbook.
    """

    event: ImageDone | ImageSkipped
    row: ImageResult | None = None
    ranked: RankedImage | None = None
    covers_from: float = 0.0
    points: ImagePoints | None = None


@dataclass(frozen=True)
class ScoreFile:
    """Score a file as a job asks; see `ImageTask`.

    Attributes
    ----------
    job : EvaluateJob
    reader : ImageReader
    biopsies : mapping
        Biopsy of each image, if the job names a table of them.
    record : mapping
        What the record beside files of predictions says, by name of the image.
    """

    job: EvaluateJob
    reader: ImageReader
    biopsies: dict[str, str] = field(default_factory=dict)
    record: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def for_image(self, path: Path) -> ScoreFile:
        """Return the task with what one image needs, small enough to be sent about."""
        biopsy = value_of(self.biopsies, path)
        return ScoreFile(
            self.job.model_copy(update={"images": (path,)}),
            self.reader.for_image(path),
            {} if biopsy is None else {path.name.casefold(): biopsy},
            {path.stem: self.record[path.stem]} if path.stem in self.record else {},
        )

    def __call__(
        self, path: Path, predictor: Predictor | None, should_stop: ShouldStop
    ) -> Generator[Event, None, Scored]:
        """Score one image."""
        start = perf_counter()
        annotation = find_annotation(path, self.job.annotations)
        if annotation is None:
            if not path.is_file():
                raise JobError(f"There is no file or folder {path}.")
            reason = "It has no annotation."
            return Scored(ImageSkipped(name=path.name, path=path, reason=reason))
        file = self._prediction_file(path)
        if file is not None and file.resolve() == annotation.resolve():
            raise JobError(f"{file} is its annotation as well as its prediction.")
        biopsy = self._biopsy(path)
        annotated = read_points(annotation)
        truth = Truth.of(annotated, annotation)
        image = self.reader.read(path)
        for text in truth.notes(image.shape):
            yield Notice(text=text, item=path.name)
        yield from page_and_notices(image, path)
        scale = Scale.of(self.job, image)
        if file is not None:
            found = self._read(path, file)
        else:
            found = yield from self._predict(image, predictor, should_stop)
        membrane = yield from _membrane(path, image, found, scale)
        row = self._row((path, file, biopsy), image, found, truth, scale)
        row = replace(row, further={**row.further, **membrane})
        done = ImageDone(
            name=path.name,
            path=path,
            n_slits=row.scores.n_predicted,
            seconds=perf_counter() - start,
        )
        points = self._points(image, found.table, annotated, scale)
        return Scored(done, row, rank(found, truth, scale), found.covers_from, points)

    def _points(
        self, image: Micrograph, found: PointTable | None, annotated: PointTable, scale: Scale
    ) -> ImagePoints | None:
        if self.job.xlsx is None or found is None:
            return None
        return ImagePoints(
            name=image.name,
            found=found,
            annotated=annotated,
            tolerance_px=scale.tolerance_px,
            ignore_radius_px=scale.ignore_radius_px,
            pixel_size_nm=image.pixel_size_nm,
        )

    def _row(
        self,
        names: tuple[Path, Path | None, str],
        image: Micrograph,
        found: Found,
        truth: Truth,
        scale: Scale,
    ) -> ImageResult:
        path, prediction, biopsy = names
        size_nm = image.pixel_size_nm
        return ImageResult(
            name=path.name,
            scores=score(found, truth, image, scale),
            file=path,
            annotation=truth.path,
            prediction=prediction,
            annotation_sha256=fingerprint(truth.path),
            prediction_sha256=fingerprint(prediction),
            biopsy=biopsy,
            further=more_figures(found, truth, scale, size_nm) if self.job.further else {},
        )

    def _biopsy(self, path: Path) -> str:
        if self.job.biopsies is None:
            return ""
        biopsy = value_of(self.biopsies, path)
        if biopsy is None:
            raise JobError(
                f"The table of biopsies {self.job.biopsies} says no biopsy for it. Add it, or "
                "leave the image out."
            )
        return biopsy

    def _prediction_file(self, path: Path) -> Path | None:
        folder = self.job.predictions
        if folder is None:
            return None
        found = find_annotation(path, folder)
        if found is None:
            raise JobError(
                f"There is no prediction for it in {folder}, such as {path.stem}_slits.csv."
            )
        return found

    def _read(self, path: Path, file: Path) -> Found:
        entry = self.record.get(path.stem, {})
        table = read_points(file)
        found = replace(found_in_file(table, entry.get("threshold")), table=table)
        maps_are_of_an_earlier_prediction = "maps" in entry and entry["maps"] is None
        if maps_are_of_an_earlier_prediction:
            return found
        return replace(found, membrane=predicted_membrane(path, file.parent))

    def _predict(
        self, image: Micrograph, predictor: Predictor | None, should_stop: ShouldStop
    ) -> Generator[Event, None, Found]:
        if predictor is None:
            raise JobError("There is neither a model nor a folder of predictions.")
        prediction = yield from predict_image(
            predictor,
            image,
            threshold=self.job.threshold,
            min_distance_nm=self.job.min_distance_nm,
            detector=detector_from_dict(self.job.detector),
            should_stop=should_stop,
        )
        return Found(
            prediction.table.yx,
            prediction.candidates,
            prediction.min_distance_px,
            membrane=prediction.membrane,
            table=prediction.table,
        )


def _membrane(
    path: Path, image: Micrograph, found: Found, scale: Scale
) -> Generator[Event, None, dict[str, float]]:
    """Score the membrane map where there are map and mask; a bad mask is a notice."""
    file = find_membrane(path)
    if file is None or found.membrane is None:
        return {}
    try:
        mask = read_membrane(file, image.shape)
        return membrane_figures(found.membrane, mask, tolerance_px=scale.tolerance_px)
    except (ValueError, OSError) as error:
        yield Notice(text=f"Its membrane was not scored. {error}", item=path.name)
        return {}
