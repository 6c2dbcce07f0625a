"""What the numbers of a TIFF page mean: white is zero, palettes, planes, inks."""

from __future__ import annotations

from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_slitseg.core.image_source import ImageReadError

_KIND = tifffile.PHOTOMETRIC
_Plain = tuple[NDArray[Any], tuple[str, ...]]


def plain_values(page: tifffile.TiffPage, stored: NDArray[Any], file: tifffile.TiffFile) -> _Plain:
    """Grey or RGB(A) values with channels last, from the values stored in a page.

    Parameters
    ----------
    page : TiffPage
        Directory of the page.
    stored : array
        Decoded values in the order in which the file keeps them.
    file : TiffFile
        The file; a colour table of ImageJ is only for display, and truth values written
        by Python's tifffile are what they are.

    Returns
    -------
    pixels : (H, W) or (H, W, samples) array
    notices : tuple of str

    Raises
    ------
    ImageReadError
        If the kind of colour is not supported.
    """
    stored = _channels_last(page, stored)
    kind = page.photometric
    if kind == _KIND.MINISWHITE and not (file.is_shaped and stored.dtype == bool):
        return _turned_round(page, stored), (
            "White was stored as 0: the grey values were inverted.",
        )
    if kind == _KIND.PALETTE and page.colormap is not None and stored.ndim == 2:
        return _from_palette(page.colormap, stored, only_display=file.is_imagej)
    if kind == _KIND.SEPARATED:
        return _from_inks(stored)
    if kind in (_KIND.CIELAB, _KIND.ICCLAB, _KIND.ITULAB):
        return stored[..., 0], ("Of L*a*b* colours the lightness was taken.",)
    if kind == _KIND.YCBCR and page.compression == tifffile.COMPRESSION.NONE:
        return stored[..., 0], ("Of Y'CbCr colours the brightness was taken.",)
    return stored, ()


def _channels_last(page: tifffile.TiffPage, stored: NDArray[Any]) -> NDArray[Any]:
    """Pixels of a page with its colour planes, if it has any, as the last axis."""
    planar = page.axes.startswith("S") and stored.ndim == 3 and stored.shape == page.shape
    return np.moveaxis(stored, 0, -1) if planar else stored


def _turned_round(page: tifffile.TiffPage, stored: NDArray[Any]) -> NDArray[Any]:
    """Values with white at the top of their range."""
    if stored.dtype.kind == "b":
        return ~stored
    if stored.dtype.kind == "i":
        return ~stored
    if stored.dtype.kind == "u":
        top = stored.dtype.type(2**page.bitspersample - 1)
        result: NDArray[Any] = np.subtract(top, stored, dtype=stored.dtype)
        return result
    return -stored if stored.dtype.kind == "f" else stored


def _from_palette(table: NDArray[Any], stored: NDArray[Any], *, only_display: bool) -> _Plain:
    """Grey values of indices into a (3, K) table of 16-bit colours."""
    if only_display:
        return stored, ("A colour table for display was ignored.",)
    grey_steps = np.linspace(0, 65535, table.shape[1])
    if np.abs(table - grey_steps).max() <= 256:
        return stored, ()
    return table.T[stored], ("The palette's colours were used.",)


def _from_inks(stored: NDArray[Any]) -> _Plain:
    """RGB of cyan, magenta, yellow and black."""
    if stored.ndim != 3 or stored.shape[2] != 4 or stored.dtype.kind != "u":
        raise ImageReadError("Its colours are inks other than CMYK; save it as grey or RGB.")
    top = float(np.iinfo(stored.dtype).max)
    inks = stored.astype(np.float32)
    rgb = (top - inks[..., :3]) * (top - inks[..., 3:]) / top
    return rgb, ("The inks (CMYK) were turned into RGB.",)
