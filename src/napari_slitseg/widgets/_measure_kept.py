"""Excluded stretches and samples of the images of a window, kept in their projects.

Knows neither Qt nor napari.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_slitseg.core.morphometry.sample import Sample
from napari_slitseg.store import Project, StoreError
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._keeper import Keeper
from napari_slitseg.widgets._measure_state import Polygons
from napari_slitseg.widgets._workspace import Workspace

_LOOKS: Final = "This window only looks, because another one edits this project."


class KeptMeasuring:
    """Says what is kept of an image, and keeps what a person says; what cannot be kept waits.

    Attributes
    ----------
    trouble : str
        Why something is not kept, "" if all is.
    """

    def __init__(self, workspace: Workspace, keeper: Keeper) -> None:
        self._workspace, self._keeper = workspace, keeper
        self._indices: dict[Path, _Index] = {}
        self._excluded: dict[tuple[int, str], Polygons] = {}
        self._samples: dict[int, Sample] = {}
        self._waiting: set[tuple[int, str]] = set()
        self._waiting_samples: set[int] = set()
        self.trouble = ""

    @property
    def is_behind(self) -> bool:
        """Whether anything is not kept yet that could be."""
        return bool(self._waiting or self._waiting_samples)

    def has_file(self, key: int) -> bool:
        """Whether a project can keep what is said of an image."""
        return self._workspace.unblinded(key).path is not None

    # -- what is kept

    def excluded(self, key: int) -> Polygons:
        """Return the polygons around excluded stretches of an image; the same until they change."""
        of = (key, self._workspace.track)
        if of not in self._excluded:
            kept = self._asked(key, "excluded", self._workspace.track)
            polygons = () if kept is None else tuple(np.asarray(p, float) for p in kept.polygons)
            self._excluded[of] = polygons
        return self._excluded[of]

    def sample(self, key: int) -> Sample:
        """Return the biopsy, glomerulus and group of an image."""
        if key not in self._samples:
            kept = self._asked(key, "samples")
            self._samples[key] = Sample() if kept is None else kept
        return self._samples[key]

    def look_again(self) -> None:
        """Ask the projects again: another part of the window, or another one, wrote into them."""
        self._indices.clear()
        track = self._workspace.track
        for of in [of for of in self._excluded if of not in self._waiting and of[1] == track]:
            was = self._excluded.pop(of)
            if self._workspace.has(of[0]) and _same(self.excluded(of[0]), was):
                self._excluded[of] = was
        for key in [key for key in self._samples if key not in self._waiting_samples]:
            del self._samples[key]

    # -- what a person says

    def exclude(self, key: int, polygons: Sequence[Any]) -> None:
        """Replace the excluded stretches of an image, and keep them."""
        of = (key, self._workspace.track)
        self._excluded[of] = tuple(np.array(polygon, float) for polygon in polygons)
        if self.has_file(key):
            self._waiting.add(of)
        self.retry()

    def set_sample(self, key: int, sample: Sample) -> None:
        """Say where an image comes from, and keep it."""
        self._samples[key] = sample
        self._waiting_samples |= {key} if self.has_file(key) else set()
        self.retry()

    def fill(self, samples: Mapping[int, Sample]) -> Iterator[None]:
        """Say where many images come from; step by step, kept together at the end."""
        self._samples |= samples
        with_file = [key for key in samples if self.has_file(key)]
        for key in with_file:
            self._try(self._image_id, key)
            yield
        self._waiting_samples |= set(with_file)
        self.retry()

    def retry(self) -> None:
        """Try again to keep what is not kept."""
        self.trouble = ""
        for key, track in sorted(self._waiting):
            if self._try(self._put_excluded, key, track):
                self._waiting.discard((key, track))
        by_project: dict[Path, dict[int, int]] = {}
        for key in sorted(self._waiting_samples):
            self._try(self._place, key, by_project)
        for images in by_project.values():
            if self._try(self._put_samples, images):
                self._waiting_samples -= set(images)

    def _try(self, what: Any, *args: Any) -> bool:
        try:
            what(*args)
        except (StoreError, OSError) as error:
            self.trouble = f"Not kept, only in this window. {error}"
            return False
        return True

    def _put_excluded(self, key: int, track: str) -> None:
        project, image_id = self._image_id(key)
        polygons = self._excluded[key, track]
        project.set_excluded(image_id, track, polygons, self._workspace.editor)
        self._indices.pop(project.path, None)

    def _place(self, key: int, by_project: dict[Path, dict[int, int]]) -> None:
        project, image_id = self._image_id(key)
        by_project.setdefault(project.path, {})[key] = image_id

    def _put_samples(self, images: Mapping[int, int]) -> None:
        project, _ = self._image_id(next(iter(images)))
        said = {image_id: self._samples[key] for key, image_id in images.items()}
        project.set_samples(said, self._workspace.editor)
        self._indices.pop(project.path, None)

    def _image_id(self, key: int) -> tuple[Project, int]:
        """Return the project of an image and its number there, begun where there is none."""
        if self._workspace.locked:
            raise StoreError(_LOOKS)
        entry = self._workspace.unblinded(key)
        if entry.path is None:
            raise StoreError(f"{entry.name} has no file.")
        project = self._keeper.begun_project(key)
        image_id = project.image_id(entry.path, entry.page)
        if image_id is None:
            image_id = project.add_image(entry.path, entry.page, entry.shape, entry.file_size_nm)
        return project, image_id

    def _asked(self, key: int, what: str, track: str = "") -> Any:
        """Return what a project says of an image, None where none says anything."""
        try:
            project = self._keeper.project_of(key)
            if project is None:
                return None
            if project.path not in self._indices:
                self._indices[project.path] = _Index(project)
            return self._indices[project.path].of(self._workspace.unblinded(key), what, track)
        except StoreError as error:
            self.trouble = str(error)
            return None


class _Index:
    """What a project says of its images, as it was when it was asked."""

    def __init__(self, project: Project) -> None:
        folder = os.path.abspath(project.folder)
        self._ids = {
            (os.path.normpath(os.path.join(folder, path)), page): image_id
            for image_id, path, page in project.query("SELECT id, path, page FROM images")
        }
        self._excluded, self._samples = project.excluded(), project.samples()

    def of(self, entry: ImageEntry, what: str, track: str) -> Any:
        image_id = self._ids.get((os.path.abspath(entry.path or ""), entry.page))
        if image_id is None:
            return None
        if what == "excluded":
            return self._excluded.get((image_id, track))
        return self._samples.get(image_id)


def _same(one: Polygons, other: Polygons) -> bool:
    return len(one) == len(other) and all(map(np.array_equal, one, other))
