"""One execution of an evaluation; part of `evaluate`."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from napari_slitseg.core.detection import detector_from_dict
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.metrics.bootstrap import Bootstrap
from napari_slitseg.core.metrics.curves import precision_recall
from napari_slitseg.core.metrics.further import membrane_figures
from napari_slitseg.core.metrics.result import Curve, EvaluationResult, ImageResult
from napari_slitseg.core.points import find_annotation, read_points
from napari_slitseg.events import Event, ImageDone, ImageSkipped, Notice
from napari_slitseg.jobs import EvaluateJob
from napari_slitseg.pipelines.evaluation import (
    common_settings,
    prepare_outputs,
    provenance_of,
    read_record,
    result_files,
)
from napari_slitseg.pipelines.inputs import (
    ImageReader,
    JobError,
    ShouldStop,
    find_images,
    page_and_notices,
)
from napari_slitseg.pipelines.membrane import find_membrane, predicted_membrane, read_membrane
from napari_slitseg.pipelines.predict_one import open_predictor, predict_image
from napari_slitseg.pipelines.scoring import (
    Found,
    Rankings,
    Scale,
    Truth,
    fingerprint,
    found_in_file,
    more_figures,
    score,
)
from napari_slitseg.pipelines.tables import read_biopsies, value_of

if TYPE_CHECKING:
    from napari_slitseg.core.inference import Predictor


@dataclass(frozen=True)
class EvaluateRun:
    """One execution of an `EvaluateJob`: everything checked and loaded, and what was found."""

    job: EvaluateJob
    images: tuple[Path, ...]
    reader: ImageReader
    biopsies: dict[str, str]
    record: Mapping[str, Mapping[str, Any]]
    predictor: Predictor | None
    should_stop: ShouldStop
    rows: list[ImageResult] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    rankings: Rankings = field(default_factory=Rankings)

    @classmethod
    def begin(cls, job: EvaluateJob, should_stop: ShouldStop) -> EvaluateRun:
        """Check and load everything.

        Raises
        ------
        JobError, CheckpointError or InferenceError
            If the job cannot be done as asked.
        """
        images = find_images(job.images)
        reader = ImageReader.of(job)
        for folder in (job.annotations, job.predictions):
            if folder is not None and not folder.is_dir():
                raise JobError(f"There is no folder {folder}.")
        biopsies = {} if job.biopsies is None else read_biopsies(job.biopsies)
        prepare_outputs(_outputs(job))
        record = {} if job.predictions is None else read_record(job.predictions)
        predictor = None
        if job.predictions is None:
            predictor = open_predictor(job.model, job.device, job.precision)
        return cls(job, images, reader, biopsies, record, predictor, should_stop)

    def evaluate(self, path: Path) -> Generator[Event, None, None]:
        """Score one image."""
        start = perf_counter()
        annotation = find_annotation(path, self.job.annotations)
        if annotation is None:
            if not path.is_file():
                raise JobError(f"There is no file or folder {path}.")
            yield ImageSkipped(name=path.name, path=path, reason="It has no annotation.")
            return
        file = self._prediction_file(path)
        if file is not None and file.resolve() == annotation.resolve():
            raise JobError(f"{file} is its annotation as well as its prediction.")
        biopsy = self._biopsy(path)
        truth = Truth.of(read_points(annotation), annotation)
        image = self.reader.read(path)
        for text in truth.notes(image.shape):
            yield Notice(text=text, item=path.name)
        yield from page_and_notices(image, path)
        scale = Scale.of(self.job, image)
        found = self._read(path, file) if file else (yield from self._predict(image))
        membrane = yield from _membrane(path, image, found, scale)
        row = self._row((path, file, biopsy), image, found, truth, scale)
        self.rows.append(replace(row, further={**row.further, **membrane}))
        self.rankings.add(found, truth, scale)
        yield ImageDone(
            name=path.name,
            path=path,
            n_slits=row.scores.n_predicted,
            seconds=perf_counter() - start,
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
            name=self._name(path),
            scores=score(found, truth, image, scale),
            file=path,
            annotation=truth.path,
            prediction=prediction,
            annotation_sha256=fingerprint(truth.path),
            prediction_sha256=fingerprint(prediction),
            biopsy=biopsy,
            further=more_figures(found, truth, scale, size_nm) if self.job.further else {},
        )

    def _name(self, path: Path) -> str:
        """Name of an image; its whole path where another has the same name."""
        same = sum(other.name == path.name for other in self.images)
        return path.name if same == 1 else str(path)

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
        known_from = self.record.get(path.stem, {}).get("threshold")
        found = found_in_file(read_points(file), known_from)
        return replace(found, membrane=predicted_membrane(path, file.parent))

    def _predict(self, image: Micrograph) -> Generator[Event, None, Found]:
        if self.predictor is None:
            raise JobError("There is neither a model nor a folder of predictions.")
        prediction = yield from predict_image(
            self.predictor,
            image,
            threshold=self.job.threshold,
            min_distance_nm=self.job.min_distance_nm,
            detector=detector_from_dict(self.job.detector),
            should_stop=self.should_stop,
        )
        return Found(
            prediction.table.yx,
            prediction.candidates,
            prediction.min_distance_px,
            membrane=prediction.membrane,
        )

    def result(self) -> EvaluationResult:
        """Return everything that was found so far."""
        stems = [row.file.stem for row in self.rows if row.file is not None]
        made_with = common_settings([dict(self.record.get(stem, {})) for stem in stems])
        info = None if self.predictor is None else self.predictor.info
        curve = None
        if self.rankings.images and not self.rankings.n_without:
            curve = Curve(precision_recall(self.rankings.images), self.rankings.covers_from)
        return EvaluationResult(
            images=tuple(self.rows),
            provenance=provenance_of(self.job, info, made_with),
            skipped=self.skipped,
            failed=self.failed,
            curve=curve,
            how=Bootstrap(n_resamples=self.job.resamples, confidence=self.job.confidence),
        )

    def last_notices(self) -> Generator[Event, None, None]:
        """Say what the curve lacks."""
        if self.rows and self.rankings.n_without:
            yield Notice(
                text="There is no precision-recall curve, for slits have no scores in "
                f"{self.rankings.n_without} of {len(self.rows)} images; predict writes them as the "
                "column score."
            )
        elif self.rankings.covers_from > 0:
            yield Notice(
                text="The files of predictions hold only slits above the threshold they were made "
                f"with, so the precision-recall curve begins at {self.rankings.covers_from:.2g} "
                "and its average precision is a lower bound. Run the model for the whole curve."
            )


def _outputs(job: EvaluateJob) -> list[Path]:
    tables = [] if job.out is None else list(result_files(job.out))
    return tables if job.curve is None else [*tables, job.curve]


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
