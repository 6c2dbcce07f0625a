"""Centre lines of a membrane stripe, in order from end to end."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_slitseg.core.membrane import Line, Stripe
from napari_slitseg.core.skeleton_links import (
    Links,
    Way,
    links_of,
    places_of,
    pruned,
    thin,
    ways_of,
)


def lines_of(stripe: Stripe, *, spur_px: float = 12.0, smooth_px: float = 3.0) -> tuple[Line, ...]:
    """Return the centre lines of a stripe.

    Parameters
    ----------
    stripe : (H, W) bool
    spur_px : float
        Side branches of fewer pixels are dropped, and so are pieces whose whole line is shorter.
    smooth_px : float
        Standard deviation of the smoothing along a line, px; 0 gives the pixels themselves. Ends
        stay where they are.

    Returns
    -------
    tuple of (K, 2) float64
        Lines (y, x), px, the longest first. One ends at the stripe's end or where it branches; a
        loop repeats its first place at its end. Lines end about half a stripe's width before the
        stripe does.

    Notes
    -----
    Skeleton of Zhang and Suen, Communications of the ACM 1984.
    """
    box = _filled(stripe)
    skeleton = thin(np.pad(stripe[box], 1))
    links = pruned(links_of(skeleton), spur_px)
    ways = [way for way in ways_of(links) if _is_long(way, links, spur_px)]
    corner = np.array([box[0].start - 1, box[1].start - 1], np.float64)
    lines = [places_of(way, skeleton.shape[1]) + corner for way in ways]
    return tuple(_smoothed(line, smooth_px) for line in sorted(lines, key=len, reverse=True))


def _filled(stripe: Stripe) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(stripe.any(axis=1)), np.flatnonzero(stripe.any(axis=0))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _is_long(way: Way, links: Links, spur_px: float) -> bool:
    """Whether a way is more than a speck: one between two forks always is."""
    is_alone = all(len(links[end]) == 1 for end in (way[0], way[-1]))
    return not is_alone or len(way) >= spur_px


def _smoothed(line: Line, smooth_px: float) -> Line:
    if smooth_px <= 0 or len(line) < 3:
        return line
    if np.array_equal(line[0], line[-1]):
        ring = ndimage.gaussian_filter1d(line[:-1], smooth_px, axis=0, mode="wrap")
        return np.vstack([ring, ring[:1]])
    turned = np.vstack([2 * line[0] - line[:0:-1], line, 2 * line[-1] - line[-2::-1]])
    smooth = ndimage.gaussian_filter1d(turned, smooth_px, axis=0)
    return np.asarray(smooth[len(line) - 1 : 2 * len(line) - 1])
