"""Scores of the images of a window as a result with its provenance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_slitseg.jobs import EvaluateJob
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._job_fields import default_of
from napari_slitseg.widgets._scoring import assumption

if TYPE_CHECKING:
    from napari_slitseg.core.metrics.result import EvaluationResult, ImageResult, Provenance
    from napari_slitseg.core.prediction import Prediction

_EDITED = "Its annotation has changes that are not saved."


def write_scores(
    path: Path, entries: Sequence[ImageEntry], tolerance_nm: float | None = None
) -> None:
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
    write_result(path, result_of(entries, tolerance_nm))


def result_of(entries: Sequence[ImageEntry], tolerance_nm: float | None = None) -> EvaluationResult:
    """Return the scores of all images that have some, with how they were made."""
    from napari_slitseg.core.metrics.result import EvaluationResult

    scored = [entry for entry in entries if entry.scores is not None]
    predictions = [entry.prediction for entry in scored if entry.prediction is not None]
    return EvaluationResult(
        images=tuple(_image(entry) for entry in scored),
        provenance=_provenance(predictions, tolerance_nm),
    )


def _image(entry: ImageEntry) -> ImageResult:
    from napari_slitseg.core.metrics.result import ImageResult
    from napari_slitseg.pipelines.scoring import fingerprint

    if entry.scores is None:
        raise ValueError(f"{entry.name} has no scores.")
    file = entry.annotation_path
    saved = file is not None and not entry.edited and file.is_file()
    notes = (assumption(entry), _EDITED if entry.edited else "")
    return ImageResult(
        name=entry.name,
        scores=entry.scores,
        file=entry.path,
        annotation=file,
        annotation_sha256=fingerprint(file) if saved else "",
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
