"""Masks of the membrane beside an image, and maps of it beside predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_slitseg.core.image import read_image
from napari_slitseg.pipelines.errors import JobError

_FOLDER: Final = "membrane"
_END: Final = "_membrane"
_SUFFIXES: Final = (".png", ".tif", ".tiff")


def find_membrane(image: Path) -> Path | None:
    """Return the file with the membrane of an image, None where there is none.

    Looked for: ``<stem>_membrane.png|tif|tiff`` beside the image, then ``<stem>`` or
    ``<stem>_membrane`` with such an ending in a folder ``membrane`` there or next to its folder.
    """
    home = image.parent
    places: list[tuple[Path, tuple[str, ...]]] = [(home, (_END,))]
    places += [(each / _FOLDER, ("", _END)) for each in (home, home.parent)]
    for folder, ends in places:
        for end in ends:
            for suffix in _SUFFIXES:
                file = folder / f"{image.stem}{end}{suffix}"
                if file.is_file() and file != image:
                    return file
    return None


def read_membrane(path: Path, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Read a mask: membrane is what is at least half as bright as its brightest pixel.

    Raises
    ------
    JobError
        If its size is not that of the image.
    napari_slitseg.core.image.ImageReadError
        If it cannot be read.
    """
    pixels = np.asarray(read_image(path).pixels)
    if pixels.shape != shape:
        raise JobError(f"{path} is {_size(pixels.shape)}, but its image is {_size(shape)}.")
    highest = pixels.max(initial=0)
    return np.asarray((pixels >= highest / 2) & (pixels > 0))


def predicted_membrane(image: Path, folder: Path) -> NDArray[np.floating] | None:
    """Return the membrane map that predict wrote for an image, None where there is none."""
    file = folder / f"{image.stem}_maps.tif"
    return np.asarray(tifffile.imread(file, key=0)) if file.is_file() else None


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) + " px"
