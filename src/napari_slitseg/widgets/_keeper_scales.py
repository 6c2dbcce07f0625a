"""Scales of images and folders, kept in the projects of the images. Knows neither Qt nor napari."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from psygnal import Signal

from napari_slitseg.core.calibration import FolderScale, Scale, resolve_scale
from napari_slitseg.store import LISTED, KeptScale, Project, StoreError
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._keeper_projects import Projects
from napari_slitseg.widgets._keeper_said import Said, about, alike_first
from napari_slitseg.widgets._keeper_slot import bare
from napari_slitseg.widgets._workspace import Workspace

_NOT_KEPT: Final = "A scale is not kept yet, only in this window. {}"


class KeptScales:
    """Says the scale of every image, and keeps what a person says; what cannot be kept waits.

    Signals: `changed()` when something was kept, or could not be.

    Attributes
    ----------
    trouble : str
        Why a scale is not kept, "" if all are.
    is_busy : bool
        Whether that is because another program holds the project.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace, projects: Projects) -> None:
        self._workspace, self._projects = workspace, projects
        self._known: dict[Path, dict[int | None, KeptScale]] = {}
        self._waiting: list[Said] = []
        self.trouble = ""
        self.is_busy = False

    @property
    def n_waiting(self) -> int:
        """How many statements are not on the disk yet."""
        return len(self._waiting)

    @property
    def unkept(self) -> tuple[str, ...]:
        """Names of what has a scale that is not on the disk."""
        names = (
            f"{said.image.path.parent.name} (its scale)"
            if said.is_of_folder and said.image.path is not None
            else f"{said.image.name} (its scale)"
            for said in self._waiting
        )
        return tuple(dict.fromkeys(names))

    def look_again(self) -> None:
        """Ask the projects again when a scale is needed: another window may have said one."""
        self._known.clear()

    def of(self, entry: ImageEntry, of_file: Scale | None) -> Scale | None:
        """Return the scale of an image whose file says `of_file`."""
        own, folder = self._own(entry), self.of_folder(entry)
        return resolve_scale(own, folder, of_file or self._listed(entry))

    def of_folder(self, entry: ImageEntry) -> FolderScale | None:
        """Return the scale of the folder of an image, None where it has none."""
        for said in reversed(self._waiting):
            if said.is_of_folder and self._is_in_folder_of(entry, said.image):
                return None if said.scale is None else FolderScale(said.scale, said.before_file)
        kept = self._kept(entry)[1].get(None)
        return None if kept is None else FolderScale(kept.scale, kept.before_file)

    def has_own(self, entry: ImageEntry) -> bool:
        """Whether something was said of this very image."""
        return self._own(entry) is not None

    def folder_of(self, entry: ImageEntry) -> Path | None:
        """Return the folder of the project of an image, as it is or would begin."""
        if entry.path is None:
            return None
        project = self._project(entry)
        return entry.path.parent if project is None else project.folder

    def give(self, keys: Sequence[int], scale: Scale | None) -> None:
        """Give images a scale and keep it; with None, that of their folder or file again."""
        self.say(keys, scale)
        for key in keys:
            entry = self._workspace.unblinded(key)
            known = self.of(entry, entry.file_scale) if entry.path else scale or entry.file_scale
            self._workspace.set_scale(key, known)

    def give_folder(self, key: int, scale: Scale | None, *, before_file: bool = False) -> None:
        """Give the folder of an image a scale and keep it; with None, take it back."""
        self.say_of_folder(key, scale, before_file=before_file)
        image = self._workspace.unblinded(key)
        for entry in self._workspace.every_entry():
            if self._is_in_folder_of(entry, image):
                self._workspace.set_scale(entry.key, self.of(entry, entry.file_scale))

    def say(self, keys: Sequence[int], scale: Scale | None) -> None:
        """Keep the scale of images; those without a file have it in this window only."""
        for key in keys:
            entry = bare(self._workspace.unblinded(key))
            if entry.path is not None:
                self._wait(Said(entry, scale))
        self.retry()

    def say_of_folder(self, key: int, scale: Scale | None, *, before_file: bool) -> None:
        """Keep the scale of the folder of an image that has a file."""
        entry = bare(self._workspace.unblinded(key))
        self._wait(Said(entry, scale, is_of_folder=True, before_file=before_file))
        self.retry()

    def retry(self) -> None:
        """Try again to keep what is not kept."""
        self.trouble, self.is_busy = "", False
        left, self._waiting = self._waiting, []
        while left:
            alike = alike_first(left)
            if not self._try(alike):
                self._waiting += alike
            del left[: len(alike)]
        self.look_again()
        self.changed.emit()

    def _wait(self, said: Said) -> None:
        """Queue a statement in place of an older one about the same."""
        self._waiting = [each for each in self._waiting if about(each) != about(said)]
        self._waiting.append(said)

    def _try(self, alike: Sequence[Said]) -> bool:
        try:
            if self._workspace.locked:
                raise StoreError(self._workspace.locked)
            self._keep(alike)
        except StoreError as error:
            self.is_busy = error.is_busy
            self.trouble = _NOT_KEPT.format(error)
            return False
        except OSError as error:
            self.trouble = _NOT_KEPT.format(f"{error.filename}: {error.strerror}.")
            return False
        return True

    def _keep(self, alike: Sequence[Said]) -> None:
        """Keep statements that say the same, for all images of a project at once."""
        first, editor = alike[0], self._workspace.editor
        if first.is_of_folder:
            _say(self._begun(first.image), None, first, editor)
            return
        there: dict[Path, tuple[Project, list[ImageEntry]]] = {}
        for said in alike:
            project = self._begun(said.image)
            there.setdefault(project.path, (project, []))[1].append(said.image)
        for project, entries in there.values():
            _say(project, _numbers(project, entries), first, editor)

    def _begun(self, entry: ImageEntry) -> Project:
        if entry.path is None:
            raise StoreError(f"{entry.name} has no file, so no project can keep its scale.")
        return self._projects.begun(entry.path)

    def _own(self, entry: ImageEntry) -> Scale | None:
        for said in reversed(self._waiting):
            if about(said) == (False, entry.path, entry.page):
                return said.scale
        image_id, scales = self._kept(entry)
        kept = None if image_id is None else scales.get(image_id)
        return None if kept is None else kept.scale

    def _listed(self, entry: ImageEntry) -> Scale | None:
        """Return the pixel size in the project's list of images, as older versions kept it."""
        try:
            project, image_id = self._project(entry), self._kept(entry)[0]
            stored = None if project is None or image_id is None else project.image(image_id)
            size = None if stored is None else stored.pixel_size_nm
            return None if size is None else Scale(size, "typed", LISTED)
        except (StoreError, ValueError):
            return None

    def _kept(self, entry: ImageEntry) -> tuple[int | None, dict[int | None, KeptScale]]:
        """Return the number of an image in its project, and all scales there."""
        project = self._project(entry)
        if project is None or entry.path is None:
            return None, {}
        try:
            if project.path not in self._known:
                self._known[project.path] = project.scales()
            return project.image_id(entry.path, entry.page), self._known[project.path]
        except StoreError as error:
            self.trouble = str(error)
            return None, {}

    def _project(self, entry: ImageEntry) -> Project | None:
        try:
            return None if entry.path is None else self._projects.of(entry.path)
        except StoreError as error:
            self.trouble = str(error)
            return None

    def _is_in_folder_of(self, entry: ImageEntry, other: ImageEntry) -> bool:
        return entry.path is not None and self.folder_of(entry) == self.folder_of(other)


def _numbers(project: Project, entries: Sequence[ImageEntry]) -> list[int]:
    return project.add_images(
        (entry.path, entry.page, entry.shape, entry.file_size_nm)
        for entry in entries
        if entry.path is not None
    )


def _say(project: Project, image_ids: Sequence[int] | None, said: Said, editor: str) -> None:
    if said.scale is None:
        project.unset_scale(image_ids, editor)
    else:
        project.set_scale(said.scale, image_ids, before_file=said.before_file, editor=editor)
