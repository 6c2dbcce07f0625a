"""Probability maps as TIFF: two pages, written strip by strip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_slitseg.core.atomic import open_atomically
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.pipelines.outputs import writing

PAGES: Final = ("membrane", "slit")
SOFTWARE: Final = "napari-slitseg"

_STRIP_BYTES: Final = 2**23
_BIG_TIFF_BYTES: Final = 2**31
_NM_PER_CM: Final = 1e7


def write_maps(
    path: Path,
    prediction: Prediction,
    *,
    pixel_size_nm: float | None,
    dtype: Literal["float16", "float32"] = "float16",
    big_tiff_bytes: int = _BIG_TIFF_BYTES,
) -> None:
    """Write the membrane and the slit map as the two pages of a TIFF file.

    The numbers are neither compressed nor tiled, so that large files open lazily. The description
    names the pages, the model and the pixel size; float32 files are ImageJ hyperstacks (ImageJ
    cannot read float16).

    Parameters
    ----------
    path : Path
        File to write.
    prediction : Prediction
        Its maps may be memory-mapped; they are read strip by strip.
    pixel_size_nm : float or None
        Side of a pixel, nm; None when the image has none.
    dtype : str
        "float16" or "float32".
    big_tiff_bytes : int
        Larger files become BigTIFF, which ImageJ opens only with Bio-Formats.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    maps = (prediction.membrane, prediction.slit)
    big = sum(page.size for page in maps) * np.dtype(dtype).itemsize > big_tiff_bytes
    for_imagej = dtype == "float32" and not big
    rows = max(1, _STRIP_BYTES // (prediction.shape[1] * np.dtype(dtype).itemsize))
    describe = _for_imagej if for_imagej else _plain
    with (
        writing(path),
        open_atomically(path) as file,
        tifffile.TiffWriter(file, bigtiff=big, imagej=for_imagej, byteorder="<") as tiff,
    ):
        tiff.write(
            _strips(maps, rows, dtype),
            shape=(len(maps), *prediction.shape),
            dtype=dtype,
            photometric="minisblack",
            rowsperstrip=rows,
            software=SOFTWARE,
            **describe(prediction, pixel_size_nm),
        )


def _strips(maps: tuple[NDArray[Any], ...], rows: int, dtype: str) -> Iterator[bytes]:
    """Yield strips as bytes: numpy's own writing of arrays hides that a disk is full."""
    for page in maps:
        for top in range(0, page.shape[0], rows):
            yield np.asarray(page[top : top + rows], dtype=f"<{np.dtype(dtype).str[1:]}").tobytes()


def _plain(prediction: Prediction, pixel_size_nm: float | None) -> dict[str, Any]:
    """Resolution and a JSON description, for everything but ImageJ."""
    metadata = {
        "axes": "CYX",
        "names": PAGES,
        "pixel_size_nm": pixel_size_nm,
        "model": prediction.model_name,
        "sha256": prediction.model_sha256,
    }
    if pixel_size_nm is None:
        return {"metadata": metadata}
    per_cm = _NM_PER_CM / pixel_size_nm
    return {
        "metadata": metadata,
        "resolution": (per_cm, per_cm),
        "resolutionunit": "CENTIMETER",
    }


def _for_imagej(prediction: Prediction, pixel_size_nm: float | None) -> dict[str, Any]:
    """Resolution and description as ImageJ writes them."""
    info = f"model: {prediction.model_name}\nsha256: {prediction.model_sha256}"
    metadata: dict[str, Any] = {"axes": "CYX", "Labels": list(PAGES), "Info": info}
    if pixel_size_nm is None:
        return {"metadata": metadata}
    return {
        "metadata": metadata | {"unit": "nm"},
        "resolution": (1 / pixel_size_nm, 1 / pixel_size_nm),
    }
