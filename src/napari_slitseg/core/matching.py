"""One-to-one matching of predicted and annotated points within a tolerance."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix, csr_matrix, hstack
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching
from scipy.spatial import cKDTree

TOLERANCE_SLACK = 1e-9
"""A pair farther apart than the tolerance by no more than this (px) still matches."""

_DENSE_ENTRIES = 1_000_000  # larger groups of connected points are solved sparsely


@dataclass(frozen=True, eq=False)
class Matching:
    """Which prediction belongs to which annotation.

    Parameters
    ----------
    pairs : (K, 2) array of int
        Rows (index of the prediction, index of the annotation), by ascending prediction.
    distance_px : (K,) array of float
        Distance of each pair, px.
    n_predicted, n_annotated : int
        Numbers of points that went in.
    tolerance_px : float
        Largest distance of a pair, inclusive, px.
    set_aside : (S,) array of int
        Indices of the predictions near an uncertain annotation, neither right nor wrong.
    """

    pairs: NDArray[np.int64]
    distance_px: NDArray[np.float64]
    n_predicted: int
    n_annotated: int
    tolerance_px: float
    set_aside: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.pairs)

    @property
    def true_positive(self) -> NDArray[np.int64]:
        """Indices of the matched predictions, ascending."""
        return self.pairs[:, 0]

    @property
    def false_positive(self) -> NDArray[np.int64]:
        """Indices of the predictions without an annotation and not set aside, ascending."""
        return _others(self.n_predicted, self.pairs[:, 0], self.set_aside)

    @property
    def missed(self) -> NDArray[np.int64]:
        """Indices of the annotations without a prediction, ascending."""
        return _others(self.n_annotated, self.pairs[:, 1])


def as_yx(points: ArrayLike, name: str = "points") -> NDArray[np.float64]:
    """Return the points as an (N, 2) float array.

    Parameters
    ----------
    points : (N, 2) array_like
        Positions (y, x); an empty list is no points.
    name : str
        What the points are, for the message.

    Raises
    ------
    ValueError
        If the shape is another, or a coordinate is NaN or infinite.
    """
    yx = np.asarray(points, dtype=np.float64)
    if yx.size == 0 and yx.ndim <= 2:
        return np.zeros((0, 2))
    if yx.ndim != 2 or yx.shape[1] != 2:
        raise ValueError(f"{name}: expected (N, 2) positions (y, x), got shape {yx.shape}.")
    bad = np.flatnonzero(~np.isfinite(yx).all(axis=1))
    if len(bad):
        raise ValueError(
            f"{name}: {len(bad)} of {len(yx)} positions are NaN or infinite, the first in row "
            f"{bad[0]}. Remove or correct them."
        )
    return yx


def match(
    predicted_yx: ArrayLike,
    annotated_yx: ArrayLike,
    tolerance_px: float,
    *,
    uncertain_yx: ArrayLike = (),
    ignore_radius_px: float = 0.0,
) -> Matching:
    """Match predictions with annotations one to one.

    Of all matchings whose pairs lie within the tolerance, take one with the largest number of
    pairs and, among those, the smallest sum of distances (Euclidean, px).

    Parameters
    ----------
    predicted_yx, annotated_yx : (N, 2) and (M, 2) array_like
        Positions (y, x) in px.
    tolerance_px : float
        Largest distance of a pair, inclusive (up to `TOLERANCE_SLACK` of rounding), px.
    uncertain_yx : (U, 2) array_like
        Annotations that may or may not be slits. Predictions that found no partner among the
        annotations are matched with these in the same way; those that find one, and all others
        within `ignore_radius_px` of one, are set aside. So uncertain annotations never change a
        pair, and can only take false positives away.
    ignore_radius_px : float
        Inclusive, px.

    Returns
    -------
    Matching
        The same for the same input; where several matchings are equally good it is one of them.

    Raises
    ------
    ValueError
        If positions are not finite (N, 2) numbers or the tolerance is negative or not finite.
    """
    predicted = as_yx(predicted_yx, "predicted points")
    annotated = as_yx(annotated_yx, "annotated points")
    uncertain = as_yx(uncertain_yx, "uncertain points")
    tolerance_px = _distance(tolerance_px, "tolerance_px")
    radius_px = _distance(ignore_radius_px, "ignore_radius_px")
    pairs, distance = _assign(predicted, annotated, tolerance_px)
    left = _others(len(predicted), pairs[:, 0])
    excused, _ = _assign(predicted[left], uncertain, tolerance_px)
    near, _, _ = _neighbours(predicted[left], uncertain, radius_px)
    return Matching(
        pairs=pairs,
        distance_px=distance,
        n_predicted=len(predicted),
        n_annotated=len(annotated),
        tolerance_px=tolerance_px,
        set_aside=left[np.union1d(excused[:, 0], near)],
    )


def _distance(value: float, name: str) -> float:
    if not (np.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be a finite number of at least 0, got {value}.")
    return float(value)


def _assign(
    predicted: NDArray[np.float64], annotated: NDArray[np.float64], tolerance_px: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the best pairs and their distances."""
    i, j, distance = _neighbours(predicted, annotated, tolerance_px)
    chosen = _best_edges(i, j, distance, (len(predicted), len(annotated)))
    chosen = chosen[np.argsort(i[chosen])]
    return np.stack([i[chosen], j[chosen]], axis=1), distance[chosen]


