"""Read TIFF files of every kind an electron microscope or image program writes."""

from __future__ import annotations

from pathlib import Path

import tifffile

from napari_slitseg.core.image_source import ImageReadError, PageData, check_page


def read_tiff(path: Path, page: int) -> PageData:
    """Read one page of a TIFF file."""
    try:
        with tifffile.TiffFile(path) as file:
            check_page(page, len(file.pages), path.name)
            pixels = file.pages[page].asarray()
            return PageData(pixels, n_pages=len(file.pages))
    except tifffile.TiffFileError as error:
        raise ImageReadError(f"{path.name} is no readable TIFF file ({error}).") from error
