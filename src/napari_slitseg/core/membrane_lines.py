"""Centre lines of a membrane stripe, in order from end to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage import morphology

from napari_slitseg.core.membrane import Line, Stripe

Pixel = tuple[int, int]
Links = dict[Pixel, list[Pixel]]
Path = list[Pixel]

_thin: Callable[[Stripe], Stripe] = morphology.skeletonize
_STRAIGHT: Final = ((-1, 0), (0, -1), (0, 1), (1, 0))
_DIAGONAL: Final = ((-1, -1), (-1, 1), (1, -1), (1, 1))


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
    links = _pruned(_links(_thin(np.pad(stripe[box], 1))), spur_px)
    paths = [path for path in _paths(links) if _is_long(path, links, spur_px)]
    corner = np.array([box[0].start - 1, box[1].start - 1], np.float64)
    lines = [np.array(path, np.float64) + corner for path in paths]
    return tuple(_smoothed(line, smooth_px) for line in sorted(lines, key=len, reverse=True))


def _filled(stripe: Stripe) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(stripe.any(axis=1)), np.flatnonzero(stripe.any(axis=0))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _links(skeleton: NDArray[np.bool_]) -> Links:
    """Neighbours of every pixel; diagonal ones only where no straight way leads to them."""
    pixels = {(y, x) for y, x in np.argwhere(skeleton).tolist()}
    return {pixel: list(_neighbours(pixel, pixels)) for pixel in pixels}


def _neighbours(pixel: Pixel, pixels: set[Pixel]) -> Iterator[Pixel]:
    y, x = pixel
    for dy, dx in _STRAIGHT:
        if (y + dy, x + dx) in pixels:
            yield y + dy, x + dx
    for dy, dx in _DIAGONAL:
        is_bridged = (y + dy, x) in pixels or (y, x + dx) in pixels
        if (y + dy, x + dx) in pixels and not is_bridged:
            yield y + dy, x + dx


def _pruned(links: Links, spur_px: float) -> Links:
    """Without short side branches: the shortest go first, until a place is a fork no more."""
    while spurs := [path for path in _spurs(links) if len(path) - 1 < spur_px]:
        for *spur, fork in sorted(spurs, key=lambda path: (len(path), path[0])):
            if len(links[fork]) > 2:
                _remove(links, spur)
    return links


def _spurs(links: Links) -> Iterator[Path]:
    """Branches from an end to a fork."""
    for end in [pixel for pixel, others in links.items() if len(others) == 1]:
        path = _walk(links, end, links[end][0])
        if len(links[path[-1]]) > 2:
            yield path


def _remove(links: Links, pixels: Path) -> None:
    for pixel in pixels:
        for other in links.pop(pixel):
            links[other].remove(pixel)


def _paths(links: Links) -> Iterator[Path]:
    """Every stretch between ends and forks once, then the loops."""
    seen: set[frozenset[Pixel]] = set()
    nodes = sorted(pixel for pixel, others in links.items() if len(others) != 2)
    for start, first in [(node, other) for node in nodes for other in links[node]]:
        if frozenset((start, first)) not in seen:
            path = _walk(links, start, first)
            seen |= {frozenset(pair) for pair in (path[:2], path[-2:])}
            yield path
    rest = links.keys() - _reached(links, nodes)
    while rest:
        start = min(rest)
        path = _walk(links, start, links[start][0])
        rest -= set(path)
        yield path


def _reached(links: Links, nodes: list[Pixel]) -> set[Pixel]:
    """Pixels of all pieces that have an end or a fork."""
    reached, to_do = set(nodes), list(nodes)
    while to_do:
        fresh = set(links[to_do.pop()]) - reached
        reached |= fresh
        to_do += fresh
    return reached


def _walk(links: Links, start: Pixel, first: Pixel) -> Path:
    """Path from a place over its neighbour to the next end or fork, or round to the place."""
    path = [start, first]
    while len(links[path[-1]]) == 2 and path[-1] != start:
        one, other = links[path[-1]]
        path.append(other if one == path[-2] else one)
    return path


def _is_long(path: Path, links: Links, spur_px: float) -> bool:
    """Whether a path is more than a speck: one between two forks always is."""
    is_alone = all(len(links[end]) == 1 for end in (path[0], path[-1]))
    return not is_alone or len(path) >= spur_px


def _smoothed(line: Line, smooth_px: float) -> Line:
    if smooth_px <= 0 or len(line) < 3:
        return line
    if np.array_equal(line[0], line[-1]):
        ring = ndimage.gaussian_filter1d(line[:-1], smooth_px, axis=0, mode="wrap")
        return np.vstack([ring, ring[:1]])
    turned = np.vstack([2 * line[0] - line[:0:-1], line, 2 * line[-1] - line[-2::-1]])
    smooth = ndimage.gaussian_filter1d(turned, smooth_px, axis=0)
    return np.asarray(smooth[len(line) - 1 : 2 * len(line) - 1])
