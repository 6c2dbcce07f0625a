"""The job that finds out how many nanometres a pixel has, and tells a project."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from napari_slitseg.jobs.base import SAYS_ALL, Document


class CalibrateJob(Document):
    """Measure nm per pixel from a photograph, or take what was typed, for images of a folder."""

    photo: Path | None = Field(
        default=None,
        description="Photograph of a grating replica, of the magnification and binning of your "
        "images; with --bar an image with a scale bar.",
    )
    lines_per_mm: float = Field(
        default=2160, gt=0, description="Of the grating; 2160 are 462.963 nm from line to line."
    )
    bar: str | None = Field(
        default=None,
        description='What is written at the scale bar, such as "2 um" or "500 nm". The bar is '
        "found in the image; look at the place that is told.",
    )
    bar_from: tuple[float, float] | None = Field(
        default=None,
        description="One end of the bar as y x in px, where it is not found, or wrongly. Where a "
        "bar was found near both ends, its own ends are taken.",
    )
    bar_to: tuple[float, float] | None = Field(
        default=None, description="The other end of the bar, y x in px."
    )
    nm_per_px: float | None = Field(
        default=None, ge=0.05, lt=1000, description="Side of a pixel in nm that you know."
    )
    apply: Path | None = Field(
        default=None,
        description="Folder of images that the scale is told to; kept in its project, which is "
        "made if there is none. The image files are never changed.",
    )
    images: tuple[Path, ...] = Field(
        default=(),
        description="Only these images of the folder, and before all else that is known of them. "
        "Default: all, also those that come later.",
    )
    before_file: bool = Field(
        default=False, description="The folder's scale goes before what image files say."
    )
    show: Path | None = Field(
        default=None, description="List the scale of each image of a folder; nothing is changed."
    )
    forget: Path | None = Field(
        default=None,
        description="Folder whose scale, or that of --images, no longer holds. What was said "
        "before stays in the history.",
    )
    editor: str = Field(default="", description="Who says so; signs what the project keeps.")

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        ways = (self.photo, self.nm_per_px, self.show, self.forget)
        if sum(way is not None for way in ways) != 1:
            raise _refused("Give one of: a photograph, --nm-per-px with --apply, --show, --forget.")
        if self.nm_per_px is not None and self.apply is None:
            raise _refused("--nm-per-px needs --apply and the folder of the images.")
        if self.bar is not None and self.photo is None:
            raise _refused("--bar needs the image with the scale bar.")
        if (self.bar_from is None) != (self.bar_to is None):
            raise _refused("A bar has two ends: give --bar-from and --bar-to.")
        if self.bar_from is not None and self.bar is None:
            raise _refused("The ends of a bar need its length: give --bar, too.")
        return self

    @model_validator(mode="after")
    def _is_about_one_folder(self) -> Self:
        if self.apply is not None and (self.show or self.forget):
            raise _refused("--apply tells a scale: give it without --show and --forget.")
        if self.images and self.apply is None and self.forget is None:
            raise _refused("--images are those of the folder of --apply or --forget.")
        if self.before_file and (self.apply is None or self.images):
            raise _refused("--before-file is about the scale of a whole folder: give --apply.")
        return self


def _refused(text: str) -> PydanticCustomError:
    return PydanticCustomError(SAYS_ALL, "{text}", {"text": text})
