"""Where the published tool believes the ends of a line to be: the two strongest corners.

Corners after Shi and Tomasi, "Good features to track", 1994, with the tool's settings and the
rounding of OpenCV; own implementation.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_slitseg.core.morphometry.fpw_dl_v1_borders import Corners

MARGIN_PX: Final = 10
THICKENING_PX: Final = 5
LEAST_SHARE: Final = 0.3
APART_PX: Final = 20.0
_SOBEL_SCALE: Final = np.float32(1 / (4 * 3 * 255))


def ends_of(border: Corners) -> tuple[int, int] | None:
    """Return which two pixels of a border are nearest to its piece's strongest corners.

    They need not be the ends of the line: a sharp bend may be a stronger corner, and a loop has no
    end at all.

    Parameters
    ----------
    border : (K, 2) int64
        Of one piece, px.

    Returns
    -------
    tuple of int or None
        Indices into the border, the smaller first; None where only one corner is found.
    """
    first = border.min(axis=0) - MARGIN_PX
    picture = np.zeros(border.max(axis=0) - first + 1 + MARGIN_PX, np.uint8)
    picture[tuple((border - first).T)] = 255
    thick = ndimage.grey_dilation(picture, size=(THICKENING_PX, THICKENING_PX))
    corners = strongest_corners(thick)
    if len(corners) < 2:
        return None
    one, other = (nearest_index(border, corner + first) for corner in corners)
    return min(one, other), max(one, other)


def nearest_index(border: Corners, yx: NDArray[np.int64]) -> int:
    """Return which pixel of a border is nearest to a place, the first of several."""
    return int(((border - yx) ** 2).sum(axis=1).argmin())


def strongest_corners(picture: NDArray[np.uint8]) -> Corners:
    """Return the two strongest corners (y, x) of a picture at least 20 px apart, or fewer."""
    strength = _corner_strength(picture)
    strength[strength <= strength.max() * LEAST_SHARE] = 0
    is_peak = (strength > 0) & (strength == ndimage.maximum_filter(strength, 3, mode="nearest"))
    is_peak[[0, -1]] = is_peak[:, [0, -1]] = False
    at = np.flatnonzero(is_peak)[::-1]
    at = at[np.argsort(-strength.ravel()[at], kind="stable")]
    yx = np.stack(np.divmod(at, picture.shape[1]), axis=1)
    far = np.hypot(*(yx - yx[:1]).T) >= APART_PX
    return np.concatenate([yx[:1], yx[far][:1]])


def _corner_strength(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Smaller eigenvalue of the 3 x 3 sums of products of slopes."""
    grey = np.pad(picture.astype(np.float32), 1, mode="reflect")
    sides = grey[:, :-2] + grey[:, 2:]
    smooth = grey[:, 1:-1] * (2 * _SOBEL_SCALE) + sides * _SOBEL_SCALE
    down = smooth[2:] - smooth[:-2]
    slope = grey[:, 2:] - grey[:, :-2]
    across = slope[1:-1] * (2 * _SOBEL_SCALE) + (slope[2:] + slope[:-2]) * _SOBEL_SCALE
    yy, xx, yx = (_summed(a * b) for a, b in ((down, down), (across, across), (down, across)))
    half = np.float32(0.5)
    spread = np.sqrt((xx * half - yy * half) ** 2 + yx**2)
    return np.asarray(xx * half + yy * half - spread, np.float32)


def _summed(products: NDArray[Any]) -> NDArray[np.float32]:
    total = products.astype(np.float64)
    for axis in (0, 1):
        total = ndimage.correlate1d(total, [1.0, 1.0, 1.0], axis, mode="mirror")
    return total.astype(np.float32)
