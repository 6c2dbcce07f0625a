"""What a project says of excluded stretches and samples, asked once for all images."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from napari_slitseg.store import Project
from napari_slitseg.widgets._entry import ImageEntry

Which = tuple[Path | None, int]
"""An image: its file and page, or no file and its key in the window."""


def which(entry: ImageEntry) -> Which:
    """Return which image it is; the same after it left the list and came back."""
    return (None, entry.key) if entry.path is None else (entry.path, entry.page)


class Index:
    """What a project says of its images, as it was when it was asked."""

    def __init__(self, project: Project) -> None:
        folder = os.path.abspath(project.folder)
        self._ids = {
            (os.path.normpath(os.path.join(folder, path)), page): image_id
            for image_id, path, page in project.query("SELECT id, path, page FROM images")
        }
        self._project = project
        self._excluded, self._samples = project.excluded(), project.samples()

    def of(self, entry: ImageEntry, what: str, track: str) -> Any:
        """Return "excluded" of a track, or "samples", of an image; None where nothing is said."""
        image_id = self._image_id(entry)
        if image_id is None:
            return None
        if what == "excluded":
            return self._excluded.get((image_id, track))
        return self._samples.get(image_id)

    def _image_id(self, entry: ImageEntry) -> int | None:
        known = self._ids.get((os.path.abspath(entry.path or ""), entry.page))
        if known is not None or entry.path is None:
            return known
        return self._project.image_id(entry.path, entry.page)
