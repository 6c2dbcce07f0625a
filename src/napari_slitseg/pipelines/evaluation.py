"""Write what an evaluation found, and say how it was made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_slitseg.core.json_text import to_json
from napari_slitseg.core.metrics.result import EvaluationResult, Provenance
from napari_slitseg.core.rows import rows_as_csv
from napari_slitseg.jobs import EvaluateJob
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.outputs import prepare_folder, write_text
from napari_slitseg.pipelines.record import FILE_NAME, versions

if TYPE_CHECKING:
    from napari_slitseg.core.checkpoint_info import CheckpointInfo
    from napari_slitseg.core.metrics.comparison import Comparison


def prepare_outputs(*paths: Path | None) -> None:
    """Make sure that result files can be written where they should go.

    Raises
    ------
    JobError
        If a folder cannot be written to, or a JSON file that would be replaced is none of ours.
    """
    for path in paths:
        if path is not None:
            prepare_folder(path.parent)
            check_replaceable(path.with_suffix(".json"))


def write_result(path: Path, result: EvaluationResult) -> None:
    """Write NAME.csv (images), NAME_pooled.csv (all together) and NAME.json (everything).

    Raises
    ------
    OutputError
        If that does not work.
    """
    write_text(path, result.to_csv())
    write_text(path.with_name(f"{path.stem}_pooled.csv"), result.summary_csv())
    write_text(path.with_suffix(".json"), result.to_json())


def write_curve(path: Path, result: EvaluationResult) -> None:
    """Write precision, recall and F1 at every threshold as CSV.

    Raises
    ------
    OutputError
        If that does not work.
    """
    rows = [] if result.curve is None else result.curve.rows()
    write_text(path, rows_as_csv(rows))


def write_comparison(path: Path, comparison: Comparison) -> None:
    """Write NAME.csv (images, both sides) and NAME.json (everything).

    Raises
    ------
    OutputError
        If that does not work.
    """
    write_text(path, comparison.to_csv())
    write_text(path.with_suffix(".json"), to_json(comparison.to_dict()))


def provenance_of(
    job: EvaluateJob, info: CheckpointInfo | None, made_with: Mapping[str, Any]
) -> Provenance:
    """Say how an evaluation is made.

    Parameters
    ----------
    job : EvaluateJob
    info : CheckpointInfo or None
        The model that is run; None where files of predictions are compared.
    made_with : mapping
        What the record beside those files says in common of all of them.
    """
    own: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(("numpy", "scipy", "torch")),
        "tolerance_nm": None if job.tolerance_px is not None else job.tolerance_nm,
        "tolerance_px": job.tolerance_px,
        "ignore_radius_nm": job.ignore_radius_nm,
        "ignore_radius_px": job.ignore_radius_px,
        "predictions": "" if job.predictions is None else str(job.predictions),
        "biopsies": "" if job.biopsies is None else str(job.biopsies),
        "job": job.model_dump(mode="json"),
    }
    return Provenance(**own, **(_of_model(job, info) if info else made_with))


def _of_model(job: EvaluateJob, info: CheckpointInfo) -> dict[str, Any]:
    own = job.min_distance_nm
    return {
        "model": info.name,
        "model_sha256": info.sha256,
        "detector": job.detector,
        "threshold": info.threshold if job.threshold is None else job.threshold,
        "min_distance_nm": info.min_distance_nm if own is None else own,
    }


def read_record(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what the record in a folder of predictions says of each image, by name.

    Nothing where there is no record, or none that can be read: files of slits need none.
    """
    try:
        images = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))["images"]
        return {entry["name"]: entry for entry in images}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def common_settings(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the entries of all images have in common, by names of `Provenance`."""
    names = {
        "model": "model",
        "sha256": "model_sha256",
        "detector": "detector",
        "threshold": "threshold",
        "min_distance_nm": "min_distance_nm",
    }
    return {
        new: entries[0][old]
        for old, new in names.items()
        if entries and old in entries[0] and all(e.get(old) == entries[0][old] for e in entries)
    }


def check_replaceable(path: Path) -> None:
    """Make sure that a JSON file is not there, or one of this program's results.

    Raises
    ------
    JobError
        If it is something else.
    """
    if not path.exists():
        return
    try:
        ours = str(json.loads(path.read_text(encoding="utf-8"))["format"])
    except (OSError, ValueError, KeyError, TypeError):
        ours = ""
    if ours not in ("napari-slitseg evaluation", "napari-slitseg comparison"):
        raise JobError(
            f"{path} would be replaced, but is none of this program's results. Move it away or "
            "choose another name for the table."
        )
