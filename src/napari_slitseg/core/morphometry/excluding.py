"""Stretches of membrane that a person excluded are taken out of the lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_slitseg.core.morphometry.path import EndKind, Floats, MembranePath

Polygon = Floats
"""Corners (K, 2) of an area, (y, x) px; its last corner is joined to the first."""

_SAME_PLACE_PX: Final = 1e-6
_SLACK: Final = 1e-9
_PARALLEL: Final = 1e-200
_PAIRS_AT_ONCE: Final = 2**17


@dataclass(frozen=True, eq=False)
class CutLines:
    """Lines, divided into what counts and what does not.

    Attributes
    ----------
    kept : tuple of MembranePath
        Pieces outside of every area, in the order of the lines. An end at an area is "excluded".
    left_out : tuple of MembranePath
        Pieces inside.
    areas : tuple of (K, 2) float64
        The areas that enclose something.
    notices : tuple of str
        About areas that change nothing.
    """

    kept: tuple[MembranePath, ...]
    left_out: tuple[MembranePath, ...]
    areas: tuple[Polygon, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def left_out_px(self) -> float:
        """Length of what does not count, px."""
        return float(sum(path.length_px for path in self.left_out))


def cut_out(paths: Sequence[MembranePath], excluded: Sequence[ArrayLike]) -> CutLines:
    """Return the lines without what lies in some areas.

    Lines are cut exactly where they cross an outline. Areas may overlap and reach beyond the
    image. In one whose outline crosses itself, a place is inside where a ray from it crosses the
    outline an odd number of times. A loop that is cut becomes an open line.

    Parameters
    ----------
    paths : sequence of MembranePath
    excluded : sequence of (K, 2) array_like
        Corners of areas, (y, x) px.

    Raises
    ------
    ValueError
        If an area is not made of finite corners (y, x).
    """
    drawn = [_checked(area) for area in excluded]
    areas = tuple(area for area in drawn if _encloses_something(area))
    pieces = [piece for path in paths for piece in _pieces(path, areas)]
    kept = tuple(path for path, is_in in pieces if not is_in)
    left_out = tuple(path for path, is_in in pieces if is_in)
    return CutLines(kept, left_out, areas, tuple(_notices(drawn, paths)))


def is_inside(yx: ArrayLike, areas: Sequence[Polygon]) -> NDArray[np.bool_]:
    """Return which places (N, 2) lie inside at least one area, by the even-odd rule."""
    places = np.asarray(yx, np.float64).reshape(-1, 2)
    inside = np.zeros(len(places), np.bool_)
    for area in areas:
        inside |= _is_in(places, area)
    return inside


def _checked(area: ArrayLike) -> Polygon:
    corners = np.array(area, np.float64)
    if corners.ndim != 2 or corners.shape[1] != 2 or not np.isfinite(corners).all():
        raise ValueError(
            f"An excluded area is a list of finite corners (y, x), not {corners.shape}: "
            "take it away and draw it anew."
        )
    return corners


def _encloses_something(area: Polygon) -> bool:
    """Whether three corners do not lie on one line."""
    if len(area) < 3:
        return False
    return bool(np.linalg.matrix_rank(area - area[0], tol=_SAME_PLACE_PX) == 2)


def _notices(drawn: Sequence[Polygon], paths: Sequence[MembranePath]) -> list[str]:
    said = []
    for number, area in enumerate(drawn, start=1):
        if not _encloses_something(area):
            said.append(f"Excluded area {number} encloses nothing: it changes nothing.")
        elif paths and not any(is_in for path in paths for _, is_in in _pieces(path, (area,))):
            said.append(f"Excluded area {number} lies on no membrane line: no length is left out.")
    return said


def _is_in(places: Floats, area: Polygon) -> NDArray[np.bool_]:
    """Count edges that a ray towards larger x crosses, for places in the area's frame."""
    is_in = ((places >= area.min(axis=0)) & (places <= area.max(axis=0))).all(axis=1)
    (y, x), (from_y, from_x) = places[is_in].T[..., None], area.T
    to_y, to_x = np.roll(area, -1, axis=0).T
    is_level = (from_y > y) != (to_y > y)
    share = np.divide(y - from_y, to_y - from_y, out=np.zeros(is_level.shape), where=is_level)
    is_right = x < from_x + share * (to_x - from_x)
    is_in[is_in] = (is_level & is_right).sum(axis=1) % 2 == 1
    return np.asarray(is_in)


