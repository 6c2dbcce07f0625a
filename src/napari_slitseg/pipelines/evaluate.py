"""Compare predicted with annotated slits, image by image and pooled."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from napari_slitseg.core.checkpoint_file import CheckpointError
from napari_slitseg.core.detection import detector_from_dict
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.inference_types import InferenceError
from napari_slitseg.core.metrics import ImageScores, score_image
from napari_slitseg.core.points import PointTable, find_annotation, read_points
from napari_slitseg.events import Event, Finished, ImageDone, ImageFailed, ImageSkipped, Notice
from napari_slitseg.jobs import EvaluateJob
from napari_slitseg.pipelines.each import Tally, work_on_each
from napari_slitseg.pipelines.evaluation import EvaluatedImage, EvaluationTable
from napari_slitseg.pipelines.inputs import (
    ImageReader,
    JobError,
    ShouldStop,
    find_images,
    never,
    page_and_notices,
)
from napari_slitseg.pipelines.outputs import OutputError, prepare_folder, write_text
from napari_slitseg.pipelines.predict_one import open_predictor, predict_image

if TYPE_CHECKING:
    from napari_slitseg.core.inference import Predictor


def evaluate(
    job: EvaluateJob, should_stop: ShouldStop = never
) -> Generator[Event, None, EvaluationTable]:
    """Score predictions against annotations.

    Images and annotations are paired by name (`find_annotation`); images without an annotation are
    skipped. Points that a person has rejected, or only a model proposed, are no annotation.
    Uncertain annotations are neither to be found nor missed (`score_image`).

    Parameters
    ----------
    job : EvaluateJob
        What to do. Its table is written at the end, not when cancelled.
    should_stop : callable
        Asked between images and between tiles.

    Yields
    ------
    Started, Progress, Notice, ImageDone, ImageSkipped, ImageFailed
        Nothing at all before `Finished` if the job is refused.
    Finished
        Always the last.

    Returns
    -------
    EvaluationTable
        Of the images that were scored.
    """
    try:
        run = _Run.begin(job, should_stop)
    except (JobError, CheckpointError, InferenceError) as error:
        yield Finished(reason="refused", message=str(error))
        return EvaluationTable()
    work = work_on_each(run.images, run.evaluate, should_stop)
    tally = yield from _noting(work, run)
    table = EvaluationTable(tuple(run.rows), run.skipped, run.failed)
    if tally.reason == "done":
        _conclude(table, job, tally)
    yield tally.finished()
    return table


@dataclass(frozen=True)
class _Run:
    """One execution of an `EvaluateJob`: everything checked and loaded, and what was found."""

    job: EvaluateJob
    images: tuple[Path, ...]
    reader: ImageReader
    predictor: Predictor | None
    should_stop: ShouldStop
    rows: list[EvaluatedImage] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @classmethod
    def begin(cls, job: EvaluateJob, should_stop: ShouldStop) -> _Run:
        images = find_images(job.images)
        reader = ImageReader.of(job)
        for folder in (job.annotations, job.predictions):
            if folder is not None and not folder.is_dir():
                raise JobError(f"There is no folder {folder}.")
        if job.out is not None:
            prepare_folder(job.out.parent)
        predictor = None
        if job.predictions is None:
            predictor = open_predictor(job.model, job.device, job.precision)
        return cls(job, images, reader, predictor, should_stop)

    def evaluate(self, path: Path) -> Generator[Event, None, None]:
        """Score one image."""
        start = perf_counter()
        annotation = find_annotation(path, self.job.annotations)
        if annotation is None:
            if not path.is_file():
                raise JobError(f"There is no file or folder {path}.")
            yield ImageSkipped(name=path.name, path=path, reason="It has no annotation.")
            return
        found = self._prediction_file(path)
        if found is not None and found.resolve() == annotation.resolve():
            raise JobError(f"{found} is its annotation as well as its prediction.")
        annotated, note = _reviewed(read_points(annotation), annotation)
        if note:
            yield Notice(text=note, item=path.name)
        image = self.reader.read(path)
        yield from page_and_notices(image, path)
        scale = _Scale.of(self.job, image)
        predicted = read_points(found) if found else (yield from self._predict(image))
        scores = _score(predicted, annotated, image, scale)
        self.rows.append(EvaluatedImage(path, annotation, found, scores))
        yield ImageDone(
            name=path.name,
            path=path,
            n_slits=scores.n_predicted,
            seconds=perf_counter() - start,
        )

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

    def _predict(self, image: Micrograph) -> Generator[Event, None, PointTable]:
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
        return prediction.table


@dataclass(frozen=True)
class _Scale:
    """Lengths of a job in the pixels of one image."""

    tolerance_px: float
    ignore_radius_px: float

    @classmethod
    def of(cls, job: EvaluateJob, image: Micrograph) -> _Scale:
        size_nm = image.pixel_size_nm
        if size_nm is None and job.tolerance_px is None:
            raise JobError(
                "Its pixel size is unknown, so the tolerance in nm has no meaning: give "
                "--pixel-size-nm, --pixel-sizes or --tolerance-px."
            )
        if size_nm is None:
            return cls(job.tolerance_px or 0.0, job.ignore_radius_px)
        in_px = job.tolerance_nm / size_nm if job.tolerance_px is None else job.tolerance_px
        return cls(in_px, job.ignore_radius_nm / size_nm)


def _reviewed(table: PointTable, path: Path) -> tuple[PointTable, str]:
    """Annotation without what a person rejected or has not looked at, and a word about that."""
    proposed = table.status == "proposed"
    if proposed.any() and proposed.all():
        raise JobError(
            f"Its annotation {path} holds only proposals of a model. Give the folder of the "
            "annotations, or review them."
        )
    note = f"{proposed.sum()} proposals that nobody reviewed were left out of its annotation."
    kept = table.take(~np.isin(table.status, ("proposed", "rejected")))
    return kept, note if proposed.any() else ""


def _score(
    predicted: PointTable, annotated: PointTable, image: Micrograph, scale: _Scale
) -> ImageScores:
    return score_image(
        predicted.take(predicted.status != "rejected").yx,
        annotated.take(~annotated.uncertain).yx,
        shape=image.shape,
        tolerance_px=scale.tolerance_px,
        pixel_size_nm=image.pixel_size_nm,
        ignored_yx=annotated.take(annotated.uncertain).yx,
        ignore_radius_px=scale.ignore_radius_px,
    )


def _noting(work: Generator[Event, None, Tally], run: _Run) -> Generator[Event, None, Tally]:
    """Pass events on and note which images were skipped or failed."""
    while True:
        try:
            event = next(work)
        except StopIteration as stop:
            tally: Tally = stop.value
            return tally
        if isinstance(event, ImageSkipped):
            run.skipped[event.name] = event.reason
        if isinstance(event, ImageFailed):
            run.failed[event.name] = event.reason
        yield event


def _conclude(table: EvaluationTable, job: EvaluateJob, tally: Tally) -> None:
    """Write the table, if there is something in it."""
    if not table.images:
        tally.reason, tally.message = "failed", "No image could be scored; no table was written."
        return
    try:
        if job.out is not None:
            write_text(job.out, table.to_csv())
    except OutputError as error:
        tally.reason, tally.message = "failed", str(error)
