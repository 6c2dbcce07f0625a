"""predictions.json: which model made which results, and how."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, cast

from napari_slitseg import __version__
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.json_text import to_json
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.jobs import PredictJob
from napari_slitseg.pipelines.fingerprints import fingerprint_of, is_unchanged
from napari_slitseg.pipelines.inputs import JobError
from napari_slitseg.pipelines.kept import Written, changed_since
from napari_slitseg.pipelines.outputs import write_text

if TYPE_CHECKING:
    from napari_slitseg.core.checkpoint_info import CheckpointInfo

FILE_NAME: Final = "predictions.json"

_FORMAT: Final = "napari-slitseg predictions"
_VERSION: Final = 1
_SECONDS_BETWEEN_SAVES: Final = 5.0
_GIVEN: Final = "user"
_DONE: Final = "It is done already; --no-skip-done predicts it again."


@dataclass
class Record:
    """What `FILE_NAME` holds.

    At the top the latest run: date, versions, model, job, threshold, detector, failures. Below
    ``images`` one entry for each image in the folder, also from earlier runs, each with the model,
    the numbers and the detector it was made with. An image predicted again replaces its entry.
    """

    path: Path
    run: dict[str, Any]
    earlier: dict[str, dict[str, Any]] = field(default_factory=dict)
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
        path = folder / FILE_NAME
        return cls(path, {"job": job.model_dump(mode="json")}, _read_entries(path))

    def set_model(self, info: CheckpointInfo) -> None:
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
            "device": "",
            "job": job,
        }

    def set_device(self, device: str) -> None:
        """Say where the model runs."""
        self.run["device"] = device

    def add(self, entry: dict[str, Any]) -> None:
        """Enter an image whose results are written (`entry_of`); save now and then.

        Raises
        ------
        OutputError
            If saving fails.
        """
        self.entries[entry["name"]] = entry
        if monotonic() - self.saved_at > _SECONDS_BETWEEN_SAVES:
            self.save()

    def why_skipped(self, path: Path, size_nm: float | None) -> str:
        """Why an image is not predicted; "" if it is.

        Its results are there as this run would make them, or a person has changed them since.

        Parameters
        ----------
        path : Path
            The image.
        size_nm : float or None
            Pixel size that the job gives for it; None where the file is to tell.
        """
        entry = self.earlier.get(path.stem, {})
        folder, written = self.path.parent, self.written(path)
        alike = all(entry.get(key) == value for key, value in self._wanted().items())
        if not (written and alike and _same_size(entry, size_nm)):
            return ""
        if not is_unchanged(path, _mapping(entry.get("content"))):
            return ""
        if all(is_unchanged(folder / name, was) for name, was in written.items()):
            return _DONE
        return changed_since(folder, written)

    def written(self, path: Path) -> Written:
        """Fingerprints of the results of an image from an earlier run, as far as they are known."""
        written = _mapping(self.earlier.get(path.stem, {}).get("written"))
        return {name: _mapping(was) for name, was in written.items()}

    def _wanted(self) -> dict[str, Any]:
        """Return what entries say of images that were predicted as in this run."""
        same = ("threshold", "min_distance_nm", "detector")
        return {
            **{key: self.run[key] for key in same},
            "sha256": self.run["model"]["sha256"],
            "page": self.run["job"]["page"],
            "maps_format": self.run["job"]["maps"],
            "precision": self.run["job"]["precision"],
            "version": __version__,
        }

    def add_failure(self, path: Path, reason: str) -> None:
        """Enter an image without results; an earlier entry of it stays, as its files do."""
        self.failures[path.stem] = {"name": path.stem, "file": str(path), "reason": reason}

    def save(self) -> None:
        """Write the record, with what is in the file now and not made anew in this run.

        A run that did nothing leaves the file as it is.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        if self.earlier and not (self.entries or self.failures):
            return
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


def entry_of(
    path: Path,
    image: Micrograph,
    prediction: Prediction,
    outputs: Iterable[Path],
    job: PredictJob,
) -> dict[str, Any]:
    """Return what the record says of an image whose results are written.

    Raises
    ------
    OSError
        If a result cannot be read again.
    """
    files = {output.stem.rpartition("_")[2]: output for output in outputs}
    return {
        "name": path.stem,
        "file": str(path),
        "page": image.page,
        "shape": list(image.shape),
        "pixel_size_nm": image.pixel_size_nm,
        "pixel_size_source": image.pixel_size_source,
        "n_slits": len(prediction.table),
        "slits": files["slits"].name,
        "maps": files["maps"].name if "maps" in files else None,
        "maps_format": job.maps,
        "model": prediction.model_name,
        "sha256": prediction.model_sha256,
        "threshold": prediction.threshold,
        "min_distance_nm": prediction.min_distance_nm,
        "detector": prediction.detector.to_dict(),
        "precision": job.precision,
        "version": __version__,
        "date": _now(),
        "notices": [*image.notices, *prediction.notices],
        "written": {output.name: fingerprint_of(output) for output in files.values()},
    }


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


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _same_size(entry: Mapping[str, Any], size_nm: float | None) -> bool:
    """Whether the pixel size was given, and is given now, or the file was to tell both times."""
    was_given = entry.get("pixel_size_source") == _GIVEN
    if size_nm is None:
        return not was_given
    return was_given and entry.get("pixel_size_nm") == size_nm


def _first(value: float | None, default: float) -> float:
    return default if value is None else value


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
