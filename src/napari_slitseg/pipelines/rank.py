"""Order images by how doubtful the model's slits are, so that few corrections teach most."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.atomic import write_atomically
from napari_slitseg.core.checkpoint_file import CheckpointError
from napari_slitseg.core.detection import detector_from_dict
from napari_slitseg.core.doubt import Doubt, doubt_of, lacking_slits
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.inference_types import InferenceError
from napari_slitseg.core.points import find_annotation
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.core.views import VIEWS, View
from napari_slitseg.events import Event, Finished, ImageDone, Notice
from napari_slitseg.jobs import RankJob
from napari_slitseg.pipelines.each import work_on_each
from napari_slitseg.pipelines.inputs import (
    ImageReader,
    JobError,
    ShouldStop,
    find_images,
    never,
    page_and_notices,
)
from napari_slitseg.pipelines.outputs import prepare_folder
from napari_slitseg.pipelines.predict_one import open_predictor, predict_image

if TYPE_CHECKING:
    from napari_slitseg.core.inference import Predictor

_T = TypeVar("_T")

COLUMNS: Final = (
    *("image", "doubt", "n_found", "doubt_threshold", "doubt_membrane", "doubt_views"),
    *("lacking", "is_annotated"),
)


@dataclass(frozen=True)
class Ranked:
    """An image and how doubtful what was found in it is.

    Attributes
    ----------
    path : Path
    doubt : Doubt
    is_annotated : bool
        Whether there is a file with its annotation already.
    lacking : float
        Slits it seems to lack, compared with the other images.
    """

    path: Path
    doubt: Doubt
    is_annotated: bool
    lacking: float = 0.0

    @property
    def total(self) -> float:
        """What the order is by: doubtful slits, and those it seems to lack."""
        return self.doubt.total + self.lacking


def rank(
    job: RankJob, should_stop: ShouldStop = never
) -> Generator[Event, None, tuple[Ranked, ...]]:
    """Predict images, and some views of each, and order them.

    Yields
    ------
    Started, Progress, Notice, ImageDone, ImageFailed
        Nothing at all before `Finished` if the job is refused.
    Finished
        Always the last.

    Returns
    -------
    tuple of Ranked
        Most doubtful first; equal ones as they were given.
    """
    try:
        images = find_images(job.images)
        run = _Run(job, ImageReader.of(job), _opened(job), should_stop)
    except (JobError, CheckpointError, InferenceError) as error:
        yield Finished(reason="refused", message=str(error))
        return ()
    found: list[Ranked] = []

    def work(path: Path) -> Generator[Event, None, None]:
        started = perf_counter()
        ranked = yield from _noticed_once(run.ranked(path))
        found.append(ranked)
        yield ImageDone(
            name=path.name,
            path=path,
            n_slits=ranked.doubt.n_found,
            seconds=perf_counter() - started,
        )

    tally = yield from work_on_each(images, work, should_stop)
    ordered = _in_order(found)
    if job.out is not None and ordered and tally.reason == "done":
        try:
            write_ranks(job.out, ordered)
        except OSError as error:
            tally.reason = "failed"
            tally.message = f"{job.out} was not written: {error.strerror or error}."
    yield tally.finished()
    return ordered


def _in_order(found: Sequence[Ranked]) -> tuple[Ranked, ...]:
    lacking = lacking_slits([each.doubt for each in found])
    whole = [replace(each, lacking=float(n)) for each, n in zip(found, lacking, strict=True)]
    return tuple(sorted(whole, key=lambda each: -each.total))


def write_ranks(path: Path, ranked: Iterable[Ranked]) -> None:
    """Write a table of images, in their order; OSError if it cannot be written."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for each in ranked:
        doubt = each.doubt
        doubts = (doubt.margin, doubt.membrane, doubt.views, each.lacking)
        cells = [_cell(value) for value in (each.total, doubt.n_found, *doubts)]
        writer.writerow([str(each.path), *cells, int(each.is_annotated)])
    write_atomically(path, text.getvalue().encode())


def _cell(value: float) -> str:
    return f"{value:.6g}" if math.isfinite(value) else ""


def _opened(job: RankJob) -> Predictor:
    if job.out is not None:
        prepare_folder(job.out.parent)
    return open_predictor(job.model, job.device, job.precision)


def _noticed_once(steps: Generator[Event, None, _T]) -> Generator[Event, None, _T]:
    """Pass on all events but notices that repeat an earlier one; return what the steps return."""
    told: set[str] = set()
    while True:
        try:
            event = next(steps)
        except StopIteration as end:
            result: _T = end.value
            return result
        if isinstance(event, Notice):
            if event.text in told:
                continue
            told.add(event.text)
        yield event


@dataclass(frozen=True)
class _Run:
    """One execution of a `RankJob`: everything checked and loaded."""

    job: RankJob
    reader: ImageReader
    predictor: Predictor
    should_stop: ShouldStop

    def ranked(self, path: Path) -> Generator[Event, None, Ranked]:
        """Predict one image and its views."""
        image = self.reader.read(path)
        yield from page_and_notices(image, path)
        prediction = yield from self._predict(image)
        seen = []
        for view in VIEWS[: self.job.views]:
            seen.append((yield from self._found_in(view, image)))
        doubt = doubt_of(prediction, seen, tolerance_nm=self.job.tolerance_nm)
        return Ranked(path, doubt, find_annotation(path) is not None)

    def _found_in(
        self, view: View, image: Micrograph
    ) -> Generator[Event, None, NDArray[np.float64]]:
        prediction = yield from self._predict(replace(image, pixels=view.of(image.pixels)))
        return view.back(prediction.table.yx, image.shape)

    def _predict(self, image: Micrograph) -> Generator[Event, None, Prediction]:
        return (
            yield from predict_image(
                self.predictor,
                image,
                threshold=self.job.threshold,
                min_distance_nm=self.job.min_distance_nm,
                detector=detector_from_dict(self.job.detector),
                should_stop=self.should_stop,
            )
        )
