"""What each candidate of an image changes when the threshold falls past its score."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from napari_slitseg.core.detection import Detections, select
from napari_slitseg.core.matching import as_yx, checked_distance, match
from napari_slitseg.core.matching_edges import pairs_within

Points = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class ScoredImage:
    """Candidates of one image, its annotations, and how the two are compared.

    Parameters
    ----------
    found : Detections
        All candidates, best first, before any threshold and minimum distance.
    annotated_yx : (M, 2) array_like
        Positions (y, x) in px; annotations without the uncertain ones.
    tolerance_px : float
        Largest distance of a matched pair, inclusive, px of this image.
    min_distance_px : float
        As in `napari_slitseg.core.detection.peaks.select`, px.
    uncertain_yx : (U, 2) array_like
        As in `napari_slitseg.core.matching.match`.
    ignore_radius_px : float
        As in `napari_slitseg.core.matching.match`, px.
    """

    found: Detections
    annotated_yx: ArrayLike
    tolerance_px: float
    min_distance_px: float = 0.0
    uncertain_yx: ArrayLike = ()
    ignore_radius_px: float = 0.0


@dataclass(frozen=True, eq=False)
class RankedImage:
    """What every detection of an image adds to its counts, best first.

    The sums over the first k detections are the counts of a matching of just those k.

    Parameters
    ----------
    score : (N,) array of float
        In descending order.
    paired : (N,) array of int
        By how much the detection raises the number of matched pairs: 0 or 1.
    counted : (N,) array of int
        By how much it raises the number of predictions that count: 1, less by how much it raises
        the number of those set aside.
    n_annotated : int
        Annotations without the uncertain ones.
    """

    score: NDArray[np.float64]
    paired: Ints
    counted: Ints
    n_annotated: int


def rank_image(image: ScoredImage) -> RankedImage:
    """Match every leading part of an image's candidates, best first, with its annotations.

    Returns
    -------
    RankedImage
        Its sums are the counts that `select` at a threshold, then `match`, would give. The thinning
        by `min_distance_px` goes from the best candidate down, so it is the same at every
        threshold.

    Raises
    ------
    ValueError
        If positions, tolerance, minimum distance or radius make no sense.

    Notes
    -----
    The largest number of pairs grows by one where the new detection starts an augmenting path, so
    no matching is begun anew. Only detections that could be set aside are matched again with every
    better one in reach, as it depends on the lengths of pairs which of them stays alone.
    """
    kept = select(image.found, threshold=0.0, min_distance_px=image.min_distance_px)
    annotated = as_yx(image.annotated_yx, "annotated points")
    uncertain = as_yx(image.uncertain_yx, "uncertain points")
    tolerance = checked_distance(image.tolerance_px, "tolerance_px")
    radius = checked_distance(image.ignore_radius_px, "ignore_radius_px")
    i, j, _ = pairs_within(kept.yx, annotated, tolerance)
    paired = growing_pairs(i, j, (len(kept), len(annotated)))
    counted = np.ones(len(kept), np.int64)
    for rows, columns, near in _doubtful_groups(image, kept.yx, annotated, uncertain):
        found = [
            match(
                kept.yx[rows[: k + 1]],
                annotated[columns],
                tolerance,
                uncertain_yx=uncertain[near],
                ignore_radius_px=radius,
            )
            for k in range(len(rows))
        ]
        counted[rows] -= np.diff([len(each.set_aside) for each in found], prepend=0)
    return RankedImage(kept.score, paired, counted, len(annotated))


def growing_pairs(i: Ints, j: Ints, shape: tuple[int, int]) -> Ints:
    """Return by how much each row raises the largest number of pairs of rows and columns.

    Parameters
    ----------
    i, j : (P,) arrays of int
        Row and column of each possible pair, ascending by row.
    shape : tuple of int
        Numbers of rows and columns.

    Returns
    -------
    (rows,) array of int
        0 or 1; the sum of the first k is the largest matching of the first k rows.

    Notes
    -----
    Every row starts one search for an augmenting path. Where it fails, no later path can lead
    through the columns it saw, so they are never looked at again.
    """
    starts = np.searchsorted(i, np.arange(shape[0] + 1))
    columns_of = [j[a:b].tolist() for a, b in pairwise(starts)]
    row_of: dict[int, int] = {}
    dead: set[int] = set()
    gains = [_augment(row, columns_of, row_of, dead) for row in range(shape[0])]
    return np.array(gains, dtype=np.int64)


def _augment(row: int, columns_of: list[list[int]], row_of: dict[int, int], dead: set[int]) -> bool:
    """Give the row a column, moving others if need be; breadth first."""
    came_from: dict[int, int] = {}
    column_of: dict[int, int] = {}
    waiting = deque([row])
    while waiting:
        current = waiting.popleft()
        for column in columns_of[current]:
            if column in dead or column in came_from:
                continue
            came_from[column] = current
            if column not in row_of:
                _flip(column, came_from, column_of, row_of)
                return True
            column_of[row_of[column]] = column
            waiting.append(row_of[column])
    dead.update(came_from)
    return False


def _flip(
    column: int, came_from: dict[int, int], column_of: dict[int, int], row_of: dict[int, int]
) -> None:
    """Pair along the path that ends in a free column."""
    row = row_of[column] = came_from[column]
    while row in column_of:
        column = column_of[row]
        row = row_of[column] = came_from[column]


def _doubtful_groups(
    image: ScoredImage, found: Points, annotated: Points, uncertain: Points
) -> list[tuple[Ints, Ints, Ints]]:
    """List the groups in reach of uncertain points: indices of found, annotated, uncertain."""
    if not len(uncertain):
        return []
    reach = max(image.tolerance_px, image.ignore_radius_px)
    i, j, _ = pairs_within(found, annotated, image.tolerance_px)
    k, u, _ = pairs_within(found, uncertain, reach)
    sizes = [len(found), len(annotated), len(uncertain)]
    ends = np.concatenate([j + sizes[0], u + sizes[0] + sizes[1]])
    ones, n = np.ones(len(ends), np.int8), sum(sizes)
    graph = coo_matrix((ones, (np.concatenate([i, k]), ends)), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    kinds = np.split(label, np.cumsum(sizes)[:2])
    doubtful = np.intersect1d(kinds[0], kinds[2])
    members = [[np.flatnonzero(kind == group) for kind in kinds] for group in doubtful]
    return [(rows, columns, near) for rows, columns, near in members]
