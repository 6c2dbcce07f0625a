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
    near = cKDTree(to_yx).query_ball_point(from_yx, radius_px + TOLERANCE_SLACK, return_sorted=True)
    count = np.array([len(found) for found in near])
    i = np.repeat(np.arange(len(from_yx)), count)
    j = np.concatenate([np.asarray(found, np.int64) for found in near])
    return i, j, np.hypot(*(from_yx[i] - to_yx[j]).T)


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
    n = sum(shape)
    graph = coo_matrix((np.ones(len(i), np.int8), (i, j + shape[0])), shape=(n, n))
    _, group = connected_components(graph, directed=False)
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
    chosen = [
        edges if len(edges) == 1 else edges[_best_of_group(i[edges], j[edges], distance[edges])]
        for edges in group_edges(i, j, shape)
    ]
    return np.concatenate([np.zeros(0, np.int64), *chosen])


def _best_of_group(
    i: NDArray[np.int64], j: NDArray[np.int64], distance: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Solve one group: a missing pair costs more than all distances together."""
    rows, i = np.unique(i, return_inverse=True)
    columns, j = np.unique(j, return_inverse=True)
    n, m = len(rows), len(columns)
    penalty = (min(n, m) + 1) * (float(distance.max()) + 1.0)
    solve = _solve_dense if n * m <= _DENSE_ENTRIES else _solve_sparse
    row, column = solve(i, j, distance, (n, m), penalty)
    paired = column < m
    return np.flatnonzero(np.isin(i * m + j, row[paired] * m + column[paired]))


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
