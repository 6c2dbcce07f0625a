"""Work for a thread: generators that need neither Qt nor napari. Torch is loaded when they run."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_slitseg.core.image import Micrograph, read_image
from napari_slitseg.core.inference_types import InferenceError
from napari_slitseg.core.points import PointTable, find_annotation, read_points
from napari_slitseg.pipelines.save_plan_file import PointsFile, look_at

if TYPE_CHECKING:
    from napari_slitseg.core.detection import DetectorSpec
    from napari_slitseg.core.inference import Predictor
    from napari_slitseg.core.prediction import Prediction
    from napari_slitseg.pipelines.region import Part

ShouldStop = Callable[[], bool]


@dataclass(frozen=True)
class ToRead:
    """An image file of the workspace that is to be read."""

    key: int
    path: Path
    page: int = 0


@dataclass(frozen=True, eq=False)
class FileRead:
    """A file was read, with its annotation if there is one."""

    key: int
    micrograph: Micrograph
    annotation: PointTable | None
    annotation_path: Path | None
    message: str
    seen: PointsFile | None = None


@dataclass(frozen=True)
class ItemFailed:
    """One image could not be read or predicted; the others go on."""

    key: int
    reason: str


@dataclass(frozen=True)
class ItemStarted:
    """Work on one image begins."""

    key: int
    number: int
    total: int


@dataclass(frozen=True, eq=False)
class ItemPredicted:
    """The model's answer for one image."""

    key: int
    prediction: Prediction


def read_files(files: Sequence[ToRead], should_stop: ShouldStop) -> Generator[Any, None, None]:
    """Read images and the annotations that belong to them, one after the other."""
    for number, file in enumerate(files):
        if should_stop():
            return
        yield ItemStarted(file.key, number, len(files))
        try:
            image = read_image(file.path, page=file.page)
        except (ValueError, OSError) as error:
            yield ItemFailed(file.key, str(error))
            continue
        yield _read(file, image)


def _read(file: ToRead, image: Micrograph) -> FileRead:
    """Image with its annotation; one that cannot be read is a notice, not a failure."""
    notices = "\n".join(image.notices)
    path = find_annotation(file.path) if file.page == 0 else None
    if path is None:
        return FileRead(file.key, image, None, None, notices)
    try:
        table, seen = _points(path)
    except (ValueError, OSError) as error:
        notices = f"{notices}\nThe annotation was not read. {error}".strip()
        return FileRead(file.key, image, None, None, notices)
    if bool(np.any(np.isfinite(table.score) & (table.status == "added"))):
        notices = f"{notices}\n{path.name} has scores, as predictions have.".strip()
    return FileRead(file.key, image, table, path, notices, seen)


def _points(path: Path) -> tuple[PointTable, PointsFile | None]:
    """Points of a file; of one that we may write later, also what else it holds."""
    if path.suffix.lower() != ".csv":
        return read_points(path), None
    seen = look_at(path)
    if seen.table is None:
        raise ValueError(seen.problem)
    return seen.table, seen


class PredictorCache:
    """Keeps the model that was used last, so that only the first click waits for it."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._predictor: Predictor | None = None

    def get(self, model: str, device: str) -> Predictor:
        """Return a model on a device, loaded unless it was used last and is as it was."""
        from napari_slitseg.pipelines.predict_one import open_predictor

        key = (model, device, _stamp(model))
        if self._predictor is None or self._key != key:
            self._predictor = open_predictor(model, device)
            self._key = key
        return self._predictor


def _stamp(model: str) -> tuple[int, ...]:
    """Return what tells one version of a file from the next; a bundled model has only one."""
    try:
        found = Path(model).expanduser().stat()
    except OSError:
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns)


@dataclass(frozen=True, eq=False)
class PredictPlan:
    """What to predict and how.

    Attributes
    ----------
    images : dict
        From key to a function that gives the image.
    model, device : str
        See `napari_slitseg.pipelines.predict_one.open_predictor`.
    threshold, min_distance_nm : float or None
        None for the model's own.
    detector : DetectorSpec or None
        None for smoothed peaks.
    part : Part or None
        Part of the image to predict, and what it is put into.
    """

    images: dict[int, Callable[[], Micrograph]]
    model: str
    device: str
    threshold: float | None = None
    min_distance_nm: float | None = None
    detector: DetectorSpec | None = None
    part: Part | None = None


def predict_all(
    plan: PredictPlan, cache: PredictorCache, should_stop: ShouldStop
) -> Generator[Any, None, int]:
    """Predict images one after the other; the answer is how many failed."""
    from napari_slitseg.pipelines.predict_one import predict_image

    failed = 0
    predictor = cache.get(plan.model, plan.device)
    for number, (key, image) in enumerate(plan.images.items()):
        if should_stop():
            return failed
        yield ItemStarted(key, number, len(plan.images))
        try:
            prediction = yield from predict_image(
                predictor,
                image(),
                threshold=plan.threshold,
                min_distance_nm=plan.min_distance_nm,
                detector=plan.detector,
                should_stop=should_stop,
                part=plan.part,
            )
        except (ValueError, OSError, InferenceError) as error:
            failed += 1
            yield ItemFailed(key, str(error))
            continue
        yield ItemPredicted(key, prediction)
    return failed


def window_around(
    yx: tuple[float, float], shape: tuple[int, int], half_px: float
) -> tuple[slice, slice] | None:
    """Return the window around a pixel, cut at the image's border; None outside the image."""
    if not all(-0.5 <= at < size - 0.5 for at, size in zip(yx, shape, strict=True)):
        return None
    y, x = (
        slice(max(0, round(at - half_px)), min(size, round(at + half_px) + 1))
        for at, size in zip(yx, shape, strict=True)
    )
    return y, x
