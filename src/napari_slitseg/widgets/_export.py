"""Scores of the images of a window as a result with its provenance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_slitseg.jobs import EvaluateJob
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._job_fields import default_of
from napari_slitseg.widgets._metrics_membranes import Membranes
from napari_slitseg.widgets._scoring import assumed_nm, assumption

if TYPE_CHECKING:
    from napari_slitseg.core.metrics.result import EvaluationResult, ImageResult, Provenance
    from napari_slitseg.core.prediction import Prediction
    from napari_slitseg.pipelines.score_book import ImagePoints, ScoreBook
    from napari_slitseg.widgets._thread import Work

_EDITED = "Its annotation has changes that are not saved."


@dataclass(frozen=True)
class Scores:
    """What is exported.

    Attributes
    ----------
    entries : sequence of ImageEntry
        Those without scores are left out.
    tolerance_nm : float or None
    membranes : Membranes
        Figures of the membranes.
    review_of : callable or None
        Returns the review status of an image.
    """

    entries: Sequence[ImageEntry]
    tolerance_nm: float | None = None
    membranes: Membranes = field(default_factory=Membranes)
    review_of: Callable[[int], str] | None = None

    @property
    def scored(self) -> list[ImageEntry]:
        """Images that have scores."""
        return [entry for entry in self.entries if entry.scores is not None]


def write_scores(path: Path, scores: Scores) -> None:
    """Write the scores of all images that have some, with how they were made.

    NAME.csv has one row an image, NAME_pooled.csv the figures of all together, NAME.json both with
    model, detector, threshold, tolerance and fingerprints of the annotations.

    Raises
    ------
    OutputError
        If a file cannot be written; an earlier one is untouched.
    JobError
        If NAME_pooled.csv or NAME.json is there and none of this program's results; whoever chose
        NAME.csv was asked about it.
    """
    from napari_slitseg.pipelines.evaluation import check_replaceable, result_files, write_result

    for beside in result_files(path)[1:]:
        check_replaceable(beside)
    write_result(path, result_of(scores))


def book_writer(path: Path, scores: Scores) -> Work:
    """Return work for a thread that writes a workbook, and returns its path."""

    def work(should_stop: Callable[[], bool]) -> Generator[str, None, Path]:
        from napari_slitseg.pipelines.score_book import write_score_book

        for title in write_score_book(path, book_of(scores)):
            yield f"{path.name}: {title}"
        return path

    return work


def book_of(scores: Scores) -> ScoreBook:
    """Return the workbook of all images that have scores."""
    from napari_slitseg.pipelines.score_book import ScoreBook

    pairs = zip(scores.scored, _names(scores.scored), strict=True)
    points = tuple(_points(entry, name) for entry, name in pairs)
    review = scores.review_of
    reviews = () if review is None else tuple(review(entry.key) for entry in scores.scored)
    return ScoreBook(result_of(scores), points, reviews)


def result_of(scores: Scores) -> EvaluationResult:
    """Return the scores of all images that have some, with how they were made."""
    from napari_slitseg.core.metrics.result import EvaluationResult

    scored = scores.scored
    predictions = [entry.prediction for entry in scored if entry.prediction is not None]
    names = _names(scored)
    return EvaluationResult(
        images=tuple(
            _image(entry, name, scores.membranes) for entry, name in zip(scored, names, strict=True)
        ),
        provenance=_provenance(predictions, scores.tolerance_nm),
    )


def _names(entries: Sequence[ImageEntry]) -> list[str]:
    """Names of images; what several are called is told apart by file or number."""
    known = Counter(entry.name for entry in entries)
    seen: Counter[str] = Counter()
    names = []
    for entry in entries:
        seen[entry.name] += 1
        number = f" ({seen[entry.name]})" if seen[entry.name] > 1 else ""
        other = entry.name + number if entry.path is None or entry.page else str(entry.path)
        names.append(entry.name if known[entry.name] == 1 else other)
    return names


def _points(entry: ImageEntry, name: str) -> ImagePoints:
    from napari_slitseg.pipelines.score_book import ImagePoints

    if entry.prediction is None or entry.annotation is None or entry.scores is None:
        raise ValueError(f"{entry.name} has no scores.")
    size_nm = entry.pixel_size_nm or assumed_nm(entry)
    return ImagePoints(
        name=name,
        found=entry.prediction.table,
        annotated=entry.annotation,
        tolerance_px=entry.scores.tolerance_px,
        ignore_radius_px=default_of(EvaluateJob, "ignore_radius_nm") / size_nm,
        pixel_size_nm=entry.pixel_size_nm,
    )


def _image(entry: ImageEntry, name: str, membranes: Membranes) -> ImageResult:
    from napari_slitseg.core.metrics.result import ImageResult
    from napari_slitseg.pipelines.scoring import fingerprint

    if entry.scores is None:
        raise ValueError(f"{entry.name} has no scores.")
    file = entry.annotation_path
    saved = file is not None and not entry.edited and file.is_file()
    notes = (assumption(entry), _EDITED if entry.edited else "")
    return ImageResult(
        name=name,
        scores=entry.scores,
        file=entry.path,
        annotation=file,
        annotation_sha256=fingerprint(file) if saved else "",
        further=membranes.figures(entry),
        notice="\n".join(filter(None, notes)),
    )


def _provenance(predictions: Sequence[Prediction], tolerance_nm: float | None) -> Provenance:
    """Say how everything was made; what differs between images is left out."""
    from datetime import UTC, datetime

    from napari_slitseg.core.metrics.result import Provenance
    from napari_slitseg.pipelines.record import versions

    def common(name: str, otherwise: Any) -> Any:
        values = [getattr(each, name) for each in predictions]
        return values[0] if values and all(v == values[0] for v in values) else otherwise

    detector = common("detector", None)
    return Provenance(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=versions(("numpy", "scipy", "torch", "napari")),
        model=common("model_name", ""),
        model_sha256=common("model_sha256", ""),
        detector={} if detector is None else detector.to_dict(),
        threshold=common("threshold", None),
        min_distance_nm=common("min_distance_nm", None),
        tolerance_nm=tolerance_nm,
        ignore_radius_nm=default_of(EvaluateJob, "ignore_radius_nm"),
    )
