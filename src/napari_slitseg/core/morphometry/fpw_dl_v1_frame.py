"""Our maps and points as the published tool would have them: 8 bits, 690 x 640 px.

The tool takes the first 1104 x 1024 px (rows x columns) of a micrograph, its network sees them
squeezed to 640 x 640 px, and its maps are stretched to 690 x 640 px: 1.6 pixels of the micrograph
to each pixel, along both axes.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_slitseg.core.membrane import stripe_of
from napari_slitseg.core.preprocessing import PREPROCESSINGS
from napari_slitseg.core.resample import resample

FRAME_PX: Final = (690, 640)
FRAME_SCALE: Final = 1.6
"""Pixels of the micrograph in a pixel of the frame: times nm per pixel, the frame's nm per px."""
DOT_WIDTH_PX: Final = 6.0


def eight_bit(values: ArrayLike) -> NDArray[np.uint8]:
    """Return a map with values from 0 to 255; fractions are cut off, as the tool does.

    Parameters
    ----------
    values : (H, W) array_like
        A mask, a map of probabilities [0, 1], or 8 bits, which stay as they are.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    array: NDArray[Any] = np.asarray(values)
    if array.ndim != 2 or not array.size:
        raise ValueError(f"A map must have rows and columns, not the shape {array.shape}.")
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "bf" or not ((array >= 0) & (array <= 1)).all():
        raise ValueError("A map must be a mask, hold probabilities from 0 to 1, or have 8 bits.")
    return np.asarray(array.astype(np.float64) * 255, np.uint8)


def to_fpw_dl_v1_frame(
    values: ArrayLike, *, pixel_size_nm: float | None = None
) -> NDArray[np.uint8]:
    """Bring a map of a micrograph to the tool's frame.

    Parameters
    ----------
    values : (H, W) array_like
        As in `eight_bit`. What lies beyond the first 1104 x 1024 px is cut off, as in the tool;
        what is missing is 0, where the tool would have refused the image.
    pixel_size_nm : float, optional
        Resample to 10 nm per pixel first, for which the tool's limits were made. Without it a
        pixel is a pixel, as in the tool, which asks for no scale.

    Returns
    -------
    (690, 640) uint8
    """
    array = eight_bit(values).astype(np.float32)
    per_px = 1.0 if pixel_size_nm is None else pixel_size_nm / 10.0
    spec = PREPROCESSINGS["fpw-dl-v1"]
    height, width = (
        min(n, round(side * per_px)) for n, side in zip(spec.field_px, array.shape, strict=True)
    )
    field = np.zeros(spec.field_px, np.float32)
    inside = (slice(0, height), slice(0, width))
    field[inside] = resample(array, (0, 0), array.shape, inside, per_px)
    whole = (slice(0, spec.input_px[0]), slice(0, spec.input_px[1]))
    ratios = (spec.input_px[0] / spec.field_px[0], spec.input_px[1] / spec.field_px[1])
    squeezed = resample(field, (0, 0), spec.field_px, whole, ratios)
    rows = np.arange(FRAME_PX[0]) * spec.input_px[0] // FRAME_PX[0]
    return np.asarray(np.clip(squeezed[rows] + 1e-3, 0, 255), np.uint8)


def dots_map(yx: ArrayLike, shape: tuple[int, int], width_px: float = DOT_WIDTH_PX) -> NDArray[Any]:
    """Return a slit map of points that have none, such as a person's: a round dot at each.

    Parameters
    ----------
    yx : (N, 2) array_like
        Places (y, x), px.
    shape : (height, width)
    width_px : float
        Diameter of a dot. The tool misses dots narrower than about 3 px of its frame, and those
        wider than 11.

    Returns
    -------
    (H, W) bool
        Dots that touch are one dot to the tool.
    """
    points = np.asarray(yx, np.float64).reshape(-1, 2)
    return stripe_of(list(points[:, None]), shape, width_px)