def _others(n: int, *taken: NDArray[np.int64]) -> NDArray[np.int64]:
    free = np.ones(n, dtype=bool)
    for some in taken:
        free[some] = False
    return np.flatnonzero(free)


def _neighbours(
    predicted: NDArray[np.float64], annotated: NDArray[np.float64], tolerance_px: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """List the pairs within the tolerance by prediction, then annotation."""
    if not (len(predicted) and len(annotated)):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    reach = tolerance_px + TOLERANCE_SLACK
    near = cKDTree(annotated).query_ball_point(predicted, reach, return_sorted=True)
    count = np.array([len(found) for found in near])
    i = np.repeat(np.arange(len(predicted)), count)
    j = np.concatenate([np.asarray(found, np.int64) for found in near])
    return i, j, np.hypot(*(predicted[i] - annotated[j]).T)


def _best_edges(
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    distance: NDArray[np.float64],
    shape: tuple[int, int],
) -> NDArray[np.int64]:
    """Choose edges group by group; groups of points that share no edge are independent."""
    if not len(i):
        return np.zeros(0, np.int64)
    n = sum(shape)
    graph = coo_matrix((np.ones(len(i), np.int8), (i, j + shape[0])), shape=(n, n))
    _, group = connected_components(graph, directed=False)
    order = np.argsort(group[i], kind="stable")
    starts = np.flatnonzero(np.diff(group[i][order], prepend=-1))
    chosen = [
        edges if len(edges) == 1 else edges[_best_of_group(i[edges], j[edges], distance[edges])]
        for edges in np.split(order, starts[1:])
    ]
    return np.concatenate(chosen)


def _best_of_group(
    i: NDArray[np.int64], j: NDArray[np.int64], distance: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Solve one group: a missing pair costs more than all distances together."""
    rows, i = np.unique(i, return_inverse=True)
    columns, j = np.unique(j, return_inverse=True)
    penalty = (min(len(rows), len(columns)) + 1) * (float(distance.max()) + 1.0)
    shape = (len(rows), len(columns))
    solve = _solve_dense if shape[0] * shape[1] <= _DENSE_ENTRIES else _solve_sparse
    return solve(i, j, distance, shape, penalty)


def _solve_dense(
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    distance: NDArray[np.float64],
    shape: tuple[int, int],
    penalty: float,
) -> NDArray[np.int64]:
    cost = np.full(shape, penalty)
    cost[i, j] = distance
    edge = np.full(shape, -1, dtype=np.int64)
    edge[i, j] = np.arange(len(i))
    chosen: NDArray[np.int64] = edge[linear_sum_assignment(cost)]
    return chosen[chosen >= 0]


def _solve_sparse(
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    distance: NDArray[np.float64],
    shape: tuple[int, int],
    penalty: float,
) -> NDArray[np.int64]:
    """Give every row a column of its own that stands for "no pair"."""
    n, m = shape
    real = csr_matrix((distance + 1.0, (i, j)), shape=shape)  # explicit zeros would be lost
    alone = csr_matrix((np.full(n, penalty + 1.0), (np.arange(n), np.arange(n))), shape=(n, n))
    row, column = min_weight_full_bipartite_matching(hstack([real, alone], format="csr"))
    pair = column < m
    edge = csr_matrix((np.arange(len(i)) + 1, (i, j)), shape=shape)
    return np.asarray(edge[row[pair], column[pair]]).ravel().astype(np.int64) - 1
