"""Blobs that overlap others too much."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

_Floats = NDArray[np.float64]


def without_overlap(yx: _Floats, sigma: _Floats, overlap: float) -> NDArray[np.bool_]:
    """Return which blobs are left once none shares too much with a larger one.

    Parameters
    ----------
    yx : (N, 2) array
        Centres, px.
    sigma : (N,) array
        Standard deviations, px, above 0; a blob is the disc of radius sqrt(2) sigma.
    overlap : float
        Largest part of the smaller disc that may be shared, in [0, 1].

    Notes
    -----
    As scikit-image: of a pair the smaller goes, of two of the same size the earlier; a blob that
    is gone removes none. In a chain of blobs the outcome depends on the order of the pairs, which
    is therefore scikit-image's too: that of a set of pairs of indices.
    """
    keep = np.ones(len(yx), dtype=bool)
    if len(yx) < 2:
        return keep
    reach = 2 * sigma.max() * math.sqrt(2)
    pairs = np.array(list(cKDTree(yx).query_pairs(reach)), dtype=np.intp).reshape(-1, 2)
    shared = shared_part(yx[pairs[:, 0]], yx[pairs[:, 1]], *sigma[pairs].T)
    for first, second in pairs[shared > overlap].tolist():
        if keep[first] and keep[second]:
            keep[second if sigma[first] > sigma[second] else first] = False
    return keep


def shared_part(yx1: _Floats, yx2: _Floats, sigma1: _Floats, sigma2: _Floats) -> _Floats:
    """Return the shared area of discs of radius sqrt(2) sigma, as part of the smaller one's."""
    unit = np.maximum(sigma1, sigma2)
    r1, r2 = sigma1 / unit, sigma2 / unit
    scale = (unit * math.sqrt(2))[:, None]
    d = np.sqrt(((yx2 / scale - yx1 / scale) ** 2).sum(axis=1))
    apart, inside = d > r1 + r2, d <= np.abs(r1 - r2)
    safe = np.where(inside, 1.0, d)
    part = _lens(safe, r1, r2) / (math.pi * np.minimum(r1, r2) ** 2)
    result: _Floats = np.where(apart, 0.0, np.where(inside, 1.0, part))
    return result


def _lens(d: _Floats, r1: _Floats, r2: _Floats) -> _Floats:
    """Return the area that two discs share whose edges cross, centres d apart."""
    angle1 = np.arccos(np.clip((d**2 + r1**2 - r2**2) / (2 * d * r1), -1, 1))
    angle2 = np.arccos(np.clip((d**2 + r2**2 - r1**2) / (2 * d * r2), -1, 1))
    kite = np.abs((r2 + r1 - d) * (d - r2 + r1) * (d + r2 - r1) * (d + r2 + r1))
    area: _Floats = r1**2 * angle1 + r2**2 * angle2 - 0.5 * np.sqrt(kite)
    return area
