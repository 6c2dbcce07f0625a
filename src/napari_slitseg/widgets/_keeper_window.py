"""What a window showed last, kept in the project of its images."""

from __future__ import annotations

import contextlib
from typing import Final

from napari_slitseg.store import Project, StoreError
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._keeper_projects import Projects
from napari_slitseg.widgets._workspace import Workspace

_SETTING: Final = "window"


class ShownLast:
    """Image, tolerance and threshold of last time."""

    def __init__(self, workspace: Workspace, projects: Projects) -> None:
        self._workspace = workspace
        self._projects = projects

    def go_on(self) -> None:
        """Go on as last time in the folders of the images that are listed.

        Raises
        ------
        StoreError
            If a project cannot be read.
        """
        if self._workspace.current is not None or self._workspace.blind is not None:
            return
        folders = {e.path.parent: e for e in self._workspace.entries if e.path is not None}
        for entry in folders.values():
            self._go_on_with(entry)

    def _go_on_with(self, entry: ImageEntry) -> None:
        workspace = self._workspace
        project = None if entry.path is None else self._projects.of(entry.path)
        last = None if project is None else project.get(_SETTING)
        if project is None or not isinstance(last, dict):
            return
        path = project.folder / str(last.get("image", ""))
        shown = workspace.find(path=path, page=last.get("page", 0))
        workspace.wanted = workspace.wanted if shown is None else shown.key
        if workspace.cut is None and last.get("cut"):
            workspace.set_cut(*last["cut"])
        workspace.set_tolerance(float(last.get("tolerance_nm", workspace.tolerance_nm)))

    def remember(self, project: Project | None) -> None:
        """Remember what is shown in the project of the current image, if that has begun."""
        workspace, current = self._workspace, self._workspace.current
        if current is None or project is None or workspace.blind is not None:
            return
        path = current.path
        if path is None or project.is_read_only or workspace.locked:
            return
        place = path.absolute()
        with contextlib.suppress(ValueError):
            place = place.relative_to(project.folder.absolute())
        shown = {"image": place.as_posix(), "page": current.page}
        settings = {"tolerance_nm": workspace.tolerance_nm, "cut": workspace.cut}
        with contextlib.suppress(StoreError):
            project.put(_SETTING, {**shown, **settings})
