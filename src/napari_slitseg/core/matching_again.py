"""A matching after a few annotations changed: only what hangs together with them is new."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.matching_edges import TOLERANCE_SLACK, best_pairs

_MOST_CHANGES: Final = 20
_MOST_NEAR: Final = 400
"""More are matched together with all others: that is quicker then."""

YX = NDArray[np.float64]
Pairs = tuple[NDArray[np.int64], NDArray[np.float64]]


def pairs_again(
    pairs: NDArray[np.int64],
    distance_px: NDArray[np.float64],
    predicted: YX,
    annotated: tuple[YX, YX],
    row_before: NDArray[np.intp],
    tolerance_px: float,
) -> Pairs | None:
    """Return the best pairs after some annotations changed, the same as of matching all anew.

    Parameters
    ----------
    pairs, distance_px : (K, 2) and (K,) arrays
        Best pairs before, and their distances.
    predicted : (N, 2) array of float
        Positions (y, x), the same as before, px.
    annotated : two arrays (M, 2) of float
        Positions before, and now.
    row_before : array of int
        Row that each annotation had before, ascending; -1 for new ones.
    tolerance_px : float
        The same as before.

    Returns
    -------
    pairs, distance_px : arrays, or None
        None where so much changed that matching all is quicker.
    """
    before, now = annotated
    is_same = row_before >= 0
    is_same[is_same] = (before[row_before[is_same]] == now[is_same]).all(axis=1)
    gone = np.ones(len(before), np.bool_)
    gone[row_before[is_same]] = False
    if gone.sum() + (~is_same).sum() > _MOST_CHANGES:
        return None
    every = np.concatenate([now, before[gone]])
    changed = np.concatenate([~is_same, np.ones(int(gone.sum()), np.bool_)])
    near = _hanging_together(predicted, every, changed, tolerance_px)
    if near is None:
        return None
    rows, columns = np.flatnonzero(near[0]), np.flatnonzero(near[1][: len(now)])
    some, distance = best_pairs(predicted[rows], now[columns], tolerance_px)
    stays = ~near[0][pairs[:, 0]]
    row_now = np.full(len(before), -1)
    row_now[row_before[is_same]] = np.flatnonzero(is_same)
    i = np.concatenate([pairs[stays, 0], rows[some[:, 0]]])
    j = np.concatenate([row_now[pairs[stays, 1]], columns[some[:, 1]]])
    order = np.argsort(i)
    return np.stack([i, j], axis=1)[order], np.concatenate([distance_px[stays], distance])[order]


def _hanging_together(
    predicted: YX, annotated: YX, changed: NDArray[np.bool_], tolerance_px: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Predictions and annotations that a chain of near pairs joins with what changed."""
    found = np.zeros(len(predicted), np.bool_)
    reached, front = changed.copy(), annotated[changed]
    while len(front):
        new = _near(predicted, front, tolerance_px) & ~found
        found |= new
        more = _near(annotated, predicted[new], tolerance_px) & ~reached
        reached |= more
        front = annotated[more]
        if found.sum() + reached.sum() > _MOST_NEAR:
            return None
    return found, reached


def _near(points: YX, places: YX, radius_px: float) -> NDArray[np.bool_]:
    """Which points lie near any of a few places."""
    near = np.zeros(len(points), np.bool_)
    for y, x in places:
        squared = (points[:, 0] - y) ** 2 + (points[:, 1] - x) ** 2
        near |= squared <= (radius_px + 2 * TOLERANCE_SLACK) ** 2
    return near
