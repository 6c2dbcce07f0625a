"""Read the file formats of electron microscopes: DM3, DM4, MRC and EMD.

Their readers are optional and imported only when such a file is opened.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from napari_slitseg.core.image_emd import read_emd_pages
from napari_slitseg.core.image_source import MEMORY_LIMIT, ImageReadError, PageData, check_page
from napari_slitseg.core.pixel_size import PixelSize, pixel_size


def read_em(path: Path, page: int) -> PageData:
    """Read one page of a DM3, DM4, MRC or EMD file.

    Rows come in the order of the file: the first row of an MRC file is the top one, as
    in other Python readers, though IMOD shows it at the bottom.

    Raises
    ------
    ImageReadError
        If the optional readers are not installed, the file is damaged or of another
        kind than its name says, or has no such page.
    """
    module, reader = _readers()[path.suffix.lower()]
    library = _library(module, path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return reader(library, path, page)
    except ImageReadError:
        raise
    except Exception as error:
        kind = path.suffix[1:].upper()
        raise ImageReadError(
            f"{path.name} cannot be read as a {kind} file ({error}). It may be damaged, "
            "incomplete or of another kind: copy or export it again."
        ) from error


def _readers() -> dict[str, tuple[str, Callable[[Any, Path, int], PageData]]]:
    """Library and function for each ending."""
    dm, mrc = ("ncempy.io.dm", _read_dm), ("mrcfile", _read_mrc)
    endings = {".dm3": dm, ".dm4": dm, ".mrc": mrc, ".rec": mrc, ".st": mrc}
    return {**endings, ".emd": ("h5py", read_emd_pages)}


def _library(module: str, path: Path) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImageReadError(
            f"{path.name}: reading {path.suffix[1:].upper()} files needs optional readers. "
            'Install them with: pip install "napari-slitseg[em]"'
        ) from error


def _read_dm(library: Any, path: Path, page: int) -> PageData:
    with library.fileDM(str(path), on_memory=False) as file:
        last = 0 if file.numObjects == 1 else 1
        if not len(file.xSize) > last:
            raise ImageReadError(f"{path.name} holds no image, only tags.")
        if file.zSize2[last] > 1:
            raise ImageReadError(f"{path.name} holds 4-D data, not an image or a stack.")
        n_pages = int(file.zSize[last])
        check_page(page, n_pages, path.name)
        found = file.getSlice(0, page)
    units, scales = found["pixelUnit"], found["pixelSize"]
    return PageData(found["data"], _dm_size(scales, units), n_pages)


def _dm_size(scales: list[Any], units: list[str]) -> PixelSize | None:
    """Pixel size of row and column, when both are lengths in the same unit."""
    if len(scales) != 2 or units[0] != units[1]:
        return None
    return pixel_size(abs(scales[0]), abs(scales[1]), units[0] or "", "Gatan DM")


def _read_mrc(library: Any, path: Path, page: int) -> PageData:
    with library.mmap(path, mode="r") as file:
        data = file.data
        if data.ndim < 2:
            raise ImageReadError(f"{path.name} holds no image.")
        planes = data.reshape(-1, *data.shape[-2:])
        check_page(page, len(planes), path.name)
        pixels = planes[page] if planes[page].nbytes > MEMORY_LIMIT else np.array(planes[page])
        voxel = file.voxel_size
        size = pixel_size(float(voxel.y), float(voxel.x), "angstrom", "MRC header")
        return PageData(pixels, size, len(planes))
