"""What a person said of scales and is not on the disk yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from napari_slitseg.core.calibration import Scale
from napari_slitseg.widgets._entry import ImageEntry


class Said(NamedTuple):
    """What a person said and is not on the disk yet.

    Attributes
    ----------
    image : ImageEntry
        An image with a file; one of the folder where all are meant.
    scale : Scale or None
        None where it was taken back.
    """

    image: ImageEntry
    scale: Scale | None
    is_of_folder: bool = False
    before_file: bool = False


def alike_first(said: Sequence[Said]) -> Sequence[Said]:
    """Return those from the first on that say the same of one image each."""
    first, count = said[0], 1
    if not first.is_of_folder:
        while count < len(said) and said[count]._replace(image=first.image) == first:
            count += 1
    return said[:count]


def about(said: Said) -> tuple[bool, Path | None, int]:
    """Return what a statement is about: whether a folder, and which, or which page of a file."""
    path, page = said.image.path, said.image.page
    if said.is_of_folder:
        return True, None if path is None else path.parent, 0
    return False, path, page
