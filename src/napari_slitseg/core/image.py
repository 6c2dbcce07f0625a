"""Read one electron micrograph: grey values and pixel size."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from napari_slitseg.core.image_grey import grey
from napari_slitseg.core.image_normalisation import Normalisation
from napari_slitseg.core.image_source import ImageReadError, PageData
from napari_slitseg.core.pixel_size import believable

__all__ = [
    "IMAGE_SUFFIXES",
    "ImageReadError",
    "Micrograph",
    "Normalisation",
    "grey",
    "is_image_file",
    "read_image",
    "read_pixel_size",
]

_TIFF: Final = (".tif", ".tiff", ".btf", ".tf8")
_PICTURE: Final = (".png", ".jpg", ".jpeg", ".bmp")
_EM: Final = (".dm3", ".dm4", ".mrc", ".rec", ".st", ".emd")
IMAGE_SUFFIXES: Final[tuple[str, ...]] = (*_TIFF, *_PICTURE, *_EM)
"""File name endings that `read_image` understands, in lower case."""


@dataclass(frozen=True, eq=False)
class Micrograph:
    """One page of an image file, in the file's own grey values.

    Attributes
    ----------
    pixels : (H, W) array
        Integers in their own dtype, everything else float32; memory-mapped when large
        (then possibly of the other byte order).
    pixel_size_nm : float or None
        Side of a pixel in nm (geometric mean of height and width), None when unknown.
    pixel_size_source : str
        Where the pixel size comes from, such as "OME-XML" or "user"; "" when unknown.
    name : str
        File name without its ending.
    path : Path or None
        The file, None for an image that was never one.
    page, n_pages : int
        Which page of how many, counted from 0.
    notices : tuple of str
        Sentences the person should see.
    """

    pixels: NDArray[Any]
    pixel_size_nm: float | None
    pixel_size_source: str
    name: str
    path: Path | None = None
    page: int = 0
    n_pages: int = 1
    notices: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        height, width = self.pixels.shape
        return height, width

    def with_pixel_size(self, pixel_size_nm: float | None) -> Micrograph:
        """Copy with the pixel size a person gave; None makes it unknown.

        Raises
        ------
        ValueError
            If the size is not a positive finite number.
        """
        if pixel_size_nm is None:
            return replace(self, pixel_size_nm=None, pixel_size_source="")
        if not (math.isfinite(pixel_size_nm) and pixel_size_nm > 0):
            raise ValueError(f"A pixel size must be a positive number of nm, not {pixel_size_nm}.")
        return replace(self, pixel_size_nm=float(pixel_size_nm), pixel_size_source="user")


def is_image_file(path: Path | str) -> bool:
    """Whether the name of a file promises an image that `read_image` understands."""
    name = Path(path).name
    return not name.startswith(".") and Path(name).suffix.lower() in IMAGE_SUFFIXES


def read_image(path: Path | str, *, page: int = 0) -> Micrograph:
    """Read one page of an image file.

    Parameters
    ----------
    path : Path or str
        TIFF (also OME, ImageJ, FEI/Thermo, Zeiss), PNG, JPEG, BMP; DM3, DM4, MRC and EMD
        with the optional readers of ``pip install "napari-slitseg[em]"``.
    page : int
        Page of a file with several, counted from 0.

    Raises
    ------
    ImageReadError
        If there is no such file or page, or it is no image that can be read.
    """
    path = Path(path)
    _check_file(path)
    data = _reader(path)(path, page)
    try:
        pixels, notices = grey(data.pixels)
    except ImageReadError as error:
        raise ImageReadError(f"{path.name}: {error}") from error
    size, doubts = believable(data.pixel_size)
    return Micrograph(
        pixels=pixels,
        pixel_size_nm=None if size is None else size.isotropic_nm,
        pixel_size_source="" if size is None else size.source,
        name=path.stem,
        path=path,
        page=page,
        n_pages=data.n_pages,
        notices=(*data.notices, *notices, *doubts),
    )


def read_pixel_size(path: Path | str) -> tuple[float | None, str]:
    """Side of a pixel in nm and where it is known from, without reading the pixels of TIFF files.

    Parameters
    ----------
    path : Path or str
        See `read_image`; of several pages the first counts.

    Returns
    -------
    pixel_size_nm : float or None
        None when unknown.
    source : str
        "" when unknown.

    Raises
    ------
    ImageReadError
        If there is no such file, or it is no image that can be read.
    """
    path = Path(path)
    _check_file(path)
    if path.suffix.lower() in _PICTURE:
        return None, ""
    if path.suffix.lower() not in _TIFF:
        image = read_image(path)
        return image.pixel_size_nm, image.pixel_size_source
    from napari_slitseg.core.image_tiff import read_tiff_pixel_size

    size, _ = believable(read_tiff_pixel_size(path))
    return (None, "") if size is None else (size.isotropic_nm, size.source)


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise ImageReadError(f"{path} is a folder. Choose an image file in it.")
    if not path.is_file():
        raise ImageReadError(f"There is no file {path}. Check its name and folder.")
    if path.stat().st_size == 0:
        raise ImageReadError(f"{path.name} is empty (0 bytes). Copy or export it again.")


def _reader(path: Path) -> Callable[[Path, int], PageData]:
    """Reader for the ending of a file name."""
    suffix = path.suffix.lower()
    if suffix in _TIFF:
        from napari_slitseg.core.image_tiff import read_tiff

        return read_tiff
    if suffix in _PICTURE:
        from napari_slitseg.core.image_picture import read_picture

        return read_picture
    if suffix in _EM:
        from napari_slitseg.core.image_em import read_em

        return read_em
    raise ImageReadError(
        f"{path.name}: files ending in '{suffix}' are not read as images. "
        f"Known endings: {', '.join(IMAGE_SUFFIXES)}."
    )
