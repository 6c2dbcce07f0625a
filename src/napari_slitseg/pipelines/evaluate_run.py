"""One execution of an evaluation; part of `evaluate`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from napari_slitseg.core.metrics.bootstrap import Bootstrap
from napari_slitseg.core.metrics.curves import precision_recall
from napari_slitseg.core.metrics.result import Curve, EvaluationResult, ImageResult
from napari_slitseg.events import Event, Notice
from napari_slitseg.jobs import EvaluateJob
from napari_slitseg.pipelines.evaluation import (
    common_settings,
    prepare_outputs,
    provenance_of,
    read_record,
    result_files,
)
from napari_slitseg.pipelines.inputs import ImageReader, JobError, ShouldStop, find_images
from napari_slitseg.pipelines.open_workplace import open_workplace, with_whole_paths
from napari_slitseg.pipelines.score_book import ScoreBook
from napari_slitseg.pipelines.score_file import Scored, ScoreFile
from napari_slitseg.pipelines.scoring import Rankings
from napari_slitseg.pipelines.tables import read_biopsies
from napari_slitseg.pipelines.workplace import Workplace


@dataclass(frozen=True)
class EvaluateRun:
    """One execution of an `EvaluateJob`: everything checked and loaded, and what was found."""

    job: EvaluateJob
    images: tuple[Path, ...]
    task: ScoreFile
    place: Workplace[Scored]
    should_stop: ShouldStop
    scored: dict[Path, Scored] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @classmethod
    def begin(cls, job: EvaluateJob, should_stop: ShouldStop) -> EvaluateRun:
        """Check and load everything.

        Raises
        ------
        JobError, CheckpointError or InferenceError
            If the job cannot be done as asked.
        """
        job = with_whole_paths(job)
        images = find_images(job.images)
        reader = ImageReader.of(job)
        for folder in (job.annotations, job.predictions):
            if folder is not None and not folder.is_dir():
                raise JobError(f"There is no folder {folder}.")
        biopsies = {} if job.biopsies is None else read_biopsies(job.biopsies)
        prepare_outputs(_outputs(job))
        record = {} if job.predictions is None else read_record(job.predictions)
        task = ScoreFile(job, reader, biopsies, record)
        place = open_workplace(job, task, images, should_stop)
        return cls(job, images, task, place, should_stop)

    def evaluate(self, path: Path) -> Generator[Event, None, None]:
        """Score one image and keep what was found."""
        scored = yield from self.place.work(path)
        self.scored[path] = scored
        yield scored.event

    @property
    def rows(self) -> tuple[ImageResult, ...]:
        """Figures of the images scored so far, in the order of the images."""
        found = ((path, scored.row) for path, scored in self._in_order())
        return tuple(replace(row, name=self._name(path)) for path, row in found if row is not None)

    def _in_order(self) -> list[tuple[Path, Scored]]:
        return [(path, self.scored[path]) for path in self.images if path in self.scored]

    def _rankings(self) -> Rankings:
        rankings = Rankings()
        for _, scored in self._in_order():
            if scored.row is not None:
                rankings.add(scored.ranked, scored.covers_from)
        return rankings

    @cached_property
    def _names(self) -> Counter[str]:
        return Counter(path.name for path in self.images)

    def _name(self, path: Path) -> str:
        """Name of an image; its whole path where another has the same name."""
        return path.name if self._names[path.name] == 1 else str(path)

    def result(self) -> EvaluationResult:
        """Return everything that was found so far."""
        rows, rankings = self.rows, self._rankings()
        stems = [row.file.stem for row in rows if row.file is not None]
        made_with = common_settings([dict(self.task.record.get(stem, {})) for stem in stems])
        curve = None
        if rankings.images and not rankings.n_without:
            curve = Curve(precision_recall(rankings.images), rankings.covers_from)
        return EvaluationResult(
            images=rows,
            provenance=provenance_of(self.job, self.place.info, made_with),
            skipped=self.skipped,
            failed=self.failed,
            curve=curve,
            how=Bootstrap(n_resamples=self.job.resamples, confidence=self.job.confidence),
        )

    def book(self, result: EvaluationResult) -> ScoreBook:
        """Return the workbook of a result."""
        points = tuple(
            replace(scored.points, name=self._name(path))
            for path, scored in self._in_order()
            if scored.points is not None
        )
        return ScoreBook(result, points)

    def last_notices(self) -> Generator[Event, None, None]:
        """Say what the curve lacks."""
        rankings = self._rankings()
        if self.scored and rankings.n_without:
            yield Notice(
                text="There is no precision-recall curve, for slits have no scores in "
                f"{rankings.n_without} of {len(self.rows)} images; predict writes them as the "
                "column score."
            )
        elif rankings.covers_from > 0:
            yield Notice(
                text="The files of predictions hold only slits above the threshold they were made "
                f"with, so the precision-recall curve begins at {rankings.covers_from:.2g} "
                "and its average precision is a lower bound. Run the model for the whole curve."
            )


def _outputs(job: EvaluateJob) -> list[Path]:
    tables = [] if job.out is None else list(result_files(job.out))
    return [*tables, *(each for each in (job.curve, job.xlsx) if each is not None)]
