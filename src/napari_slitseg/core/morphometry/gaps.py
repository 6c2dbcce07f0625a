"""Bridge gaps between lines where their directions say that they belong together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from napari_slitseg.core.morphometry.centre import inside
from napari_slitseg.core.morphometry.curve import Curves, arcs_of, first_crossing, heading
from napari_slitseg.core.morphometry.ends import HEADING_WIDTHS, Piece
from napari_slitseg.core.morphometry.path import EndKind, Floats

End = tuple[int, bool]
"""A piece, and whether its end is meant (or its start)."""
Bridges = dict[End, tuple[End, Floats]]
"""What every joined end is joined to, and the curve to it."""

_TURN_SHARE: Final = 1.5
_STEP_PX: Final = 1.5


def joined(
    pieces: list[Piece],
    shape: tuple[int, ...],
    *,
    widest_px: float,
    angle_deg: float,
    width_px: float,
) -> list[Piece]:
    """Return the pieces with gaps bridged.

    Two free ends are joined when they are near, and each line's direction, the other's, and the
    bridge between agree: best pairs first, every end once, and never across another line. A
    bridge is the cubic that leaves one line and enters the other in their directions.

    Parameters
    ----------
    pieces : list of Piece
    shape : (height, width)
        Size of the image, px; a bridge stays inside.
    widest_px : float
        Widest gap.
    angle_deg : float
        Largest angle between a line's direction and the bridge; the line may turn by half as much
        again in all. At a gap no wider than the stripe half a stripe's width aside is allowed, too.
    width_px : float
        About how wide the stripe is.
    """
    bridges: Bridges = {}
    walls = Curves(piece.yx for piece in pieces)
    for one, other, curve in _candidates(pieces, widest_px, angle_deg, width_px):
        if one in bridges or other in bridges or not inside(curve, shape).all():
            continue
        if all(first_crossing(curve[1:-1], wall) is None for wall in walls.near(curve)):
            walls.add(curve)
            bridges |= {one: (other, curve), other: (one, curve[::-1])}
    return _chained(pieces, bridges)


def _candidates(
    pieces: list[Piece], widest_px: float, angle_deg: float, width_px: float
) -> Iterator[tuple[End, End, Floats]]:
    """Pairs of ends that may be joined, the best first."""
    ends = list(_free_ends(pieces))
    if len(ends) < 2 or widest_px <= 0:
        return
    at = np.array([_leaving(pieces, end)[-1] for end in ends])
    out = np.array([heading(_leaving(pieces, end), HEADING_WIDTHS * width_px) for end in ends])
    near = KDTree(at).query_pairs(widest_px, output_type="ndarray")
    i, j = near[np.lexsort(near.T[::-1])].T
    apart = at[j] - at[i]
    gap = np.maximum(np.hypot(*apart.T), 1e-9)
    slack = np.where(gap <= width_px, width_px / 2, 0.0)
    worst = np.maximum(_bend(apart, out[i], slack), _bend(-apart, out[j], slack))
    turn = np.degrees(np.arccos(np.clip(-(out[i] * out[j]).sum(axis=1), -1, 1)))
    fits = np.flatnonzero((worst <= angle_deg) & (turn <= _TURN_SHARE * angle_deg))
    cost = gap * (1 + (worst + turn) / 45.0)
    for pair in fits[np.argsort(cost[fits], kind="stable")].tolist():
        one, other = int(i[pair]), int(j[pair])
        yield ends[one], ends[other], _bridge(at[one], out[one], at[other], -out[other])


def _bend(apart: Floats, out: Floats, slack: Floats) -> Floats:
    """Angle between directions (P, 2) and the way to the other ends, degrees."""
    ahead = (apart * out).sum(axis=1)
    aside = np.abs(apart[:, 1] * out[:, 0] - apart[:, 0] * out[:, 1])
    return np.asarray(np.degrees(np.arctan2(np.maximum(aside - slack, 0.0), ahead)))


def _free_ends(pieces: list[Piece]) -> Iterator[End]:
    for index, piece in enumerate(pieces):
        kinds: tuple[EndKind, EndKind] = (piece.start, piece.end)
        yield from ((index, side) for side in (False, True) if kinds[side] == "free")


def _leaving(pieces: list[Piece], end: End) -> Floats:
    """Corners of a piece, toward that end."""
    index, is_end = end
    return pieces[index].yx if is_end else pieces[index].yx[::-1]


def _bridge(start: Floats, out: Floats, stop: Floats, into: Floats) -> Floats:
    """Cubic from one place and direction to another (Hermite)."""
    gap = float(np.hypot(*(stop - start)))
    t = np.linspace(0, 1, max(3, round(gap / _STEP_PX) + 1))[:, None]
    return np.asarray(
        (2 * t**3 - 3 * t**2 + 1) * start
        + (t**3 - 2 * t**2 + t) * gap * out
        + (3 * t**2 - 2 * t**3) * stop
        + (t**3 - t**2) * gap * into
    )


def _chained(pieces: list[Piece], bridges: Bridges) -> list[Piece]:
    ends = [(index, side) for index in range(len(pieces)) for side in (False, True)]
    rest = set(range(len(pieces)))
    starts = [end for end in ends if end not in bridges]
    return [_chain(start, pieces, bridges, rest) for start in starts + ends if start[0] in rest]


def _chain(start: End, pieces: list[Piece], bridges: Bridges, rest: set[int]) -> Piece:
    """Walk from an end over bridges to the other end of the line."""
    here, curves, gaps, length = start, [], [], 0.0
    while here[0] in rest:
        rest.remove(here[0])
        last = (here[0], not here[1])
        curves.append(_leaving(pieces, last))
        length += pieces[here[0]].length_px
        if last in bridges:
            here, bridge = bridges[last]
            curves.append(bridge[1:-1])
            gaps.append((length, length + float(arcs_of(bridge)[-1])))
            length = gaps[-1][1]
    if not gaps:
        return pieces[start[0]]
    if start in bridges:
        return Piece(np.vstack([*curves, curves[0][:1]]), "none", "none", tuple(gaps))
    kinds = [(pieces[i].start, pieces[i].end)[side] for i, side in (start, last)]
    return Piece(np.vstack(curves), kinds[0], kinds[1], tuple(gaps))
