"""A photograph of a grating, made ready for the search."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.calibration.grating_words import NoGrating

SMALLEST_SIDE_PX: Final = 256
_CLIPPED: Final = (0.005, 0.995)
_SAMPLED: Final = 1024


def prepared(image: NDArray[Any]) -> NDArray[np.float32]:
    """Return grey values with mean 0 and deviation 1, without the brightest and darkest 0.5 %.

    Raises
    ------
    NoGrating
        If the image is too small, has values that are no numbers, or is all of one grey.
    """
    pixels = np.asarray(image)
    if pixels.ndim != 2:
        raise NoGrating(f"A photograph has rows and columns of grey values, not {pixels.shape}.")
    if min(pixels.shape) < SMALLEST_SIDE_PX:
        height, width = pixels.shape
        raise NoGrating(
            f"The image of {width} x {height} px is too small to find a grating in: "
            f"{SMALLEST_SIDE_PX} px a side are needed. Give the whole photograph."
        )
    values = pixels.astype(np.float32)
    step = tuple(slice(None, None, max(1, side // _SAMPLED)) for side in values.shape)
    sample = values[step]
    if not np.isfinite(values).all():
        raise NoGrating("The image has values that are no numbers (NaN or infinite).")
    low, high = np.quantile(sample, _CLIPPED)
    np.clip(values, low, high, out=values)
    deviation = float(values[step].std())
    if not deviation > 1e-6 * max(1.0, abs(float(high))):
        raise NoGrating(
            "The image has one grey value (nearly) everywhere: it is blank, or saturated. Take "
            "the photograph again with less or more light."
        )
    values -= values[step].mean()
    values /= deviation
    return values


def middle(image: NDArray[np.float32], side_px: int) -> NDArray[np.float32]:
    """Return the middle of an image, at most so many pixels a side."""
    starts = [max(0, side - side_px) // 2 for side in image.shape]
    parts = (slice(start, start + side_px) for start in starts)
    return image[tuple(parts)]


def binned(image: NDArray[np.float32], bin_px: int) -> NDArray[np.float32]:
    """Return means over squares; what is left at the right and at the bottom is dropped."""
    if bin_px == 1:
        return image
    height, width = (side // bin_px for side in image.shape)
    whole = image[: height * bin_px, : width * bin_px]
    rows = np.add.reduceat(whole, np.arange(0, width * bin_px, bin_px), axis=1)
    both = np.add.reduceat(rows, np.arange(0, height * bin_px, bin_px), axis=0)
    return np.asarray(both / np.float32(bin_px**2))
