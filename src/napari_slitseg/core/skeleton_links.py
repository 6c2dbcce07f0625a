"""A skeleton as a graph: which pixel is whose neighbour, spurs, and the ways between forks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from skimage import morphology

Stripe = NDArray[np.bool_]
Links = dict[int, list[int]]
"""Neighbours of every pixel; a pixel is its index in the flat image."""
Way = list[int]

thin: Final[Callable[[Stripe], Stripe]] = morphology.skeletonize
"""Skeleton of Zhang and Suen, Communications of the ACM 1984."""


def links_of(skeleton: Stripe) -> Links:
    """Return the neighbours of every pixel that has one.

    Diagonal ones count only where no straight way leads to them.

    Parameters
    ----------
    skeleton : (H, W) bool
    """
    s, width = skeleton, skeleton.shape[1]
    falling = s[:-1, :-1] & s[1:, 1:] & ~(s[1:, :-1] | s[:-1, 1:])
    rising = s[:-1, 1:] & s[1:, :-1] & ~(s[:-1, :-1] | s[1:, 1:])
    links: Links = {}
    for pairs, first, second in (
        (s[:-1] & s[1:], 0, width),
        (s[:, :-1] & s[:, 1:], 0, 1),
        (falling, 0, width + 1),
        (rising, 1, width),
    ):
        rows, columns = np.nonzero(pairs)
        for corner in (rows * width + columns).tolist():
            links.setdefault(corner + first, []).append(corner + second)
            links.setdefault(corner + second, []).append(corner + first)
    return links


def pruned(links: Links, spur_px: float) -> Links:
    """Take away side branches of fewer pixels, in place; the shortest first.

    A branch stays when its fork is none any more because others went before it.
    """
    while spurs := [way for way in _spurs(links) if len(way) - 1 < spur_px]:
        for *spur, fork in sorted(spurs, key=lambda way: (len(way), way[0])):
            if len(links[fork]) > 2:
                _remove(links, spur)
    return links


def _spurs(links: Links) -> Iterator[Way]:
    """Branches from an end to a fork."""
    for end in [pixel for pixel, others in links.items() if len(others) == 1]:
        way = _walk(links, end, links[end][0])
        if len(links[way[-1]]) > 2:
            yield way


def _remove(links: Links, pixels: Way) -> None:
    for pixel in pixels:
        for other in links.pop(pixel):
            links[other].remove(pixel)


def ways_of(links: Links) -> list[Way]:
    """Return every stretch between ends and forks once, then the loops, their start repeated."""
    ways: list[Way] = []
    seen: set[tuple[int, int]] = set()
    rest = set(links)
    for node in sorted(pixel for pixel, others in links.items() if len(others) != 2):
        for first in links[node]:
            if (node, first) not in seen:
                ways.append(_walk(links, node, first))
                seen |= {(ways[-1][0], ways[-1][1]), (ways[-1][-1], ways[-1][-2])}
                rest.difference_update(ways[-1])
        rest.discard(node)
    while rest:
        start = min(rest)
        ways.append(_walk(links, start, links[start][0]))
        rest.difference_update(ways[-1])
    return ways


def _walk(links: Links, start: int, first: int) -> Way:
    """Way from a place over its neighbour to the next end or fork, or round to the place."""
    way = [start, first]
    while len(links[way[-1]]) == 2 and way[-1] != start:
        one, other = links[way[-1]]
        way.append(other if one == way[-2] else one)
    return way


def places_of(way: Way, width: int) -> NDArray[np.float64]:
    """Return a way as (K, 2) float64 (y, x), px, in a skeleton of some width, px."""
    return np.stack(np.divmod(np.array(way), width), axis=1).astype(np.float64)


def length_of(links: Links, width: int) -> float:
    """Return the length of the whole skeleton, px; a diagonal step has sqrt 2."""
    steps = [abs(a - b) in (1, width) for a, others in links.items() for b in others]
    return sum(1.0 if is_straight else 2**0.5 for is_straight in steps) / 2
