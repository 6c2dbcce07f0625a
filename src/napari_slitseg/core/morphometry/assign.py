"""Which membrane line each slit lies on, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_slitseg.core.morphometry.excluding import Polygon, is_inside
from napari_slitseg.core.morphometry.image_measures import SlitsOnLines
from napari_slitseg.core.morphometry.path import Floats, MembranePath


@dataclass(frozen=True, eq=False)
class NearestLine:
    """The nearest of several lines, for each of N places.

    Attributes
    ----------
    line : (N,) int64
        Its index; -1 where there is no line at all.
    arc : (N,) float64
        The nearest place along it, px; NaN without one.
    distance_px : (N,) float64
        How far it is; infinite without one.
    """

    line: NDArray[np.int64]
    arc: Floats
    distance_px: Floats


def nearest_line(paths: Sequence[MembranePath], yx: ArrayLike) -> NearestLine:
    """Return the nearest line to each of some places (N, 2), px.

    Of two lines equally near, the first counts. Beyond the end of a line its end is the nearest
    place; on a loop places run from 0 up to, and not including, its length.
    """
    places = np.asarray(yx, np.float64).reshape(-1, 2)
    line = np.full(len(places), -1, np.int64)
    arc, distance = np.full(len(places), np.nan), np.full(len(places), np.inf)
    for index, path in enumerate(paths):
        along, apart = path.nearest(places)
        is_nearer = apart < distance
        line[is_nearer], distance[is_nearer] = index, apart[is_nearer]
        arc[is_nearer] = (
            np.mod(along, path.length_px)[is_nearer] if path.is_closed else (along[is_nearer])
        )
    return NearestLine(line, arc, distance)


def assign(
    paths: Sequence[MembranePath],
    ids: ArrayLike,
    yx: ArrayLike,
    *,
    within_px: float,
    left_out: Sequence[MembranePath] = (),
    areas: Sequence[Polygon] = (),
) -> SlitsOnLines:
    """Return where slits lie: each on the nearest line, if that is near enough.

    Parameters
    ----------
    paths : sequence of MembranePath
        Lines that count.
    ids : (N,) array_like of int
        Names of the slits, each once.
    yx : (N, 2) array_like of float
        Their places, px; may lie outside the image.
    within_px : float
        Largest distance of a slit on a line, inclusive.
    left_out : sequence of MembranePath
        Excluded stretches. A slit is excluded with the stretch that it is nearest to, however it
        lies to the area that a person drew: a slit counts where its place on the line counts.
    areas : sequence of (K, 2) arrays
        Excluded areas: a slit inside that is near no line at all is excluded, too.

    Raises
    ------
    ValueError
        If a slit has no name or place of its own, or a place is not finite.
    """
    names, places = _checked(ids, yx)
    nearest = nearest_line((*paths, *left_out), places)
    is_near = nearest.distance_px <= within_px
    is_counted = is_near & (nearest.line < len(paths)) & (nearest.line >= 0)
    is_excluded = (is_near & ~is_counted) | (~is_near & is_inside(places, areas))
    return SlitsOnLines(
        ids=names,
        yx=places,
        line=np.where(is_counted, nearest.line, -1),
        arc=np.where(is_counted, nearest.arc, np.nan),
        distance_px=nearest.distance_px,
        is_excluded=is_excluded,
    )


def _checked(ids: ArrayLike, yx: ArrayLike) -> tuple[NDArray[np.int64], Floats]:
    """Copy names and places, and refuse what cannot be measured."""
    names, places = np.array(ids, np.int64), np.array(yx, np.float64)
    places = places.reshape(0, 2) if not places.size else places
    if names.shape != places.shape[:1] or places.shape[1:] != (2,):
        raise ValueError(
            f"Each slit needs a number and a place (y, x): there are {names.size} numbers for "
            f"places of shape {places.shape}."
        )
    is_lost = ~np.isfinite(places).all(axis=1)
    if is_lost.any():
        shown = ", ".join(map(str, names[is_lost][:5].tolist()))
        raise ValueError(
            f"{is_lost.sum()} slit(s) have no place, or an infinite one (number {shown}): "
            "take them away or place them anew."
        )
    if len(np.unique(names)) < len(names):
        raise ValueError("Two slits have the same number: give each a number of its own.")
    return names, places
