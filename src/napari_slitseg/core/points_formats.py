"""Read points and membranes from every format people keep them in."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.image_grey import grey
from napari_slitseg.core.image_source import ImageReadError, PageData
from napari_slitseg.core.points_csv import read_csv
from napari_slitseg.core.points_source import PointsReadError
from napari_slitseg.core.points_table import PointTable

_MASK: Final = (".tif", ".tiff", ".png")
_ROI: Final = (".roi", ".zip")
_MEMBRANE_LAYER: Final = 2
_SLIT_LAYER: Final = 3
_FEWEST_LAYERS: Final = 4
_MOST_DOTS: Final = 0.5

POINT_SUFFIXES: Final[tuple[str, ...]] = (".csv", *_ROI, *_MASK)
"""File name endings that `read_points` understands, in lower case."""


def read_points(path: Path | str) -> PointTable:
    """Read the slits of one image.

    Parameters
    ----------
    path : Path or str
        CSV as napari writes a Points layer (our further columns are understood); an
        ImageJ ROI file or ROI set (.roi, .zip); or a mask with a dot on every slit
        (PNG, TIFF), whose connected components become points at their centroids. A TIFF
        with four or more pages or planes is a layered mask of fpw-dl-v1, whose slits are
        page 3 (counted from 0).

    Raises
    ------
    PointsReadError
        If there is no such file, or it holds no points.
    """
    path = Path(path)
    _check_file(path)
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return read_csv(path)
    if suffix in _MASK:
        return PointTable.from_yx(_centroids(_dots(path)))
    if suffix in _ROI:
        from napari_slitseg.core.points_roi import read_roi

        return read_roi(path)
    raise PointsReadError(
        f"{path.name}: files ending in '{suffix}' are not read as points. "
        f"Known endings: {', '.join(POINT_SUFFIXES)}."
    )


def read_membrane(path: Path | str) -> NDArray[np.bool_]:
    """Read the membrane mask of one image.

    Parameters
    ----------
    path : Path or str
        PNG or TIFF, membrane where a pixel is not 0; of a layered mask of fpw-dl-v1 (a
        TIFF with four or more pages) page 2, counted from 0.

    Returns
    -------
    (H, W) array of bool

    Raises
    ------
    PointsReadError
        If there is no such file, or it is no mask.
    """
    path = Path(path)
    _check_file(path)
    if path.suffix.lower() not in _MASK:
        raise PointsReadError(f"{path.name}: a membrane mask is a PNG or TIFF image.")
    return _mask(path, _MEMBRANE_LAYER)


def is_layered(path: Path | str) -> bool:
    """Whether a mask has layers, as those of fpw-dl-v1, with membrane and slits among them.

    Raises
    ------
    PointsReadError
        If it cannot be read.
    """
    try:
        first = _stored(Path(path), 0)
    except ImageReadError as error:
        raise PointsReadError(str(error)) from error
    planes = first.pixels
    return first.n_pages >= _FEWEST_LAYERS or (planes.ndim == 3 and planes.shape[2] > 4)


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise PointsReadError(f"{path} is a folder. Choose a file with points in it.")
    if not path.is_file():
        raise PointsReadError(f"There is no file {path}. Check its name and folder.")


def _mask(path: Path, layer: int) -> NDArray[np.bool_]:
    """Mask of a picture, or one layer of a layered mask."""
    try:
        pixels, _ = grey(_layer(path, layer))
    except ImageReadError as error:
        raise PointsReadError(
            f"{path.name}: {str(error).removeprefix(path.name + ': ')}"
        ) from error
    mask: NDArray[np.bool_] = np.not_equal(pixels, 0)
    return mask


def _layer(path: Path, layer: int) -> NDArray[Any]:
    """Values of a mask; of a layered one, whose layers are pages or planes, that layer."""
    first = _stored(path, 0)
    if first.n_pages >= _FEWEST_LAYERS:
        return _stored(path, layer).pixels
    if first.n_pages > 1:
        raise PointsReadError(
            f"{path.name} has {first.n_pages} pages. A mask has one, a layered mask at least "
            f"{_FEWEST_LAYERS}, with the membrane on page {_MEMBRANE_LAYER} and slits on page "
            f"{_SLIT_LAYER}, counted from 0."
        )
    planes = first.pixels
    if planes.ndim != 3 or planes.shape[2] <= 4:
        return planes
    return planes[layer] if len(planes) >= _FEWEST_LAYERS else np.moveaxis(planes, 0, -1)


def _dots(path: Path) -> NDArray[np.bool_]:
    """Mask of slits; a picture that is mostly foreground is no such mask."""
    mask = _mask(path, _SLIT_LAYER)
    if mask.mean() > _MOST_DOTS:
        raise PointsReadError(
            f"{path.name} is no mask of slits: {mask.mean():.0%} of its pixels are not 0. "
            "Needed is a picture that is 0 except for a dot on every slit."
        )
    return mask


def _stored(path: Path, page: int) -> PageData:
    """Page of a mask, without any inversion of its values."""
    if path.suffix.lower() == ".png":
        from napari_slitseg.core.image_picture import read_picture

        return read_picture(path, page)
    from napari_slitseg.core.image_tiff import read_tiff

    return read_tiff(path, page, as_stored=True)


def _centroids(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Centroids of the 8-connected components, top to bottom."""
    from scipy import ndimage

    labels: NDArray[Any]
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    centres = ndimage.center_of_mass(mask, labels, np.arange(1, count + 1))
    return np.array(centres, np.float64).reshape(-1, 2)
