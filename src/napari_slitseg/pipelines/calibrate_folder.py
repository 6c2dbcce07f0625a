"""Tell the project of a folder a scale, and what holds for each of its images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_slitseg.core.calibration import FolderScale, Scale, resolve_scale
from napari_slitseg.core.image import ImageReadError, read_image, read_pixel_size
from napari_slitseg.jobs.calibrate import CalibrateJob
from napari_slitseg.pipelines.calibrate_result import ImageScale, ScaleOf
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.fingerprints import sha256_of
from napari_slitseg.pipelines.inputs import find_images
from napari_slitseg.store import LISTED, PROJECT_FILE, KeptScale, Project


def check_folder(folder: Path, images: Sequence[Path]) -> None:
    """Refuse a folder that is not there or has no images, and images that are not in it.

    Raises
    ------
    JobError
        With what to give instead.
    """
    if not folder.is_dir():
        raise JobError(f"There is no folder {folder}. Give the folder of the images.")
    inside = {path.resolve() for path in find_images([folder])}
    for image in images:
        if image.resolve() not in inside:
            raise JobError(f"{image} is no image of the folder {folder}.")


def tell(job: CalibrateJob, folder: Path, scale: Scale) -> None:
    """Keep a scale in the project of a folder, which is made if there is none.

    Raises
    ------
    StoreError
        If it cannot be kept; nothing was told then.
    ImageReadError
        If an image that is told about cannot be read.
    """
    with Project.open_or_create(folder) as project:
        ids = [_number(project, image) for image in job.images] if job.images else None
        project.set_scale(scale, ids, before_file=job.before_file, editor=job.editor)


def forget(job: CalibrateJob, folder: Path) -> None:
    """Tell a project that the scale of its folder, or of some images, no longer holds.

    Raises
    ------
    JobError
        If there is nothing to forget.
    StoreError
        If it cannot be kept.
    """
    if not (folder / PROJECT_FILE).is_file():
        raise JobError(f"There is no project in {folder}, so no scale was told to it.")
    with Project.open(folder) as project:
        kept = project.scales()
        ids = [project.image_id(image) for image in job.images] if job.images else [None]
        known = [number for number in ids if number in kept]
        if not known:
            what = "these images" if job.images else "the folder as a whole"
            raise JobError(f"No scale was told of {what}. See 'slitseg calibrate --show'.")
        if job.images:
            project.unset_scale([number for number in known if number is not None], job.editor)
        else:
            project.unset_scale(None, job.editor)


def _number(project: Project, image: Path) -> int:
    number = project.image_id(image)
    if number is not None:
        return number
    seen = read_image(image)
    return project.add_image(image, 0, seen.shape, seen.pixel_size_nm, sha256_of(image))


def image_scales(folder: Path) -> tuple[ImageScale, ...]:
    """Return what holds for each image of a folder; files that cannot be read say nothing.

    Raises
    ------
    JobError
        If the folder has no images.
    StoreError
        If its project cannot be read.
    """
    images = find_images([folder])
    if not (folder / PROJECT_FILE).is_file():
        return tuple(_resolved(path, {}, None, None) for path in images)
    with Project.open(folder, read_only=True) as project:
        kept = project.scales()
        typed = {image.id: image.pixel_size_nm for image in project.images()}
        numbers = [project.image_id(path) for path in images]
    return tuple(
        _resolved(path, kept, number, None if number is None else typed.get(number))
        for path, number in zip(images, numbers, strict=True)
    )


def _resolved(
    path: Path, kept: dict[int | None, KeptScale], number: int | None, typed_nm: float | None
) -> ImageScale:
    own = None if number is None else kept.get(number)
    folder = kept.get(None)
    of_file = _of_file(path)
    listed = None if typed_nm is None else Scale(typed_nm, "typed", LISTED)
    scale = resolve_scale(
        None if own is None else own.scale,
        None if folder is None else FolderScale(folder.scale, folder.before_file),
        of_file or listed,
    )
    return ImageScale(path, scale, _told_by(scale, own, of_file, listed))


def _told_by(
    scale: Scale | None, own: KeptScale | None, of_file: Scale | None, listed: Scale | None
) -> ScaleOf:
    if scale is None:
        return "none"
    if own is not None:
        return "image"
    if scale is of_file:
        return "file"
    return "window" if scale is listed else "folder"


def _of_file(path: Path) -> Scale | None:
    try:
        size_nm, source = read_pixel_size(path)
    except ImageReadError:
        return None
    return None if size_nm is None else Scale(size_nm, "file", source)
