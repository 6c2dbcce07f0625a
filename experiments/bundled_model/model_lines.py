"""How far the membrane line that a model finds lies from the annotated one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from napari_slitseg.core.morphometry.curve import resampled
from napari_slitseg.core.morphometry.lines import membrane_paths
from napari_slitseg.core.morphometry.settings import MeasureSettings

NEAR_NM: Final = 300.0
STEP_NM: Final = 5.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LineError:
    """Membrane lines that were found, beside annotated ones.

    A place of a line is near if it is at most 300 nm from the other lines.

    Attributes
    ----------
    error_nm : float
        Mean distance of the near places of found lines to the annotated ones, and of annotated
        ones to those found; the mean of the two. NaN where nothing is near.
    found_share : float
        Share of the annotated length that is near a found line, [0, 1].
    false_um : float
        Length of found line that is not near an annotated one, um.
    annotated_um : float
        Length of the annotated lines, um.
    """

    error_nm: float
    found_share: float
    false_um: float
    annotated_um: float


def compare_membrane(
    membrane: NDArray[np.floating[Any]], lines: Sequence[Floats], nm: float
) -> LineError:
    """Compare the lines that the product measures in a membrane map with annotated ones.

    Parameters
    ----------
    membrane : (H, W) array of float
        Probabilities.
    lines : sequence of (K, 2)
        Annotated centre lines, px.
    nm : float
        Side of a pixel, nm.
    """
    paths = membrane_paths(membrane, MeasureSettings(), nm).paths
    return compare_lines([path.yx for path in paths], lines, nm)


def compare_lines(found: Sequence[Floats], annotated: Sequence[Floats], nm: float) -> LineError:
    """Compare two sets of lines (K, 2), px."""
    ours, theirs = _places_nm(found, nm), _places_nm(annotated, nm)
    there, back = _apart(ours, theirs), _apart(theirs, ours)
    near, near_back = there <= NEAR_NM, back <= NEAR_NM
    means = [_mean(there[near]), _mean(back[near_back])]
    return LineError(
        error_nm=float(np.mean(means)),
        found_share=_mean(near_back.astype(np.float64)),
        false_um=float(np.count_nonzero(~near)) * STEP_NM / 1000,
        annotated_um=len(theirs) * STEP_NM / 1000,
    )


def _places_nm(lines: Sequence[Floats], nm: float) -> Floats:
    """Places 5 nm apart along lines (K, 2), so that each stands for the same length."""
    return np.concatenate([np.empty((0, 2)), *(resampled(yx * nm, STEP_NM) for yx in lines)])


def _apart(places: Floats, others: Floats) -> Floats:
    if not len(others):
        return np.full(len(places), math.inf)
    return np.asarray(cKDTree(others).query(places)[0])


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else math.nan
