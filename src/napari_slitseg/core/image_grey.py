"""Colour to grey, and grey values that are not numbers."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.image_source import ImageReadError

_LUMINANCE: Final = (0.299, 0.587, 0.114)
_ROWS: Final = 512


def grey(array: Any) -> tuple[NDArray[Any], tuple[str, ...]]:
    """One grey plane of an image.

    Parameters
    ----------
    array : (H, W) or (H, W, 1..4) array
        Grey, grey + alpha, RGB or RGB + alpha values of any integer or float dtype.

    Returns
    -------
    pixels : (H, W) array
        Integers keep their dtype, truth values become uint8 0/1, everything else float32.
        Colours become luminance (ITU-R BT.601), or the channel itself where all are equal.
        Transparency is ignored. Values that are not finite become the median of the others.
    notices : tuple of str
        What was changed, in sentences.

    Raises
    ------
    ImageReadError
        If the array is empty, has another shape, holds complex numbers or other things
        than numbers, or has no finite value.
    """
    _check(array)
    plane, notices = (array, ()) if array.ndim == 2 else _from_channels(array)
    if plane.dtype.kind == "b":
        return plane.view(np.uint8), notices
    if plane.dtype.kind in "iu":
        return plane, notices
    return _finite(plane, notices)


def _check(array: Any) -> None:
    if array.dtype.kind not in "biuf":
        raise ImageReadError(
            f"The image holds values of type {array.dtype}, which are no grey values. "
            "Save it with integer or real numbers."
        )
    if array.ndim not in (2, 3) or (array.ndim == 3 and not 1 <= array.shape[2] <= 4):
        raise ImageReadError(
            f"The image has the shape {tuple(array.shape)}; needed are rows and columns, "
            "with up to four colour channels last. Choose one page of a stack."
        )
    if 0 in array.shape:
        raise ImageReadError(f"The image is empty: its shape is {tuple(array.shape)}.")


def _from_channels(array: NDArray[Any]) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Luminance, or the one channel there is."""
    count = array.shape[2]
    alpha = ("Transparency was ignored.",) if count in (2, 4) else ()
    if count < 3:
        return array[..., 0], alpha
    if _channels_equal(array):
        return array[..., 0], ("The colour channels are equal: one was taken as grey.", *alpha)
    return _luminance(array), ("The colours were turned into grey (luminance).", *alpha)


def _channels_equal(array: NDArray[Any]) -> bool:
    first = array[..., :1]
    return all(
        np.array_equal(
            np.broadcast_to(first[rows], array[rows, :, 1:3].shape),
            array[rows, :, 1:3],
            equal_nan=array.dtype.kind == "f",
        )
        for rows in _row_blocks(array.shape[0])
    )


def _luminance(array: NDArray[Any]) -> NDArray[np.float32]:
    result = np.empty(array.shape[:2], np.float32)
    weights = np.asarray(_LUMINANCE)
    for rows in _row_blocks(array.shape[0]):
        result[rows] = array[rows, :, :3] @ weights
    return result


def _finite(plane: NDArray[Any], notices: tuple[str, ...]) -> tuple[NDArray[Any], tuple[str, ...]]:
    """float32 without NaN or infinity; the same array where nothing has to change."""
    with np.errstate(over="ignore"):
        values = plane.astype(np.float32, copy=False)
    bad = sum(int((~np.isfinite(values[rows])).sum()) for rows in _row_blocks(values.shape[0]))
    if bad == 0:
        return values, notices
    if bad == values.size:
        raise ImageReadError("The image holds no finite value (only NaN or infinity).")
    broken = ~np.isfinite(values)
    values = np.where(broken, np.median(values[~broken]), values).astype(np.float32)
    return values, (*notices, f"{bad} pixel(s) that were NaN or infinite were set to the median.")


def _row_blocks(height: int) -> list[slice]:
    return [slice(start, start + _ROWS) for start in range(0, height, _ROWS)]
