"""Curves of a run as a screen shows them: smoothed, thinned, with the time that is left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import lfilter

from napari_slitseg.events import Alarm, EpochDone

Curve = NDArray[np.float64]

_DWARFS: Final = 3.0
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400
_COUNT_RATIOS: Final = ("count_ratio", "fixed_count_ratio")
_ERASING_BELOW: Final = 0.5


def smoothed(values: ArrayLike, memory: float) -> Curve:
    """Return the running mean of a curve; gaps stay gaps and the first values are not pulled to 0.

    Parameters
    ----------
    values : (N,) array
        NaN where there is none.
    memory : float
        Share of the mean that each value keeps, from 0 (no smoothing) to below 1.

    Raises
    ------
    ValueError
        If the memory is outside its range.
    """
    if not 0 <= memory < 1:
        raise ValueError(f"memory is {memory:g}; give a number from 0 to below 1")
    result = np.array(values, np.float64)
    there = np.isfinite(result)
    if memory and there.any():
        known = result[there]
        taps = ([1 - memory], [1, -memory])
        result[there] = lfilter(*taps, known) / lfilter(*taps, np.ones_like(known))
    return result


def thinned(x: ArrayLike, y: ArrayLike, columns: int) -> tuple[Curve, Curve]:
    """Return at most two points for each column of the screen: the lowest and the highest there.

    Parameters
    ----------
    x, y : (N,) array
        A curve whose x do not descend; y may have gaps (NaN).
    columns : int
        How many columns the plot has.

    Returns
    -------
    x, y : (M,) array
        The curve itself where it is short enough; else points of it, in order.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if len(x) <= 2 * columns:
        return x, y
    edges = np.linspace(0, len(x), columns + 1).astype(int)
    starts = edges[:-1]
    filled = np.where(np.isfinite(y), y, np.nan)
    low, high = (_extreme(filled, starts, sign) for sign in (1, -1))
    rows = np.unique(np.concatenate([low, high, [0, len(x) - 1]]))[: 2 * columns + 2]
    return x[rows], y[rows]


def _extreme(y: Curve, starts: NDArray[np.int64], sign: int) -> NDArray[np.int64]:
    """Row of the least value (times a sign) of each piece of a curve."""
    keys = np.where(np.isnan(y), np.inf, sign * y)
    least = np.repeat(np.minimum.reduceat(keys, starts), np.diff(np.append(starts, len(y))))
    rows = np.flatnonzero(keys == least)
    piece = np.searchsorted(starts, rows, side="right")
    _, first = np.unique(piece, return_index=True)
    return np.asarray(rows[first])


def settled_range(curves: Iterable[ArrayLike]) -> tuple[float, float] | None:
    """Return the least and the greatest value of curves, without a first that dwarfs the rest.

    An untrained model's first loss is often a hundred times that of the next epoch; drawn to
    scale, all that matters would lie on one line.

    Parameters
    ----------
    curves : iterable of (N,) arrays
        With gaps (NaN) or not.

    Returns
    -------
    (float, float) or None
        None where there is no value.
    """
    kept = [_settled(np.asarray(curve, np.float64)) for curve in curves]
    values = np.concatenate([np.zeros(0), *kept])
    return (float(values.min()), float(values.max())) if len(values) else None


def _settled(curve: Curve) -> Curve:
    values = curve[np.isfinite(curve)]
    dwarfs = len(values) > 2 and values[0] > _DWARFS * values[1:].max()
    return values[1:] if dwarfs else values


def time_text(seconds: float | None) -> str:
    """Return a length of time as a person says it; empty where it is unknown."""
    if seconds is None or not np.isfinite(seconds):
        return ""
    if seconds < 90:
        return "less than a minute" if seconds < 45 else "1 min"
    if seconds < 1.5 * _HOUR_S:
        return f"{seconds / _MINUTE_S:.0f} min"
    if seconds < 2 * _DAY_S:
        return f"{seconds / _HOUR_S:.1f} h"
    return f"{seconds / _DAY_S:.0f} days"


def standing_alarms(alarms: Sequence[Alarm], epochs: Sequence[EpochDone]) -> tuple[Alarm, ...]:
    """Return the alarms that still hold: not of an erasure after which slits were found again."""
    found = [epochs[-1].scores.get(name) for name in _COUNT_RATIOS] if epochs else [None]
    is_over = all(ratio is not None and ratio >= _ERASING_BELOW for ratio in found)
    return tuple(each for each in alarms if each.name != "erasure" or not is_over)
