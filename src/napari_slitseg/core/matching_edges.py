"""Pairs of near points as edges of a graph, and the best choice among them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix, csr_matrix, hstack
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching
from scipy.spatial import cKDTree

TOLERANCE_SLACK = 1e-9
"""A pair farther apart than the tolerance by no more than this (px) still matches."""

_DENSE_ENTRIES = 1_000_000  # larger groups of connected points are solved sparsely


def pairs_within(
    from_yx: NDArray[np.float64], to_yx: NDArray[np.float64], radius_px: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """List all pairs of points at most `radius_px` apart, up to `TOLERANCE_SLACK` of rounding.

    Parameters
    ----------
    from_yx, to_yx : (N, 2) and (M, 2) arrays of float
        Positions (y, x) in px.
    radius_px : float
        Inclusive, px.

    Returns
    -------
    i, j : (P,) arrays of int
        Indices into the one and the other, ascending by i, then j.
    distance_px : (P,) array of float
        Euclidean distances, px.
    """
    if not (len(from_yx) and len(to_yx)):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    near = cKDTree(from_yx).sparse_distance_matrix(
        cKDTree(to_yx), radius_px + TOLERANCE_SLACK, output_type="ndarray"
    )
    order = np.lexsort((near["j"], near["i"]))
    i, j = near["i"][order].astype(np.int64), near["j"][order].astype(np.int64)
    return i, j, np.hypot(*(from_yx[i] - to_yx[j]).T)


def best_pairs(
    from_yx: NDArray[np.float64], to_yx: NDArray[np.float64], tolerance_px: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the best pairs (K, 2) of points, ascending by the first, and their distances, px."""
    i, j, distance = pairs_within(from_yx, to_yx, tolerance_px)
    chosen = best_edges(i, j, distance, (len(from_yx), len(to_yx)))
    chosen = chosen[np.argsort(i[chosen])]
    return np.stack([i[chosen], j[chosen]], axis=1), distance[chosen]


def group_edges(
    i: NDArray[np.int64], j: NDArray[np.int64], shape: tuple[int, int]
) -> list[NDArray[np.int64]]:
    """Split edges (i, j) of a graph of two kinds of points into its connected groups.

    Parameters
    ----------
    i, j : (P,) arrays of int
        Indices of the ends of each edge.
    shape : tuple of int
        Numbers of points of the two kinds.

    Returns
    -------
    list of arrays of int
        Indices of the edges of each group, ascending.
    """
    if not len(i):
        return []
    group = _groups(i, j, shape)
    order = np.argsort(group[i], kind="stable")
    starts = np.flatnonzero(np.diff(group[i][order], prepend=-1))
    return np.split(order, starts[1:])


def best_edges(
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    distance: NDArray[np.float64],
    shape: tuple[int, int],
) -> NDArray[np.int64]:
    """Choose the most edges that share no point and, among those, the least sum of distances.

    Parameters
    ----------
    i, j : (P,) arrays of int
        Indices of the ends of each edge.
    distance : (P,) array of float
        Length of each edge, at least 0.
    shape : tuple of int
        Numbers of points of the two kinds.

    Returns
    -------
    (K,) array of int
        Indices of the chosen edges. Groups that share no point are solved one by one.
    """
    if not len(i):
        return np.zeros(0, np.int64)
    group, is_star = _stars(i, j, shape)
    by_group = np.lexsort((distance, group))
    nearest = by_group[np.flatnonzero(np.diff(group[by_group], prepend=-1))]
    others = np.flatnonzero(~is_star[group])
    others = others[np.argsort(group[others], kind="stable")]
    starts = np.flatnonzero(np.diff(group[others], prepend=-1))
    rows, columns = _places(i[others], starts), _places(j[others], starts)
    ends = np.append(starts, len(others))[1:].tolist()
    chosen = [
        others[a + _best_of_group(rows[a:b], columns[a:b], distance[others[a:b]])]
        for a, b in zip(starts.tolist(), ends, strict=True)
    ]
    return np.concatenate([nearest[is_star[group[nearest]]], *chosen])


def _places(points: NDArray[np.int64], starts: NDArray[np.intp]) -> NDArray[np.int64]:
    """Place of the point of each edge among the points of its group, from 0."""
    every, first, place = np.unique(points, return_index=True, return_inverse=True)
    group = np.searchsorted(starts, first, side="right")
    by_group = np.argsort(group, kind="stable")
    rank = np.empty(len(every), np.int64)
    rank[by_group] = np.arange(len(every)) - np.searchsorted(group[by_group], group[by_group])
    ranks: NDArray[np.int64] = rank[place]
    return ranks


def _stars(
    i: NDArray[np.int64], j: NDArray[np.int64], shape: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Group of each edge, and of each group whether all its edges share a point."""
    group_of = _groups(i, j, shape)
    group, n_groups = group_of[i], int(group_of.max()) + 1
    n_from = np.bincount(group_of[np.unique(i)], minlength=n_groups)
    n_to = np.bincount(group_of[np.unique(j) + shape[0]], minlength=n_groups)
    return group, (n_from == 1) | (n_to == 1)


def _groups(
    i: NDArray[np.int64], j: NDArray[np.int64], shape: tuple[int, int]
) -> NDArray[np.int64]:
    """Group of each point: those of the first kind, then those of the second."""
    n = sum(shape)
    graph = coo_matrix((np.ones(len(i), np.int8), (i, j + shape[0])), shape=(n, n))
    group: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return group


def _best_of_group(
    i: NDArray[np.int64], j: NDArray[np.int64], distance: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Solve one group, its points numbered: a missing pair costs more than all distances."""
    n, m = int(i.max()) + 1, int(j.max()) + 1
    penalty = (min(n, m) + 1) * (float(distance.max()) + 1.0)
    if n * m > _DENSE_ENTRIES:
        row, column = _solve_sparse(i, j, distance, (n, m), penalty)
        paired = column < m
        return np.flatnonzero(np.isin(i * m + j, row[paired] * m + column[paired]))
    row, column = _solve_dense(i, j, distance, (n, m), penalty)
    edge_of = np.full((n, m), -1)
    edge_of[i, j] = np.arange(len(i))
    edges = edge_of[row, column]
    return np.sort(edges[edges >= 0])


def _solve_dense(
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    distance: NDArray[np.float64],
    shape: tuple[int, int],
    penalty: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    cost = np.full(shape, penalty)
    cost[i, j] = distance
    row, column = linear_sum_assignment(cost)
    return row, column


def _solve_sparse(
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    distance: NDArray[np.float64],
    shape: tuple[int, int],
    penalty: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give every row a column of its own, after the others, that stands for "no pair"."""
    every = np.arange(shape[0])
    real = csr_matrix((distance + 1.0, (i, j)), shape=shape)  # explicit zeros would be lost
    alone = csr_matrix((np.full(len(every), penalty + 1.0), (every, every)))
    row, column = min_weight_full_bipartite_matching(hstack([real, alone], format="csr"))
    return row.astype(np.int64), column.astype(np.int64)
