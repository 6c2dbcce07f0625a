"""Which images of a folder are measured, and under which names."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from napari_slitseg.jobs.measure import MeasureJob
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.fingerprints import sha256_of
from napari_slitseg.pipelines.inputs import find_images
from napari_slitseg.pipelines.project_images import find_stored
from napari_slitseg.pipelines.record import FILE_NAME
from napari_slitseg.store import Project, StoredImage

_NO_IMAGES: Final = frozenset({"slits", "annotations", "points", "membrane"})


@dataclass(frozen=True)
class Item:
    """An image to measure.

    Attributes
    ----------
    name : str
        Path below the folder, with "/"; the file's own name outside of it. Each once.
    path : Path
        The file.
    page : int
        Page of the file, counted from 0.
    stored : StoredImage or None
        What the project knows of it; None where it does not know it.
    """

    name: str
    path: Path
    page: int
    stored: StoredImage | None = None

    @property
    def image_id(self) -> int | None:
        """Its number in the project."""
        return None if self.stored is None else self.stored.id


def items_of(job: MeasureJob, folder: Path, project: Project | None) -> tuple[Item, ...]:
    """List the images that a job means.

    Parameters
    ----------
    job : MeasureJob
    folder : Path
        Where they are.
    project : Project or None
        The project of the folder.

    Raises
    ------
    JobError
        If there are none, or one that was asked for is not there.
    """
    stored = () if project is None else project.images()
    if job.images:
        items = [item for asked in job.images for item in _asked(asked, job, folder, project)]
    else:
        found = _in_folder(folder, subfolders=job.subfolders, needed=not stored)
        items = [*map(_known, stored), *_new(found, stored, job.page)]
    unique = {(item.path.resolve(), item.page): item for item in items}
    moved = _found_again(unique.values(), stored)
    return _named([item for item in moved if item is not None], folder)


def _known(image: StoredImage) -> Item:
    return Item("", image.path, image.page, image)


def _asked(path: Path, job: MeasureJob, folder: Path, project: Project | None) -> list[Item]:
    """Return what one name on the command line means."""
    place = path if path.exists() else folder / path
    if not place.exists():
        if project is None:
            raise JobError(f"There is no image {path}, nor one of that name in {folder}.")
        return [_known(image) for image in find_stored(project, path)]
    stored = () if project is None else project.images()
    found = find_images([place])
    here = {file.resolve() for file in found}
    known = [image for image in stored if image.path.resolve() in here]
    return [*map(_known, known), *_new(found, known, job.page)]


def _new(files: Iterable[Path], stored: Sequence[StoredImage], page: int) -> list[Item]:
    """Files that the project does not know."""
    known = {image.path.resolve() for image in stored}
    return [Item("", file, page) for file in files if file.resolve() not in known]


def _in_folder(folder: Path, *, subfolders: bool, needed: bool) -> tuple[Path, ...]:
    """Return image files; JobError without any, where they are needed."""
    if subfolders:
        found = tuple(file for each in _folders_below(folder) for file in _listed(each))
        if needed and not found:
            raise JobError(f"There are no images in the folder {folder} and those in it.")
        return found
    found = _listed(folder)
    if needed and not found and any(map(_listed, _folders_below(folder))):
        raise JobError(
            f"There are no images in the folder {folder} itself. Add --subfolders to measure those "
            "in its folders."
        )
    return find_images([folder]) if needed else found


def _folders_below(folder: Path) -> Iterator[Path]:
    """Yield a folder and those in it, without those of annotations and predictions."""
    for place, names, files in os.walk(folder):
        names[:] = sorted(n for n in names if not n.startswith(".") and n not in _NO_IMAGES)
        if FILE_NAME not in files or Path(place) == folder:
            yield Path(place)


def _listed(folder: Path) -> tuple[Path, ...]:
    try:
        return find_images([folder])
    except JobError:
        return ()


def _found_again(items: Iterable[Item], stored: Sequence[StoredImage]) -> list[Item | None]:
    """Put files that were moved or renamed in the place of those that are missing."""
    every = list(items)
    lost = {i.sha256: i for i in stored if i.sha256 and not i.path.exists()}
    at: dict[int, Path] = {}
    for number, item in enumerate(every):
        if lost and item.stored is None and item.path.is_file():
            image = lost.pop(sha256_of(item.path), None)
            if image is not None:
                at[image.id] = item.path
                every[number] = replace(item, page=image.page, stored=image)
    return [None if _is_left(item, at) else item for item in every]


def _is_left(item: Item, found_at: dict[int, Path]) -> bool:
    """Whether an item stands for a file that was found elsewhere."""
    number = item.image_id
    return number is not None and found_at.get(number, item.path) != item.path


def _named(items: Sequence[Item], folder: Path) -> tuple[Item, ...]:
    names = [_name(item, folder) for item in items]
    times = Counter(names)
    return tuple(
        replace(item, name=name if times[name] == 1 else f"{item.path}{_page(item)}")
        for item, name in zip(items, names, strict=True)
    )


def _name(item: Item, folder: Path) -> str:
    path, root = item.path.absolute(), folder.absolute()
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return f"{name}{_page(item)}"


def _page(item: Item) -> str:
    return f", page {item.page + 1}" if item.page else ""
