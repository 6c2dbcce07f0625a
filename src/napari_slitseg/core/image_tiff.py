"""Read TIFF files of every kind an electron microscope or image program writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from napari_slitseg.core.image_picture import picture_array
from napari_slitseg.core.image_source import MEMORY_LIMIT, ImageReadError, PageData, check_page
from napari_slitseg.core.image_tiff_colour import plain_values
from napari_slitseg.core.image_tiff_scale import tiff_pixel_size
from napari_slitseg.core.pixel_size import PixelSize


@dataclass(frozen=True)
class _Plane:
    """One 2-D page: its directory, its place in the file where that says too little, its series."""

    page: Any
    offset: int | None = None
    series: int = 0


def read_tiff(
    path: Path, page: int, *, memory_limit: int = MEMORY_LIMIT, as_stored: bool = False
) -> PageData:
    """Read one page of a TIFF, OME-TIFF or ImageJ-TIFF file.

    Every 2-D plane is a page: the pages of a plain file (not its thumbnails), the planes
    of an ImageJ hyperstack, and those of all images of an OME file one after another.

    Parameters
    ----------
    path : Path
        The file.
    page : int
        Page, counted from 0.
    memory_limit : int
        Larger pages, in bytes, are memory-mapped: where they lie in the file when they
        are not compressed, else from a temporary file.
    as_stored : bool
        Leave the numbers as they are, as masks need: do not invert white-is-zero, do
        not look colours up, leave colour planes first where they are stored so.

    Raises
    ------
    ImageReadError
        If the file is damaged or no TIFF, or has no such page.
    """
    try:
        with tifffile.TiffFile(path) as file:
            planes = _planes(file)
            check_page(page, len(planes), path.name)
            plane = planes[page]
            _check_complete(plane, path)
            stored = _decode(plane, path, memory_limit)
            frame = plane.page.keyframe
            if as_stored:
                return PageData(stored, n_pages=len(planes))
            pixels, notices = plain_values(frame, stored, file)
            size = tiff_pixel_size(file, frame, plane.series)
            return PageData(pixels, size, len(planes), notices)
    except ImageReadError:
        raise
    except Exception as error:
        raise ImageReadError(
            f"{path.name} cannot be read as a TIFF file ({error}). "
            "It may be damaged or incomplete: copy or export it again."
        ) from error


def read_tiff_pixel_size(path: Path) -> PixelSize | None:
    """Pixel size of the first page of a TIFF file; no pixel is read.

    Raises
    ------
    ImageReadError
        If the file is damaged or no TIFF.
    """
    try:
        with tifffile.TiffFile(path) as file:
            plane = _planes(file)[0]
            return tiff_pixel_size(file, plane.page.keyframe, plane.series)
    except Exception as error:
        raise ImageReadError(f"{path.name} cannot be read as a TIFF file ({error}).") from error


def _planes(file: tifffile.TiffFile) -> list[_Plane]:
    """All 2-D pages in the order in which they are offered."""
    if file.is_ome:
        return [
            _Plane(page, series=number)
            for number, series in enumerate(file.series)
            for page in series.pages
        ]
    whole = file.series[0]
    first = whole.keyframe
    start = whole.dataoffset
    if len(file.pages) == 1 and whole.size > first.size and start is not None:
        return [_Plane(first, start + k * first.nbytes) for k in range(whole.size // first.size)]
    pages = [_Plane(page) for page in file.pages if not _is_thumbnail(page)]
    return pages or [_Plane(page) for page in file.pages]


def _is_thumbnail(page: Any) -> bool:
    return isinstance(page, tifffile.TiffPage) and page.is_reduced


def _check_complete(plane: _Plane, path: Path) -> None:
    """Refuse pages that are missing, or whose pixels lie beyond the end of the file."""
    if plane.page is None:
        raise ImageReadError(
            f"{path.name}: the pixels of this page are in another file or missing."
        )
    if plane.page.keyframe.is_volumetric:
        raise ImageReadError(
            f"{path.name} holds a 3-D volume, not pages. Save it as a stack of 2-D pages."
        )
    counts = zip(plane.page.dataoffsets, plane.page.databytecounts, strict=True)
    end = max((offset + count for offset, count in counts), default=0)
    if plane.offset is not None:
        end = plane.offset + plane.page.nbytes
    if end > path.stat().st_size:
        raise ImageReadError(
            f"{path.name} is incomplete: it ends before its pixels do. Copy or export it again."
        )


def _decode(plane: _Plane, path: Path, memory_limit: int) -> NDArray[Any]:
    """Read the stored values."""
    page = plane.page
    frame = page.keyframe
    if frame.dtype is None:
        raise ImageReadError(f"{path.name}: pixels of {frame.bitspersample} bits cannot be read.")
    dtype = frame.dtype.newbyteorder(frame.parent.byteorder)
    large = frame.nbytes > memory_limit
    if plane.offset is not None or (large and frame.is_memmappable):
        offset = page.dataoffsets[0] if plane.offset is None else plane.offset
        mapped = np.memmap(path, dtype, "r", offset, frame.shape)
        return mapped if large else mapped.astype(frame.dtype)
    try:
        pixels: NDArray[Any] = page.asarray(out="memmap" if large else None)
    except (ValueError, ImportError) as error:
        if "imagecodecs" not in str(error):
            raise
        return _decode_with_pillow(path, page, error)
    return pixels


def _decode_with_pillow(path: Path, page: Any, reason: Exception) -> NDArray[Any]:
    """Pixels of a compression that tifffile leaves to imagecodecs, when pillow knows it."""
    frame = page.keyframe
    with Image.open(path) as picture:
        picture.seek(page.index)
        pixels = picture_array(picture)
        if picture.mode in ("1", "L") and frame.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
            pixels = ~pixels  # pillow has turned it round
    if pixels.dtype.itemsize != frame.dtype.itemsize or pixels.size != frame.size:
        raise ImageReadError(
            f"{path.name} needs another decoder ({reason}). Install it with "
            '"pip install imagecodecs", or save the file without compression.'
        )
    return pixels
