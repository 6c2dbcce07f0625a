"""What was measured in a window, as a result with how it was done. Knows neither Qt nor napari."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from napari_slitseg.core.morphometry import MeasureSettings, Sample
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._measure_state import Measured

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_slitseg.core.morphometry.rollup import Rollup
    from napari_slitseg.core.prediction import Prediction
    from napari_slitseg.pipelines.measure_result import (
        MeasuredImage,
        MeasureFailure,
        MeasureResult,
        ModelUsed,
    )

_NOT_MEASURED: Final = "It was not measured in the window. Press Measure all."


@dataclass(frozen=True, eq=False)
class ToReport:
    """One image of a report.

    Attributes
    ----------
    entry : ImageEntry
    measured : Measured or None
        None where it was not measured.
    sample : Sample
    review : str
    """

    entry: ImageEntry
    measured: Measured | None
    sample: Sample
    review: str


@dataclass(frozen=True, eq=False)
class Reported:
    """All images of a report.

    Attributes
    ----------
    images : sequence of ToReport
    settings : MeasureSettings
    track : str
    project : Path or None
        The file that keeps the annotations of the current image.
    """

    images: Sequence[ToReport]
    settings: MeasureSettings
    track: str = "shared"
    project: Path | None = None


@dataclass(frozen=True)
class Written:
    """What came of writing a report.

    Attributes
    ----------
    files : tuple of Path
    refused : str
        Why not all was written, and what to do.
    """

    files: tuple[Path, ...] = ()
    refused: str = ""


def result_of(reported: Reported) -> MeasureResult:
    """Return what was measured in a window, as `slitseg measure` returns what it measured."""
    from datetime import UTC, datetime

    from napari_slitseg.pipelines.measure_result import MeasureResult
    from napari_slitseg.pipelines.measure_whole import notices_of
    from napari_slitseg.pipelines.measure_words import methods_of
    from napari_slitseg.pipelines.record import versions

    folder = common_folder([each.entry for each in reported.images])
    images = tuple(filter(None, (_image(each, folder) for each in reported.images)))
    job, rollups = _rolled_up(images, folder)
    result = MeasureResult(
        folder=folder,
        images=images,
        failures=tuple(_failure(e, folder) for e in reported.images if not _is_measured(e)),
        settings=reported.settings,
        rollups=rollups,
        job=job,
        track=reported.track,
        project=reported.project,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=versions(("numpy", "scipy", "torch", "napari")),
        notices=(*notices_of(images), *(() if rollups is None else rollups.notices)),
    )
    return replace(result, methods=methods_of(result))


def _rolled_up(
    images: tuple[MeasuredImage, ...], folder: Path
) -> tuple[dict[str, Any], Rollup | None]:
    """Return how images are rolled up, as a job says it, and the figures of biopsies."""
    from napari_slitseg.core.metrics.bootstrap import Bootstrap
    from napari_slitseg.jobs.measure import MeasureJob
    from napari_slitseg.pipelines.measure_rollups import rollups_of

    job = MeasureJob(project=folder)
    how = Bootstrap(n_resamples=job.resamples, confidence=job.confidence, seed=job.seed)
    return job.model_dump(mode="json"), rollups_of(images, how) if images else None


def _failure(each: ToReport, folder: Path) -> MeasureFailure:
    from napari_slitseg.pipelines.measure_result import MeasureFailure

    reason = each.measured.reason if each.measured is not None else _NOT_MEASURED
    return MeasureFailure(_name(each.entry, folder), _path(each.entry), reason)


def _is_measured(each: ToReport) -> bool:
    return each.measured is not None and each.measured.measures is not None


def methods_told(reported: Reported, should_stop: Callable[[], bool]) -> Generator[None, None, str]:
    """Return the methods paragraph, "" where nothing is measured: work for a thread."""
    yield
    return "" if should_stop() else result_of(reported).methods


def write_report(
    reported: Reported, path: Path, should_stop: Callable[[], bool]
) -> Generator[Any, None, Written]:
    """Write a report of the kind its name tells; a file of the same name only if it is ours."""
    from napari_slitseg.pipelines.errors import JobError
    from napari_slitseg.pipelines.measure_reports import Reports
    from napari_slitseg.pipelines.outputs import OutputError

    written: list[Path] = []
    try:
        reports = Reports.of([path])
        result = result_of(reported)
        if not result.images:
            return Written(refused="No image is measured yet. Press Measure all first.")
        for report in reports.files:
            if should_stop():
                break
            yield from report.write(result)
            written += report.files
    except (JobError, OutputError, OSError) as error:
        return Written(tuple(written), str(error))
    return Written(tuple(written))


def common_folder(entries: Sequence[ImageEntry]) -> Path:
    """Return the folder that holds all images that have a file."""
    parents = [entry.path.absolute().parent for entry in entries if entry.path is not None]
    if not parents:
        return Path.cwd()
    shared = parents[0]
    while not all(parent.is_relative_to(shared) for parent in parents):
        shared = shared.parent
    return shared


def names_of(entries: Sequence[ImageEntry]) -> list[str]:
    """Return the names of images as tables of samples write them: relative paths with "/"."""
    folder = common_folder(entries)
    return [_name(entry, folder) for entry in entries]


def _name(entry: ImageEntry, folder: Path) -> str:
    if entry.path is None:
        return entry.name
    name = PurePath(entry.path.absolute().relative_to(folder)).as_posix()
    return f"{name}, page {entry.page + 1}" if entry.page else name


def _path(entry: ImageEntry) -> Path:
    return Path(entry.name) if entry.path is None else entry.path


def _image(each: ToReport, folder: Path) -> MeasuredImage | None:
    from napari_slitseg.pipelines.measure_result import MeasuredImage

    entry, measured = each.entry, each.measured
    if measured is None or measured.measures is None:
        return None
    is_proposed = measured.slits_from == "proposals" or measured.edits.unjudged > 0
    is_models = is_proposed or measured.membrane_from == "model"
    return MeasuredImage(
        name=_name(entry, folder),
        path=_path(entry),
        page=entry.page,
        shape=entry.shape,
        measures=measured.measures,
        slits_from=measured.slits_from,
        membrane_from=measured.membrane_from,
        edits=measured.edits,
        editors=measured.editors,
        review=each.review,
        sample=each.sample,
        proposed_by=measured.proposed_by,
        model=_model(entry.prediction) if is_models and entry.prediction is not None else None,
        notices=measured.measures.notices,
    )


def _model(prediction: Prediction) -> ModelUsed:
    from napari_slitseg.pipelines.measure_proposals import proposed_by
    from napari_slitseg.pipelines.measure_result import ModelUsed

    model = proposed_by(prediction).model
    return model or ModelUsed(prediction.model_name, prediction.model_sha256, "", 0.0, 0.0)
