"""Which images a reading can have, and what its plan calls them."""

from __future__ import annotations

from pathlib import Path

from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.store import Project
from napari_slitseg.widgets._entry import ImageEntry, Status


def name_in(project: Project, entry: ImageEntry) -> str:
    """Return what a plan calls an image: its file in the project, and its page if not the first.

    Raises
    ------
    JobError
        If the image has no file.
    """
    path = entry.path
    if path is None:
        raise JobError(f"{entry.name} has no file.")
    inside = path.is_relative_to(project.folder)
    file = path.relative_to(project.folder).as_posix() if inside else str(path)
    return f"{file} [page {entry.page + 1}]" if entry.page else file


def can_be_read(entry: ImageEntry, folder: Path | None) -> bool:
    """Whether an image can be part of a reading: one that was read from a file of a folder."""
    is_there = entry.path is not None and entry.path.parent == folder and not entry.layer_slice
    return is_there and entry.status not in (Status.FAILED, Status.WAITING)
