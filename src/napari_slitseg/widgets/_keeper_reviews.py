"""Where the review of each image stands, from the projects of the images."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from napari_slitseg.store import Project, Review, StoreError
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._keeper_projects import Projects


class KeptReviews:
    """Review status by image and track; each project is asked once."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects
        self._read: dict[Path, _Index] = {}

    def of(self, entry: ImageEntry, track: str) -> Review | None:
        """Return where the review of an image stands, None where nobody began it."""
        try:
            project = None if entry.path is None else self._projects.of(entry.path)
            return None if project is None else self._index(project).of(entry, track)
        except StoreError:
            return None

    def put(self, entry: ImageEntry, track: str, status: Any, editor: str) -> None:
        """Tell where the review of an image stands.

        Raises
        ------
        StoreError
            If it cannot be written, or the image has no file.
        """
        if entry.path is None:
            raise StoreError(f"{entry.name} has no file, so its review cannot be kept.")
        project = self._projects.begun(entry.path)
        image_id = project.add_image(entry.path, entry.page, entry.shape, entry.file_size_nm)
        project.set_review(image_id, track, status, editor)
        self._read.pop(project.path, None)

    def _index(self, project: Project) -> _Index:
        if project.path not in self._read:
            self._read[project.path] = _Index(project)
        return self._read[project.path]


class _Index:
    """Images and reviews of a project, as they were when it was asked."""

    def __init__(self, project: Project) -> None:
        folder = os.path.abspath(project.folder)
        images = project.query("SELECT id, path, page FROM images")
        self._ids = {
            (os.path.normpath(os.path.join(folder, path)), page): image_id
            for image_id, path, page in images
        }
        self._reviews = project.reviews()

    def of(self, entry: ImageEntry, track: str) -> Review | None:
        path = os.path.abspath(entry.path or "")
        image_id = self._ids.get((path, entry.page))
        return None if image_id is None else self._reviews.get((image_id, track))
