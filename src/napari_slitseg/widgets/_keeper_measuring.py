"""Excluded stretches and samples of the images of a window, kept in their projects.

Knows neither Qt nor napari.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_slitseg.core.morphometry.sample import Sample
from napari_slitseg.store import Project, StoreError
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._keeper_index import Index, Which, which
from napari_slitseg.widgets._keeper_projects import Projects
from napari_slitseg.widgets._keeper_slot import bare
from napari_slitseg.widgets._workspace import Workspace

Polygons = tuple[NDArray[np.float64], ...]

_NOT_KEPT: Final = "Not kept, only in this window. {}"


class KeptMeasuring:
    """Says what is kept of an image, and keeps what a person says; what cannot be kept waits.

    Signals: `changed()` when something was kept, or could not be.

    Attributes
    ----------
    trouble : str
        Why something is not kept, "" if all is.
    is_busy : bool
        Whether that is because another program holds the project.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace, projects: Projects) -> None:
        self._workspace, self._projects = workspace, projects
        self._indices: dict[Path, Index] = {}
        self._excluded: dict[tuple[Which, str], Polygons] = {}
        self._earlier: dict[tuple[Which, str], Polygons] = {}
        self._samples: dict[Which, Sample] = {}
        self._waiting: dict[tuple[Which, str], ImageEntry] = {}
        self._waiting_samples: dict[Which, ImageEntry] = {}
        self.trouble = ""
        self.is_busy = False

    @property
    def n_waiting(self) -> int:
        """How many statements are not on the disk, but could be."""
        waiting = (*self._waiting.values(), *self._waiting_samples.values())
        return sum(entry.path is not None for entry in waiting)

    @property
    def unkept(self) -> tuple[str, ...]:
        """Names of images of which something is not on the disk, also of those without a file."""
        of = {
            "excluded stretches": self._waiting.values(),
            "biopsy, glomerulus, group": self._waiting_samples.values(),
        }
        names = (f"{entry.name} ({what})" for what, waiting in of.items() for entry in waiting)
        return tuple(dict.fromkeys(names))

    def has_file(self, key: int) -> bool:
        """Whether a project can keep what is said of an image."""
        return self._workspace.unblinded(key).path is not None

    # -- what is kept

    def excluded(self, key: int) -> Polygons:
        """Return the polygons around excluded stretches of an image; the same until they change."""
        entry, track = self._workspace.unblinded(key), self._workspace.track
        of = (which(entry), track)
        if of not in self._excluded:
            kept = self._asked(entry, "excluded", track)
            polygons = () if kept is None else tuple(np.asarray(p, float) for p in kept.polygons)
            earlier = self._earlier.pop(of, ())
            self._excluded[of] = earlier if _same(earlier, polygons) else polygons
        return self._excluded[of]

    def sample(self, key: int) -> Sample:
        """Return the biopsy, glomerulus and group of an image."""
        entry = self._workspace.unblinded(key)
        of = which(entry)
        if of not in self._samples:
            kept = self._asked(entry, "samples")
            self._samples[of] = Sample() if kept is None else kept
        return self._samples[of]

    def look_again(self) -> None:
        """Ask the projects again: another part of the window, or another one, wrote into them."""
        self._indices.clear()
        for of in self._excluded.keys() - self._waiting.keys():
            self._earlier[of] = self._excluded.pop(of)
        for image in self._samples.keys() - self._waiting_samples.keys():
            del self._samples[image]

    def look_again_at(self, key: int) -> None:
        """Ask the project again about one image: it may have been found under another name."""
        entry = self._workspace.unblinded(key)
        of, track = which(entry), self._workspace.track
        if (of, track) not in self._waiting:
            self._excluded.pop((of, track), None)
        if of not in self._waiting_samples:
            self._samples.pop(of, None)

    # -- what a person says

    def exclude(self, key: int, polygons: Sequence[Any]) -> None:
        """Replace the excluded stretches of an image, and keep them."""
        entry = bare(self._workspace.unblinded(key))
        of = (which(entry), self._workspace.track)
        self._excluded[of] = tuple(np.array(polygon, float) for polygon in polygons)
        self._waiting[of] = entry
        self.retry()

    def set_sample(self, key: int, sample: Sample) -> None:
        """Say where an image comes from, and keep it."""
        self._say_sample(key, sample)
        self.retry()

    def fill(self, samples: Mapping[int, Sample]) -> Iterator[None]:
        """Say where many images come from; step by step, kept together at the end."""
        for key, sample in samples.items():
            if self._workspace.has(key):
                self._say_sample(key, sample)
                yield
        self.retry()

    def _say_sample(self, key: int, sample: Sample) -> None:
        entry = bare(self._workspace.unblinded(key))
        self._samples[which(entry)] = sample
        self._waiting_samples[which(entry)] = entry

    def retry(self) -> None:
        """Try again to keep what is not kept."""
        self.trouble, self.is_busy = "", False
        for (of, track), entry in list(self._waiting.items()):
            if entry.path is not None and self._try(self._put_excluded, entry, track):
                del self._waiting[of, track]
        by_project: dict[Path, list[ImageEntry]] = {}
        for entry in self._waiting_samples.values():
            if entry.path is not None:
                self._try(self._place, entry, by_project)
        for entries in by_project.values():
            if self._try(self._put_samples, entries):
                for entry in entries:
                    del self._waiting_samples[which(entry)]
        self.changed.emit()

    def _try(self, what: Any, *args: Any) -> bool:
        try:
            what(*args)
        except StoreError as error:
            self.is_busy = self.is_busy or error.is_busy
            self.trouble = _NOT_KEPT.format(error)
            return False
        except OSError as error:
            self.trouble = _NOT_KEPT.format(f"{error.filename}: {error.strerror}.")
            return False
        return True

    def _put_excluded(self, entry: ImageEntry, track: str) -> None:
        project = self._begun(entry)
        polygons = self._excluded[which(entry), track]
        image_id = _numbers(project, [entry])[0]
        project.set_excluded(image_id, track, polygons, self._workspace.editor)
        self._indices.pop(project.path, None)

    def _place(self, entry: ImageEntry, by_project: dict[Path, list[ImageEntry]]) -> None:
        by_project.setdefault(self._begun(entry).path, []).append(entry)

    def _put_samples(self, entries: Sequence[ImageEntry]) -> None:
        project = self._begun(entries[0])
        said = [self._samples[which(entry)] for entry in entries]
        numbers = _numbers(project, entries)
        project.set_samples(dict(zip(numbers, said, strict=True)), self._workspace.editor)
        self._indices.pop(project.path, None)

    def _begun(self, entry: ImageEntry) -> Project:
        """Return the project of an image, begun where there is none."""
        if self._workspace.locked:
            raise StoreError(self._workspace.locked)
        if entry.path is None:
            raise StoreError(f"{entry.name} has no file.")
        return self._projects.begun(entry.path)

    def _asked(self, entry: ImageEntry, what: str, track: str = "") -> Any:
        """Return what a project says of an image, None where none says anything."""
        try:
            project = None if entry.path is None else self._projects.of(entry.path)
            if project is None:
                return None
            if project.path not in self._indices:
                self._indices[project.path] = Index(project)
            return self._indices[project.path].of(entry, what, track)
        except StoreError as error:
            self.trouble = str(error)
            return None


def _numbers(project: Project, entries: Sequence[ImageEntry]) -> list[int]:
    """Return the numbers of images in a project, which takes in those it does not know."""
    return project.add_images(
        (entry.path, entry.page, entry.shape, entry.file_size_nm)
        for entry in entries
        if entry.path is not None
    )


def _same(one: Polygons, other: Polygons) -> bool:
    return len(one) == len(other) and all(map(np.array_equal, one, other))
