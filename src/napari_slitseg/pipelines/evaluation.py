"""Write what an evaluation found, and say how it was made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from napari_slitseg.core.json_text import to_json
from napari_slitseg.core.metrics.result import EvaluationResult, Provenance
from napari_slitseg.core.rows import rows_as_csv
from napari_slitseg.jobs import EvaluateJob
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.outputs import prepare_folder, write_text
from napari_slitseg.pipelines.record import FILE_NAME, versions
from napari_slitseg.pipelines.score_book import SUFFIX, is_score_book

if TYPE_CHECKING:
    from napari_slitseg.core.checkpoint_info import CheckpointInfo
    from napari_slitseg.core.metrics.comparison import Comparison


_FORMATS: Final = ("napari-slitseg evaluation", "napari-slitseg comparison")
_TABLES: Final = ("image,biopsy,n_", "figure,title,how,", "threshold,precision,recall,")


def result_files(out: Path) -> tuple[Path, Path, Path]:
    """Return NAME.csv (images), NAME_pooled.csv (all together) and NAME.json (everything)."""
    return out, out.with_name(f"{out.stem}_pooled.csv"), out.with_suffix(".json")


def comparison_files(out: Path) -> tuple[Path, Path]:
    """Return NAME.csv (images, both sides) and NAME.json (everything)."""
    return out, out.with_suffix(".json")


def prepare_outputs(files: Sequence[Path]) -> None:
    """Make sure that result files can be written where they should go.

    Raises
    ------
    JobError
        If a folder cannot be written to, two results have one name, or a file that would be
        replaced is none of ours.
    """
    for number, file in enumerate(files):
        if file in files[:number]:
            raise JobError(f"{file} would be written twice. Choose another name for one table.")
        prepare_folder(file.parent)
        check_replaceable(file)


def write_result(path: Path, result: EvaluationResult) -> None:
    """Write the three `result_files`.

    Raises
    ------
    OutputError
        If that does not work.
    """
    texts = (result.to_csv(), result.summary_csv(), result.to_json())
    for file, text in zip(result_files(path), texts, strict=True):
        write_text(file, text)


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
    """Write the two `comparison_files`.

    Raises
    ------
    OutputError
        If that does not work.
    """
    texts = (comparison.to_csv(), to_json(comparison.to_dict()))
    for file, text in zip(comparison_files(path), texts, strict=True):
        write_text(file, text)


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
    """Make sure that a file is not there, or one of this program's results.

    Raises
    ------
    JobError
        If it is something else.
    """
    if path.exists() and not _is_result(path):
        raise JobError(
            f"{path} would be replaced, but is none of this program's results. Move it away or "
            "choose another name for the table."
        )


def _is_result(path: Path) -> bool:
    if not path.is_file():
        return False
    if path.suffix.lower() == SUFFIX:
        return is_score_book(path)
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        if path.suffix == ".json":
            return json.loads(text)["format"] in _FORMATS
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return text.startswith(_TABLES)
