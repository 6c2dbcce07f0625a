"""What speaks against giving a scale to the images of a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.image import ImageReadError, Micrograph, read_image
from napari_slitseg.jobs.calibrate import CalibrateJob
from napari_slitseg.pipelines.inputs import ShouldStop, find_images
from napari_slitseg.store import PROJECT_FILE, Project

_ALIKE: Final = 0.02


def doubts(
    job: CalibrateJob,
    folder: Path,
    photo: Micrograph | None,
    scale: Scale,
    should_stop: ShouldStop,
) -> Iterator[str]:
    """Yield a sentence for each thing that the person should know before trusting a scale.

    Images of another size than the photograph, files that say another scale, and images that keep
    their own. Images that cannot be read are passed over.

    Raises
    ------
    StoreError
        If the project of the folder is there and cannot be read.
    """
    images = job.images or find_images([folder])
    sizes: Counter[tuple[int, int]] = Counter()
    others: list[tuple[Path, float]] = []
    for path in images:
        if should_stop():
            return
        try:
            image = read_image(path)
        except ImageReadError:
            continue
        sizes[image.shape] += 1
        said_nm = image.pixel_size_nm
        if said_nm is not None and abs(said_nm / scale.nm_per_px - 1) > _ALIKE:
            others.append((path, said_nm))
    if photo is not None:
        yield from _about_sizes(sizes, photo)
    yield from _about_files(job, others, scale)
    if not job.images:
        yield from _about_own(folder)


def _about_sizes(sizes: Counter[tuple[int, int]], photo: Micrograph) -> Iterator[str]:
    other = {shape: number for shape, number in sizes.items() if shape != photo.shape}
    if other:
        height, width = max(other, key=lambda shape: other[shape])
        yield (
            f"{sum(other.values())} of {sizes.total()} images have another number of pixels than "
            f"the photograph ({width} x {height} px, the photograph {photo.shape[1]} x "
            f"{photo.shape[0]}). The scale holds for the same magnification and the same binning "
            "only; images that were cropped are fine."
        )


def _about_files(
    job: CalibrateJob, others: list[tuple[Path, float]], scale: Scale
) -> Iterator[str]:
    if not others:
        return
    path, said_nm = others[0]
    goes_first = bool(job.images) or job.before_file
    what = "what is told now goes before it" if goes_first else "that goes before what is told now"
    hint = "" if goes_first else "; --before-file turns that round"
    yield (
        f"Image files that say another scale themselves: {len(others)}, such as {path.name}: "
        f"{said_nm:.5g} nm per pixel, {said_nm / scale.nm_per_px:.4g} times as much; {what}{hint}."
    )


def _about_own(folder: Path) -> Iterator[str]:
    if not (folder / PROJECT_FILE).is_file():
        return
    with Project.open(folder, read_only=True) as project:
        number = sum(image is not None for image in project.scales())
    if number:
        yield (
            f"Images with a scale of their own in the project, which goes before that of the "
            f"folder: {number}."
        )
