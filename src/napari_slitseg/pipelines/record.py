"""predictions.json: which model made which results, and how."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from napari_slitseg import __version__
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.json_text import to_json
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.jobs import PredictJob
from napari_slitseg.pipelines.inputs import JobError
from napari_slitseg.pipelines.outputs import write_text

if TYPE_CHECKING:
    from napari_slitseg.core.checkpoint_info import CheckpointInfo

FILE_NAME: Final = "predictions.json"

_FORMAT: Final = "napari-slitseg predictions"
_VERSION: Final = 1
_SECONDS_BETWEEN_SAVES: Final = 5.0


@dataclass
class Record:
    """What `FILE_NAME` holds.

    At the top the latest run: date, versions, model, job, threshold, detector, failures. Below
    ``images`` one entry for each image in the folder, also from earlier runs, each with the model,
    the numbers and the detector it was made with. An image predicted again replaces its entry.
    """

    path: Path
    run: dict[str, Any]
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: dict[str, dict[str, str]] = field(default_factory=dict)
    saved_at: float = field(default_factory=monotonic)

    @classmethod
    def open(cls, folder: Path, job: PredictJob) -> Record:
        """Begin the record of a run.

        Raises
        ------
        JobError
            If the folder has a file of that name which is no such record.
        """
        record = cls(folder / FILE_NAME, {"job": job.model_dump(mode="json")})
        _read_entries(record.path)
        return record

    def set_model(self, info: CheckpointInfo, device: str) -> None:
        """Say what the run is made with."""
        job = self.run["job"]
        self.run = {
            "date": _now(),
            "versions": versions(("numpy", "torch")),
            "model": {
                "name": info.name,
                "sha256": info.sha256,
                "pixel_size_nm": info.pixel_size_nm,
            },
            "threshold": _first(job["threshold"], info.threshold),
            "min_distance_nm": _first(job["min_distance_nm"], info.min_distance_nm),
            "detector": job["detector"],
            "device": device,
            "job": job,
        }

    def add(
        self,
        path: Path,
        image: Micrograph,
        prediction: Prediction,
        outputs: Iterable[Path],
        seconds: float,
    ) -> None:
        """Enter an image whose results are written; save now and then.

        Raises
        ------
        OutputError
            If saving fails.
        """
        files = {output.stem.rpartition("_")[2]: output.name for output in outputs}
        self.entries[path.stem] = {
            "name": path.stem,
            "file": str(path),
            "page": image.page,
            "shape": list(image.shape),
            "pixel_size_nm": image.pixel_size_nm,
            "pixel_size_source": image.pixel_size_source,
            "n_slits": len(prediction.table),
            "slits": files.get("slits"),
            "maps": files.get("maps"),
            "model": prediction.model_name,
            "sha256": prediction.model_sha256,
            "threshold": prediction.threshold,
            "min_distance_nm": prediction.min_distance_nm,
            "detector": prediction.detector.to_dict(),
            "date": _now(),
            "seconds": round(seconds, 3),
            "notices": [*image.notices, *prediction.notices],
        }
        if monotonic() - self.saved_at > _SECONDS_BETWEEN_SAVES:
            self.save()

    def add_failure(self, path: Path, reason: str) -> None:
        """Enter an image without results; an earlier entry of it stays, as its files do."""
        self.failures[path.stem] = {"name": path.stem, "file": str(path), "reason": reason}

    def save(self) -> None:
        """Write the record, with what is in the file now and not made anew in this run.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        images = {**_read_entries(self.path), **self.entries}
        content = {
            "format": _FORMAT,
            "format_version": _VERSION,
            **self.run,
            "failed": list(self.failures.values()),
            "images": [images[name] for name in sorted(images)],
        }
        write_text(self.path, to_json(content))
        self.saved_at = monotonic()


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Versions of napari-slitseg, Python and packages, without importing them."""
    found = {"napari-slitseg": __version__, "python": platform.python_version()}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def _read_entries(path: Path) -> dict[str, dict[str, Any]]:
    """Entries of an existing record by name; none where there is no file."""
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] == _FORMAT and content["format_version"] == _VERSION:
            return {entry["name"]: entry for entry in content["images"]}
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise JobError(
        f"{path} is no record of this program, or a damaged one. Move it away or choose another "
        "output folder."
    )


def _first(value: float | None, default: float) -> float:
    return default if value is None else value


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
