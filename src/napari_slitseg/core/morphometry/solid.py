"""The stripe to trace: from a mask or a map, without small holes and specks."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from napari_slitseg.core.membrane import Stripe

_CROSS: Final = ndimage.generate_binary_structure(2, 1)
_SQUARE: Final = ndimage.generate_binary_structure(2, 2)


def stripe_in(membrane: ArrayLike, threshold: float) -> Stripe:
    """Return the stripe (H, W) of a mask, or of a map where it is at least the threshold.

    Raises
    ------
    ValueError
        If it is neither a mask of bool nor a map of float in [0, 1], has colours or more pages, or
        holds a value that is no number.
    """
    given: NDArray[Any] = np.asarray(membrane)
    if given.ndim != 2:
        raise ValueError(
            f"A membrane has one value for each pixel, (height, width), not {given.shape}: take "
            "one channel or page of the image."
        )
    if given.dtype == np.bool_:
        return given
    if not np.issubdtype(given.dtype, np.floating):
        raise ValueError(
            f"A membrane is a mask (bool) or a map of probabilities (float), not {given.dtype}: "
            "compare a mask of 0 and 255 with 0 first."
        )
    low, high = (float(given.min()), float(given.max())) if given.size else (0.0, 0.0)
    if not (low >= 0 and high <= 1):
        what = "values that are no numbers" if np.isnan(low) else f"values from {low:g} to {high:g}"
        raise ValueError(f"A membrane map holds probabilities from 0 to 1; this one has {what}.")
    return np.asarray(given >= threshold)


def box_of(stripe: Stripe) -> tuple[slice, slice]:
    """Return the smallest box that holds a stripe; an empty one for an empty stripe."""
    rows, columns = np.flatnonzero(stripe.any(axis=1)), np.flatnonzero(stripe.any(axis=0))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def without_holes(stripe: Stripe, smallest_px: float) -> Stripe:
    """Return a stripe with holes of a smaller area closed; those at the border stay."""
    pieces, count = ndimage.label(~stripe, _CROSS)
    if count < 2:
        return stripe
    small = np.bincount(pieces.ravel(), minlength=count + 1) < smallest_px
    small[0] = False
    for side in (pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]):
        small[side] = False
    return np.asarray(stripe | small[pieces])


def without_specks(stripe: Stripe, smallest_px: float) -> Stripe:
    """Return a stripe without pieces whose box has a shorter diagonal: they hold no line."""
    pieces, _ = ndimage.label(stripe, _SQUARE)
    boxes = ndimage.find_objects(pieces)
    sides = np.array([[side.stop - side.start for side in box] for box in boxes]).reshape(-1, 2)
    is_large = np.append(False, np.hypot(*sides.T) >= smallest_px)
    return stripe if is_large[1:].all() else np.asarray(is_large[pieces])
