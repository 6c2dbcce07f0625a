"""The two sets of lines of a cross grating, from the peaks of its spectrum."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.calibration.grating_evidence import FEWEST_LINES
from napari_slitseg.core.calibration.grating_search import OFF_BINS, PRICE_OF_A_TOOTH, Peaks
from napari_slitseg.core.calibration.grating_terms import Floats, lines_across

LONGEST_RATIO: Final = 1.25
"""Of the periods of a cross grating; its angle is `LEAST_ANGLE_DEG` at least."""

LEAST_ANGLE_DEG: Final = 80.0

_FIRST: Final = 12
_DIVISORS: Final = 4


def best_lattice(peaks: Peaks) -> tuple[Floats, Floats, float] | None:
    """Return the nearly square lattice that explains most peaks, and its evidence.

    Parameters
    ----------
    peaks : Peaks

    Returns
    -------
    one, other : (2,) float64
        Fundamental frequencies, cycles per px.
    evidence : float
        To be compared with that of a comb.
    """
    vectors = _vectors(peaks)
    best: tuple[float, float, Floats] | None = None
    for one, other in _square_pairs(vectors):
        basis = np.stack([vectors[one], vectors[other]])
        evidence = _evidence(peaks, basis)
        area = abs(float(np.linalg.det(basis)))
        if best is None or _is_better((evidence, area), best[:2]):
            best = evidence, area, basis
    if best is None:
        return None
    one, other = _refined(peaks, best[2])
    return one, other, best[0]


def _is_better(new: tuple[float, float], old: tuple[float, float]) -> bool:
    """Whether a lattice explains more, or as much with wider meshes of frequency."""
    as_much = new[0] > old[0] - 1e-9
    return new[0] > old[0] + 1e-9 or (as_much and new[1] > 1.02 * old[1])


def _vectors(peaks: Peaks) -> Floats:
    """Fractions, sums and differences of strong peaks that are fine enough to be lines."""
    first = peaks.frequency[:_FIRST]
    fractions = [first / divisor for divisor in range(1, _DIVISORS + 1)]
    one, other = np.triu_indices(len(first), 1)
    vectors = np.concatenate([*fractions, first[one] - first[other], first[one] + first[other]])
    vectors = vectors[lines_across(vectors, peaks.shape) >= FEWEST_LINES]
    return np.asarray(np.where(vectors[:, 1:] < 0, -vectors, vectors))


def _square_pairs(vectors: Floats) -> NDArray[np.int64]:
    """Return pairs (K, 2) of vectors of about the same length at about a right angle."""
    length = np.hypot(*vectors.T)
    cosine = np.abs(vectors @ vectors.T) / np.outer(length, length)
    ratio = length[:, None] / length
    upright = cosine < np.cos(np.deg2rad(LEAST_ANGLE_DEG))
    alike = (ratio < LONGEST_RATIO) & (ratio > 1 / LONGEST_RATIO)
    return np.argwhere(np.triu(upright & alike))


def _orders(peaks: Peaks, basis: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    orders = np.rint(peaks.frequency @ np.linalg.inv(basis))
    off = peaks.bins(peaks.frequency - orders @ basis)
    return orders, (np.hypot(*off.T) < OFF_BINS) & orders.any(axis=1)


def _evidence(peaks: Peaks, basis: Floats) -> float:
    orders, on = _orders(peaks, basis)
    if not on.any():
        return 0.0
    teeth = np.abs(orders[on]).max(axis=0).sum()
    return float(np.log(peaks.ratio[on]).sum() - PRICE_OF_A_TOOTH * teeth)


def _refined(peaks: Peaks, basis: Floats) -> Floats:
    orders, on = _orders(peaks, basis)
    weight = np.sqrt(np.log(peaks.ratio[on]))[:, None]
    fitted, _, rank, _ = np.linalg.lstsq(weight * orders[on], weight * peaks.frequency[on])
    return np.asarray(fitted) if rank == 2 else basis


def angle_between(one: Floats, other: Floats) -> float:
    """Return the angle between two sets of lines, [0, 90] degrees."""
    share = abs(one @ other) / (np.hypot(*one) * np.hypot(*other))
    return float(np.rad2deg(np.arccos(min(share, 1.0))))