def _pieces(path: MembranePath, areas: Sequence[Polygon]) -> list[tuple[MembranePath, bool]]:
    """Divide a line where it enters or leaves the union of the areas: (piece, is inside)."""
    bounds = _bounds(path, areas)
    middles = (bounds[:-1] + bounds[1:]) / 2
    states = is_inside(path.at(middles), areas)
    if states.all() or not states.any():
        return [(path, bool(states[0]))]
    changes = np.flatnonzero(states[1:] != states[:-1]) + 1
    cuts, inside = bounds[[0, *changes, -1]], states[[0, *changes]]
    if path.is_closed:
        cuts, inside = _without_seam(cuts, inside, path.length_px)
    return [
        (_piece(path, start, end), bool(is_in))
        for start, end, is_in in zip(cuts[:-1].tolist(), cuts[1:].tolist(), inside, strict=True)
    ]


def _without_seam(
    cuts: Floats, inside: NDArray[np.bool_], length_px: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """Join the last piece of a loop to its first where nothing changes at the seam."""
    if inside[0] != inside[-1]:
        return cuts, inside
    return np.concatenate([cuts[1:-1], [cuts[1] + length_px]]), inside[1:]


def _bounds(path: MembranePath, areas: Sequence[Polygon]) -> Floats:
    """Return the arcs of both ends and of every crossing in between, each once."""
    found = [_crossings(path, area) for area in areas]
    inner = np.unique(np.concatenate([[], *found]))
    is_inner = (inner > _SAME_PLACE_PX) & (inner < path.length_px - _SAME_PLACE_PX)
    bounds = np.concatenate([[0.0], inner[is_inner], [path.length_px]])
    is_new = np.diff(bounds, prepend=-np.inf) > _SAME_PLACE_PX
    is_new[-1] = True
    return np.asarray(bounds[is_new])


def _crossings(path: MembranePath, area: Polygon) -> Floats:
    """Return the arcs where a line meets an outline."""
    edges = np.roll(area, -1, axis=0) - area
    low, high = area.min(axis=0), area.max(axis=0)
    first, last = path.yx[:-1], path.yx[1:]
    is_near = (np.minimum(first, last) <= high) & (np.maximum(first, last) >= low)
    near = np.flatnonzero(is_near.all(axis=1))
    at_once = max(1, _PAIRS_AT_ONCE // len(area))
    parts = [near[i : i + at_once] for i in range(0, len(near), at_once)]
    return np.concatenate([[], *(_met(path, part, area, edges) for part in parts)])


def _met(path: MembranePath, rows: NDArray[np.intp], area: Polygon, edges: Floats) -> Floats:
    """Return the arcs where some segments of a line meet edges; parallel ones never do."""
    (along_y, along_x) = (path.yx[rows + 1] - path.yx[rows]).T[..., None]
    (to_y, to_x) = (area - path.yx[rows][:, None]).transpose(2, 0, 1)
    edge_y, edge_x = edges.T
    turn = along_y * edge_x - along_x * edge_y
    is_across = np.abs(turn) > _PARALLEL
    turn = np.where(is_across, turn, 1.0)
    share = (to_y * edge_x - to_x * edge_y) / turn
    of_edge = (to_y * along_x - to_x * along_y) / turn
    is_met = is_across & (np.abs(share - 0.5) <= 0.5 + _SLACK)
    row, column = np.nonzero(is_met & (np.abs(of_edge - 0.5) <= 0.5 + _SLACK))
    steps = np.diff(path.arc)[rows[row]]
    return np.asarray(path.arc[rows[row]] + np.clip(share[row, column], 0.0, 1.0) * steps)


def _piece(path: MembranePath, start: float, end: float) -> MembranePath:
    """Return a stretch of a line as a line of its own."""
    corners = path.between(start, end)
    is_new = np.append(True, (np.diff(corners, axis=0) != 0).any(axis=1))
    first: EndKind = "excluded" if path.is_closed or start > 0 else path.start
    last: EndKind = "excluded" if path.is_closed or end < path.length_px else path.end
    return MembranePath(corners[is_new], first, last, _joined(path, start, end))


def _joined(path: MembranePath, start: float, end: float) -> tuple[tuple[float, float], ...]:
    """Return the bridged stretches of a piece, as arcs of the piece."""
    turns = (-path.length_px, 0.0, path.length_px) if path.is_closed else (0.0,)
    clipped = [
        (max(low + turn, start) - start, min(high + turn, end) - start)
        for turn in turns
        for low, high in path.joined
    ]
    return tuple((low, high) for low, high in sorted(clipped) if high > low)
