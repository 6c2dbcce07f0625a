"""What slitseg predict wrote of the images that are measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.points import find_annotation, read_points
from napari_slitseg.events import Event, Notice
from napari_slitseg.jobs.measure import MeasureJob
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.evaluation import read_record
from napari_slitseg.pipelines.fingerprints import is_unchanged
from napari_slitseg.pipelines.measure_proposals import Model, Proposed, words_of
from napari_slitseg.pipelines.measure_result import ModelUsed

_USUAL: Final = ("results", "predictions")
_WHOSE: Final = (
    "Another image has the same name, and nothing tells that {} is of this one: it is not used."
)
_SAME_SIZE: Final = 1e-3
"""Pixel sizes that differ by less, as a share, are the same."""


@dataclass(frozen=True)
class Predictions:
    """Files that slitseg predict wrote.

    Attributes
    ----------
    folder : Path or None
        Where they are; None looks in the usual places.
    asked : mapping
        What the record must say there, for them to be taken.
    shared : frozenset of str
        Names that several images have, without ending: only the record tells whose a file is.
    """

    folder: Path | None
    asked: Mapping[str, Any]
    shared: frozenset[str] = frozenset()
    records: dict[Path, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, job: MeasureJob, model: Model, images: Iterable[Path]) -> Predictions:
        """Look for the folder of a job that measures these images.

        Raises
        ------
        JobError
            If it is not there.
        """
        if job.predictions is not None and not job.predictions.is_dir():
            raise JobError(f"There is no folder {job.predictions} with predictions.")
        times = Counter(path.stem for path in dict.fromkeys(images))
        shared = frozenset(stem for stem, n in times.items() if n > 1)
        return cls(job.predictions, model.asked, shared)

    def of_image(self, path: Path, image: Micrograph) -> Generator[Event, None, Proposed | None]:
        """Read what was predicted for an image; None where there is nothing fit to be used.

        Parameters
        ----------
        path : Path
            Its file.
        image : Micrograph
            With the pixel size that is measured with.

        Raises
        ------
        ValueError, OSError
            If a file cannot be read, or is of an image of another size.
        """
        if self.folder is not None:
            return (yield from self._given(path, image, self.folder))
        for folder in _usual_folders(path):
            entry = self._entry(folder, path)
            if entry and image.page == entry.get("page"):
                why = self._why_not(entry, path, image)
                if not why:
                    return _read(folder / entry["slits"], folder, entry, image)
                yield Notice(text=f"What {folder} says of it is not used: {why}.", item=path.name)
        return None

    def _given(
        self, path: Path, image: Micrograph, folder: Path
    ) -> Generator[Event, None, Proposed | None]:
        file = None if image.page else find_annotation(path, folder)
        entry = self._entry(folder, path)
        if file is None:
            yield Notice(text=f"There is no prediction for it in {folder}.", item=path.name)
            return None
        if path.stem in self.shared and not _is_known_of(entry, path):
            yield Notice(text=_WHOSE.format(file), item=path.name)
            return None
        if entry and not _is_of(entry, path):
            yield Notice(text=f"It has changed since {file} was made.", item=path.name)
        if entry and not _same_size(entry.get("pixel_size_nm"), image.pixel_size_nm):
            yield Notice(
                text=f"{file} was made for {_nm(entry.get('pixel_size_nm'))}, it is measured with "
                f"{_nm(image.pixel_size_nm)}.",
                item=path.name,
            )
        return _read(file, folder, entry, image)

    def _entry(self, folder: Path, path: Path) -> Mapping[str, Any]:
        if folder not in self.records:
            self.records[folder] = read_record(folder)
        entry: Mapping[str, Any] = self.records[folder].get(path.stem, {})
        return entry

    def _why_not(self, entry: Mapping[str, Any], path: Path, image: Micrograph) -> str:
        """Why a prediction in a usual place is not the one that is asked for; "" if it is."""
        other = [key for key, value in self.asked.items() if entry.get(key) != value]
        if "sha256" in other:
            return f"it is by the model {entry.get('model')}; --predictions takes it nevertheless"
        if other:
            return f"it was made with another {other[0]}; --predictions takes it nevertheless"
        if not _same_size(entry.get("pixel_size_nm"), image.pixel_size_nm):
            return f"it was made for {_nm(entry.get('pixel_size_nm'))}"
        return "" if _is_of(entry, path) else "the image has changed since"


def _usual_folders(path: Path) -> list[Path]:
    home = path.parent
    return [home, *(each / name for each in (home, home.parent) for name in _USUAL)]


def _read(file: Path, folder: Path, entry: Mapping[str, Any], image: Micrograph) -> Proposed:
    has_maps = entry.get("maps", "") is not None
    maps = folder / (entry.get("maps") or f"{image.path.stem if image.path else ''}_maps.tif")
    membrane, slit = _maps(maps, image.shape) if has_maps else (None, None)
    return Proposed(read_points(file), membrane, slit, _model_of(entry))


def _maps(
    file: Path, shape: tuple[int, int]
) -> tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]] | tuple[None, None]:
    """Read membrane and slit map; nothing where there is no such file."""
    if not file.is_file():
        return None, None
    try:
        pages = tifffile.imread(file)
    except (OSError, ValueError) as error:
        raise JobError(f"{file} cannot be read: {error}. Run slitseg predict again.") from error
    if pages.ndim != 3 or pages.shape[0] != 2 or pages.shape[1:] != shape:
        there, here = (" x ".join(map(str, each)) for each in (pages.shape[-2:], shape))
        raise JobError(
            f"{file} is {there} px, but its image is {here} px: it was made of another image. Run "
            "slitseg predict again."
        )
    return pages[0], pages[1]


def _model_of(entry: Mapping[str, Any]) -> ModelUsed | None:
    names = ("model", "sha256", "detector", "threshold", "min_distance_nm")
    if any(entry.get(name) is None for name in names):
        return None
    return ModelUsed(
        name=entry["model"],
        sha256=entry["sha256"],
        detector=words_of(entry["detector"]),
        threshold=entry["threshold"],
        min_distance_nm=entry["min_distance_nm"],
    )


def _is_of(entry: Mapping[str, Any], path: Path) -> bool:
    content = entry.get("content")
    return not isinstance(content, Mapping) or is_unchanged(path, content)


def _is_known_of(entry: Mapping[str, Any], path: Path) -> bool:
    content = entry.get("content")
    return isinstance(content, Mapping) and is_unchanged(path, content)


def _same_size(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _SAME_SIZE * other


def _nm(size: float | None) -> str:
    return "an unknown pixel size" if size is None else f"{size:.5g} nm per pixel"
