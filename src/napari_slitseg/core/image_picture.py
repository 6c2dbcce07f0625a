"""Read PNG, JPEG and BMP files."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from napari_slitseg.core.image_source import ImageReadError, PageData, check_page

_BY_SUFFIX: Final[dict[str, Callable[[Path], Any]]] = {
    ".png": PngImageFile,
    ".jpg": JpegImageFile,
    ".jpeg": JpegImageFile,
    ".bmp": BmpImageFile,
}


def read_picture(path: Path, page: int) -> PageData:
    """Read a PNG, JPEG or BMP file with pillow.

    Pixel sizes in such files are printing resolutions and are not believed.

    Raises
    ------
    ImageReadError
        If the file is damaged or no picture, or has no such page.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _read(path, page)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, ImageReadError):
            raise
        raise ImageReadError(
            f"{path.name} cannot be read as a picture ({error}). "
            "Check that it opens in another program, or export it again."
        ) from error


def _read(path: Path, page: int) -> PageData:
    with _open(path) as picture:
        n_pages = int(getattr(picture, "n_frames", 1))
        check_page(page, n_pages, path.name)
        picture.seek(page)
        return _page(picture, n_pages)


def _open(path: Path) -> Any:
    """Open a picture of any size: the guard of pillow is against uploads of strangers."""
    try:
        return Image.open(path)
    except Image.DecompressionBombError:
        return _BY_SUFFIX[path.suffix.lower()](path)


def _page(picture: Any, n_pages: int) -> PageData:
    mode = picture.mode
    if mode in ("1", "L", "LA", "RGB", "RGBA", "I", "F", "I;16", "I;16B", "I;16L"):
        return PageData(picture_array(picture), n_pages=n_pages)
    notice = f"The picture's colour mode {mode} was turned into RGB."
    return PageData(picture_array(picture.convert("RGB")), n_pages=n_pages, notices=(notice,))


def picture_array(picture: Any) -> NDArray[Any]:
    """Values of an opened pillow image, in the machine's byte order.

    Pillow hands out truth values as the bytes 0 and 255; numpy expects 0 and 1.
    """
    array: NDArray[Any] = np.asarray(picture)
    if array.dtype.kind == "b":
        array = np.not_equal(array.view(np.uint8), 0)
    return array.astype(array.dtype.newbyteorder("="), copy=False)
