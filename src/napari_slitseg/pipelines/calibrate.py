"""Find out how many nanometres a pixel has, and tell the project of a folder."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Final

from napari_slitseg.core.calibration import (
    NoGrating,
    Scale,
    find_scale_bar,
    measure_grating,
    parse_length,
    scale_from_bar,
    snap_to_bar,
)
from napari_slitseg.core.calibration.scale_bar import DRAWN_END_PX, FOUND_END_PX
from napari_slitseg.core.image import ImageReadError, Micrograph, read_image
from napari_slitseg.events import Event, Finished, ImageFailed, Notice, Started
from napari_slitseg.jobs.calibrate import CalibrateJob
from napari_slitseg.pipelines.calibrate_doubts import doubts
from napari_slitseg.pipelines.calibrate_folder import check_folder, forget, image_scales, tell
from napari_slitseg.pipelines.calibrate_result import CalibrateResult
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.inputs import ShouldStop, never
from napari_slitseg.store import StoreError

_NO_BAR: Final = (
    "No scale bar was found in it. Give its ends: --bar-from Y X --bar-to Y X, in px from the "
    "upper left corner."
)


def calibrate(
    job: CalibrateJob, should_stop: ShouldStop = never
) -> Generator[Event, None, CalibrateResult]:
    """Measure a scale, or take the typed one, and tell it to a folder; or list what is known.

    Parameters
    ----------
    job : CalibrateJob
        What to do. No image file is ever changed.
    should_stop : callable
        Asked before anything is kept, and between images that are looked at.

    Yields
    ------
    Started, Notice, ImageFailed
        Nothing at all before `Finished` if the job is refused. `ImageFailed` where the photograph
        cannot be read or shows no grating or bar; nothing is kept then.
    Finished
        Always the last.

    Returns
    -------
    CalibrateResult
    """
    folder = job.apply or job.show or job.forget
    try:
        label = None if job.bar is None else parse_length(job.bar)
        if folder is not None:
            check_folder(folder, job.images)
    except (JobError, ValueError) as error:
        yield Finished(reason="refused", message=str(error))
        return CalibrateResult()
    photo, result = None, CalibrateResult()
    if job.photo is not None:
        yield Started(total=1)
        try:
            photo = read_image(job.photo)
            result = _measured(job, photo, label)
        except (ImageReadError, NoGrating, ValueError) as error:
            yield ImageFailed(name=job.photo.name, path=job.photo, reason=str(error))
            yield Finished(reason="done", n_failed=1)
            return CalibrateResult()
        yield from _notices(job, photo, result)
    elif job.nm_per_px is not None:
        result = CalibrateResult(scale=Scale(job.nm_per_px, "typed", "slitseg calibrate"))
    return (yield from _at_the_folder(job, folder, photo, result, should_stop))


def _at_the_folder(
    job: CalibrateJob,
    folder: Path | None,
    photo: Micrograph | None,
    result: CalibrateResult,
    should_stop: ShouldStop,
) -> Generator[Event, None, CalibrateResult]:
    """Tell, forget or list; what is doubtful about it first."""
    if folder is None:
        yield Finished(reason="done", n_ok=1)
        return result
    try:
        if result.scale is not None:
            for text in doubts(job, folder, photo, result.scale, should_stop):
                yield Notice(text=text)
        if should_stop():
            yield Finished(reason="cancelled", message="nothing was kept")
            return result
        _tell_or_forget(job, folder, result.scale)
        result = result.with_images(job.apply, image_scales(folder))
    except JobError as error:
        yield Finished(reason="refused", message=str(error))
    except (StoreError, ImageReadError) as error:
        yield Finished(reason="failed", message=str(error))
    else:
        yield Finished(reason="done", n_ok=1)
    return result


def _tell_or_forget(job: CalibrateJob, folder: Path, scale: Scale | None) -> None:
    if scale is not None:
        tell(job, folder, scale)
    elif job.forget is not None:
        forget(job, folder)


def _measured(
    job: CalibrateJob, photo: Micrograph, label: tuple[float, str] | None
) -> CalibrateResult:
    name = photo.name if photo.path is None else photo.path.name
    if label is not None:
        return _from_bar(job, photo, label, name)
    grating = measure_grating(photo.pixels, job.lines_per_mm, name=name)
    return CalibrateResult(scale=grating.scale, grating=grating)


def _from_bar(
    job: CalibrateJob, photo: Micrograph, label: tuple[float, str], name: str
) -> CalibrateResult:
    if job.bar_from is not None and job.bar_to is not None:
        bar = snap_to_bar(photo.pixels, job.bar_from, job.bar_to)
        if bar is None:
            typed_px = math.dist(job.bar_from, job.bar_to)
            scale = scale_from_bar(typed_px, *label, end_px=DRAWN_END_PX, image=name)
            return CalibrateResult(scale=scale)
    else:
        bar = next(iter(find_scale_bar(photo.pixels)), None)
        if bar is None:
            raise ValueError(_NO_BAR)
    scale = scale_from_bar(bar.length_px, *label, end_px=FOUND_END_PX, image=name)
    return CalibrateResult(scale=scale, bar=bar)


def _notices(job: CalibrateJob, photo: Micrograph, result: CalibrateResult) -> Iterator[Notice]:
    """Yield what the person should know about the measurement."""
    told = [*photo.notices, *(() if result.grating is None else result.grating.notices)]
    if job.bar is not None and result.bar is None:
        told.append("No bar was found at the ends that were given; they were taken as they are.")
    if result.bar is not None:
        (top, left), (_, right) = result.bar.start, result.bar.end
        told.append(
            f"The bar that was measured lies at y = {top:.0f}, from x = {left:.1f} to {right:.1f} "
            "px. Check that it is the scale bar, and that the length is what is written at it."
        )
    if photo.pixel_size_nm is not None and result.scale is not None:
        ratio = photo.pixel_size_nm / result.scale.nm_per_px
        told.append(
            f"The file itself says {photo.pixel_size_nm:.5g} nm per pixel "
            f"({photo.pixel_size_source}), {ratio:.4g} times as much."
        )
    for text in told:
        yield Notice(text=text, item="" if photo.path is None else photo.path.name)
