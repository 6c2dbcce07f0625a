"""From a stripe to rough lines: at a fork the straightest two arms are one line."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from napari_slitseg.core.membrane import Stripe
from napari_slitseg.core.morphometry.curve import arcs_of
from napari_slitseg.core.morphometry.path import Floats
from napari_slitseg.core.morphometry.solid import box_of
from napari_slitseg.core.skeleton_links import (
    length_of,
    links_of,
    places_of,
    pruned,
    thin,
    ways_of,
)

Arm = tuple[int, bool]
"""A stretch of the skeleton, and whether its last place is meant (or its first)."""

_ONE_FORK_WIDTHS: Final = 3.0
_SHARPEST_DEG: Final = 100.0
_SECOND_SHARPEST_DEG: Final = 45.0


@dataclass(frozen=True, eq=False)
class RoughLine:
    """A line as the skeleton has it.

    Attributes
    ----------
    yx : (K, 2) float64
        Places, px; a loop repeats its first one.
    start, end : (2,) float64 or None
        The fork where it ends, px; None where it ends at a tip (or is a loop).
    """

    yx: Floats
    start: Floats | None
    end: Floats | None


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Rough lines, and the mean width of the stripe, px."""

    lines: list[RoughLine]
    width_px: float


def skeleton_of(stripe: Stripe, spur_px: float, widest_px: float) -> Skeleton:
    """Return the rough lines of a stripe without its spurs.

    Parameters
    ----------
    stripe : (H, W) bool
    spur_px : float
        Side branches shorter than this, or than the stripe is wide, are dropped.
    widest_px : float
        The width is taken as this where it is larger.
    """
    box = box_of(stripe)
    padded = np.pad(stripe[box], 1)
    corner = np.array([box[0].start - 1, box[1].start - 1], np.float64)
    links = links_of(thin(padded))
    length = length_of(links, padded.shape[1])
    if not length:
        return Skeleton([], 0.0)
    width = min(np.count_nonzero(stripe) / length, widest_px)
    ways = ways_of(pruned(links, max(spur_px, width)))
    forks = {pixel for pixel, others in links.items() if len(others) > 2}
    arms = [places_of(way, padded.shape[1]) + corner for way in ways]
    ends = [tuple(pixel if pixel in forks else -1 for pixel in (w[0], w[-1])) for w in ways]
    return Skeleton(_lines(arms, ends, width), width)


def _lines(arms: list[Floats], ends: list[tuple[int, ...]], width_px: float) -> list[RoughLine]:
    lengths = [float(arcs_of(arm)[-1]) for arm in arms]
    inner = [
        -1 not in pair and length < _ONE_FORK_WIDTHS * width_px
        for pair, length in zip(ends, lengths, strict=True)
    ]
    group = _grouped([pair for pair, is_inner in zip(ends, inner, strict=True) if is_inner])
    at_fork: dict[int, list[Arm]] = {}
    for index, pair in enumerate(ends):
        for pixel, is_last in zip(pair, (False, True), strict=True):
            if pixel != -1 and not inner[index]:
                at_fork.setdefault(group.get(pixel, pixel), []).append((index, is_last))
    through: dict[Arm, Arm] = {}
    fork_of: dict[Arm, Floats] = {}
    for meeting in at_fork.values():
        through |= _straight_on(meeting, arms, width_px)
        middle: Floats = np.stack([_outward(arms, arm)[0] for arm in meeting]).mean(axis=0)
        fork_of |= dict.fromkeys(meeting, middle)
    cut = [_clear_of_forks(arms[i], i, fork_of, width_px) for i in range(len(arms))]
    kept = [index for index in range(len(arms)) if not inner[index]]
    return _chained(cut, kept, through, fork_of)


def _grouped(pairs: list[tuple[int, ...]]) -> dict[int, int]:
    """Give forks that a short stretch connects the name of one of them."""
    group: dict[int, int] = {}
    for one, other in pairs:
        old, new = group.get(other, other), group.get(one, one)
        group |= {one: new, other: new}
        group |= {pixel: new for pixel, name in group.items() if name == old}
    return group


def _outward(arms: list[Floats], arm: Arm) -> Floats:
    """Places of an arm, from its fork on."""
    index, is_last = arm
    return arms[index][::-1] if is_last else arms[index]


def _straight_on(meeting: list[Arm], arms: list[Floats], width_px: float) -> dict[Arm, Arm]:
    """Which arm goes on as which: the straightest two first, then others that are straight."""
    away = [_direction(_outward(arms, arm), width_px) for arm in meeting]
    bends = sorted(
        (float(np.degrees(np.arccos(np.clip(-away[i] @ away[j], -1, 1)))), i, j)
        for i, j in combinations(range(len(meeting)), 2)
    )
    through: dict[Arm, Arm] = {}
    for bend, i, j in bends:
        allowed = _SECOND_SHARPEST_DEG if through else _SHARPEST_DEG
        if bend <= allowed and meeting[i] not in through and meeting[j] not in through:
            through |= {meeting[i]: meeting[j], meeting[j]: meeting[i]}
    return through


def _direction(outward: Floats, width_px: float) -> Floats:
    arc = arcs_of(outward)
    at = np.minimum([0.7 * width_px, 3 * width_px], [0.5 * arc[-1], arc[-1]])
    near, far = (np.array([np.interp(a, arc, outward[:, k]) for k in (0, 1)]) for a in at)
    return np.asarray((far - near) / max(float(np.hypot(*(far - near))), 1e-12))


def _clear_of_forks(arm: Floats, index: int, fork_of: dict[Arm, Floats], width_px: float) -> Floats:
    """Arm without the places that its forks bend."""
    arc = arcs_of(arm)
    cut = min(width_px, 0.35 * float(arc[-1]))
    keep = np.ones(len(arm), np.bool_)
    if (index, False) in fork_of:
        keep &= arc >= cut
    if (index, True) in fork_of:
        keep &= arc <= arc[-1] - cut
    return arm[keep] if np.count_nonzero(keep) > 1 else arm


def _chained(
    arms: list[Floats], kept: list[int], through: dict[Arm, Arm], fork_of: dict[Arm, Floats]
) -> list[RoughLine]:
    lines: list[RoughLine] = []
    rest = set(kept)
    starts = [(i, side) for i in kept for side in (False, True) if (i, side) not in through]
    for start in [*starts, *((i, False) for i in kept)]:
        if start[0] in rest:
            lines.append(_chain(start, arms, rest, through, fork_of))
    return lines


def _chain(
    start: Arm,
    arms: list[Floats],
    rest: set[int],
    through: dict[Arm, Arm],
    fork_of: dict[Arm, Floats],
) -> RoughLine:
    """Walk from an end of an arm through forks to the other end of the line."""
    pieces: list[Floats] = []
    here = start
    while here[0] in rest:
        rest.remove(here[0])
        pieces.append(_outward(arms, here))
        last = (here[0], not here[1])
        here = through.get(last, last)
    yx = np.vstack(pieces)
    if start in through and here == start and len(yx) > 2:
        return RoughLine(np.vstack([yx, yx[:1]]), None, None)
    return RoughLine(yx, fork_of.get(start), fork_of.get(last))
