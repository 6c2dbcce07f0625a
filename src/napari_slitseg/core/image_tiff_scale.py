"""Pixel size of a TIFF file, from whichever program or microscope wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final
from xml.etree import ElementTree

import tifffile

from napari_slitseg.core.pixel_size import PixelSize, pixel_size

_FEI_XML: Final = 34683
_GATAN: Final = {"y": (65003, 65009), "x": (65004, 65010)}
_NM_PER_RESOLUTION_UNIT: Final = {2: 2.54e7, 3: 1e7, 4: 1e6, 5: 1e3}
_AMT: Final = re.compile(
    r"XpixCal\s*=\s*([\d.]+?)\W*YpixCal\s*=\s*([\d.]+?)\W*Unit\s*=\s*([A-Za-z\u00b5]+)"
)


def tiff_pixel_size(
    file: tifffile.TiffFile, page: tifffile.TiffPage, series: int
) -> PixelSize | None:
    """Pixel size as the file states it, None when it states none.

    Asked in turn: OME-XML, FEI/Thermo, Zeiss, Olympus/EMSIS, AMT, ImageJ, Gatan, and
    last the TIFF resolution, which is believed only when it makes a plausible electron
    microscope pixel (72 or 300 dots per inch speak of printing).

    Parameters
    ----------
    file : TiffFile
        The open file.
    page : TiffPage
        Directory of the page.
    series : int
        Number of the image in an OME file.
    """
    readers: tuple[Callable[[], PixelSize | None], ...] = (
        lambda: _ome(file, series),
        lambda: _fei(file),
        lambda: _fei_xml(page),
        lambda: _zeiss(file),
        lambda: _olympus(file),
        lambda: _amt(page),
        lambda: _imagej(file, page),
        lambda: _gatan(page),
        lambda: _resolution(page),
    )
    for reader in readers:
        with suppress(KeyError, ValueError, TypeError, IndexError, ZeroDivisionError, SyntaxError):
            if (size := reader()) is not None:
                return size
    return None


def _ome(file: tifffile.TiffFile, series: int) -> PixelSize | None:
    if not file.is_ome:
        return None
    root = ElementTree.fromstring(file.ome_metadata or "")
    pixels = root.findall("{*}Image/{*}Pixels")[series].attrib
    x, y = (
        (pixels[f"PhysicalSize{axis}"], pixels.get(f"PhysicalSize{axis}Unit", "µm"))
        if f"PhysicalSize{axis}" in pixels
        else None
        for axis in "XY"
    )
    x, y = x or y, y or x
    if x is None or y is None:
        return None
    return _two(float(y[0]), y[1], float(x[0]), x[1], "OME-XML")


def _fei(file: tifffile.TiffFile) -> PixelSize | None:
    metadata = file.fei_metadata
    if not metadata:
        return None
    scan = metadata["Scan"]
    return pixel_size(scan["PixelHeight"], scan["PixelWidth"], "m", "FEI/Thermo")


def _fei_xml(page: tifffile.TiffPage) -> PixelSize | None:
    text = page.tags.valueof(_FEI_XML)
    if text is None:
        return None
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    root = ElementTree.fromstring(text.strip("\x00 \r\n\t"))
    found = root.find(".//{*}PixelSize")
    if found is None:
        return None
    x, y = found.find("{*}X"), found.find("{*}Y")
    if x is None or y is None or x.text is None or y.text is None:
        return None
    units = (y.get("unit", "m"), x.get("unit", "m"))
    return _two(float(y.text), units[0], float(x.text), units[1], "FEI/Thermo")


def _zeiss(file: tifffile.TiffFile) -> PixelSize | None:
    metadata: dict[str, Any] = file.sem_metadata or {}
    for key in ("ap_image_pixel_size", "ap_pixel_size"):
        if key in metadata:
            _, value, unit = metadata[key]
            return pixel_size(value, value, unit, "Zeiss")
    return None


def _olympus(file: tifffile.TiffFile) -> PixelSize | None:
    if not file.is_sis:
        return None
    metadata = file.sis_metadata or {}
    return pixel_size(metadata["pixelsizey"], metadata["pixelsizex"], "m", "Olympus/EMSIS")


def _amt(page: tifffile.TiffPage) -> PixelSize | None:
    """Pixel size of AMT cameras, which write pixels per unit."""
    found = _AMT.search(page.description)
    if found is None:
        return None
    x, y, unit = found.groups()
    return pixel_size(1 / float(y), 1 / float(x), unit, "AMT")


def _imagej(file: tifffile.TiffFile, page: tifffile.TiffPage) -> PixelSize | None:
    metadata = file.imagej_metadata or {}
    if "unit" not in metadata:
        return None
    per_x, per_y = _per_unit(page)
    unit = str(metadata["unit"])
    unit_y = str(metadata.get("yunit", unit))
    size = _two(1 / per_y, unit_y, 1 / per_x, unit, "ImageJ")
    return None if size is not None and unit.startswith("inch") and not size.is_plausible else size


def _gatan(page: tifffile.TiffPage) -> PixelSize | None:
    (unit_y, y), (unit_x, x) = (
        tuple(page.tags.valueof(code) for code in _GATAN[axis]) for axis in "yx"
    )
    if x is None or y is None:
        return None
    return _two(float(y), str(unit_y), float(x), str(unit_x), "Gatan DM")


def _resolution(page: tifffile.TiffPage) -> PixelSize | None:
    length = _NM_PER_RESOLUTION_UNIT.get(int(page.resolutionunit))
    if length is None:
        return None
    per_x, per_y = _per_unit(page)
    size = pixel_size(1 / per_y, 1 / per_x, length, "TIFF resolution")
    return size if size is not None and size.is_plausible else None


def _per_unit(page: tifffile.TiffPage) -> tuple[float, float]:
    """Pixels per unit, across and down; one value serves for both where one is missing."""
    x, y = (page.tags.valueof(name) for name in ("XResolution", "YResolution"))
    x, y = x or y, y or x
    return x[0] / x[1], y[0] / y[1]


def _two(y: float, unit_y: str, x: float, unit_x: str, source: str) -> PixelSize | None:
    """Pixel size whose height and width may come in different units."""
    down, across = pixel_size(y, y, unit_y, source), pixel_size(x, x, unit_x, source)
    if down is None or across is None:
        return None
    return PixelSize(down.y_nm, across.x_nm, source)
