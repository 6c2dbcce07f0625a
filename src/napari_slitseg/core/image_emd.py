"""Read EMD files, both those of Velox (Thermo) and those of the Berkeley EMD standard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.image_source import ImageReadError, PageData, check_page
from napari_slitseg.core.pixel_size import PixelSize, pixel_size


def read_emd_pages(library: Any, path: Path, page: int) -> PageData:
    """Read one page of an EMD file: the frames of all its images, one after another.

    Parameters
    ----------
    library : module
        h5py.
    path : Path
        The file.
    page : int
        Page, counted from 0.

    Raises
    ------
    ImageReadError
        If the file holds no image, or has no such page.
    """
    with library.File(path, "r") as file:
        velox = file.get("Data/Image")
        groups = list(velox.values()) if velox is not None else _berkeley_groups(library, file)
        frames = [(group, k) for group in groups for k in range(_count(group))]
        if not frames:
            raise ImageReadError(f"{path.name} holds no image that is known (Velox or EMD 0.2).")
        check_page(page, len(frames), path.name)
        group, frame = frames[page]
        if velox is not None:
            return PageData(group["Data"][:, :, frame], _velox_size(group, frame), len(frames))
        return PageData(_berkeley_frame(group, frame), _berkeley_size(group), len(frames))


def _berkeley_groups(library: Any, file: Any) -> list[Any]:
    found: list[Any] = []

    def visit(_: str, item: Any) -> None:
        if isinstance(item, library.Group) and "emd_group_type" in item.attrs:
            data = item.get("data")
            if isinstance(data, library.Dataset) and data.ndim >= 2:
                found.append(item)

    file.visititems(visit)
    return found


def _count(group: Any) -> int:
    if "Data" in group:
        return int(group["Data"].shape[2])
    return int(np.prod(group["data"].shape[:-2], dtype=int))


def _berkeley_frame(group: Any, frame: int) -> NDArray[Any]:
    data = group["data"]
    pixels: NDArray[Any] = data[np.unravel_index(frame, data.shape[:-2])]
    return pixels


def _velox_size(group: Any, frame: int) -> PixelSize | None:
    columns = group["Metadata"]
    text = bytes(columns[:, min(frame, columns.shape[1] - 1)]).split(b"\0", 1)[0]
    result = json.loads(text)["BinaryResult"]
    size, unit = result["PixelSize"], result.get("PixelUnitX", "m")
    return pixel_size(float(size["height"]), float(size["width"]), unit, "EMD")


def _berkeley_size(group: Any) -> PixelSize | None:
    last = group["data"].ndim
    rows, columns = group.get(f"dim{last - 1}"), group.get(f"dim{last}")
    if rows is None or columns is None or len(rows) < 2 or len(columns) < 2:
        return None
    if _unit(rows) != _unit(columns):
        return None
    y, x = (abs(float(axis[1]) - float(axis[0])) for axis in (rows, columns))
    return pixel_size(y, x, _unit(rows), "EMD")


def _unit(axis: Any) -> str:
    """Name of an axis' unit, which EMD writes like [n_m]."""
    unit = axis.attrs.get("units", "")
    text = unit.decode() if isinstance(unit, bytes) else str(unit)
    return text.strip("[]").replace("_", "")
