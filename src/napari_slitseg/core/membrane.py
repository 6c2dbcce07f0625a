"""The membrane as a stripe around lines: drawn from them, measured, taken from a map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

Stripe = NDArray[np.bool_]
Line = NDArray[np.float64]
Box = tuple[slice, slice]

STRIPE_WIDTH_NM: Final = 86.0
"""Usual width of the stripe, nm: the width of the annotations that the product was made for."""

ASSUMED_PIXEL_SIZE_NM: Final = 10.0
"""Side of a pixel where it is not known, nm."""

_PIECE_PX: Final = 64.0
_EIGHT: Final = np.ones((3, 3), np.bool_)


def stripe_of(lines: Sequence[ArrayLike], shape: tuple[int, int], width_px: float) -> Stripe:
    """Return the stripe around lines.

    Parameters
    ----------
    lines : sequence of (K, 2)
        Corners (y, x) of each, px; may lie outside the image. A single corner gives a disc.
    shape : (height, width)
        Size of the image, px.
    width_px : float
        A pixel belongs to the stripe when its centre lies within half of this of a line, inclusive.

    Returns
    -------
    (H, W) bool

    Raises
    ------
    ValueError
        If the width is not positive, or a line is not (K, 2) and finite.
    """
    return stripe_in(lines, (slice(0, shape[0]), slice(0, shape[1])), width_px)


def stripe_in(lines: Sequence[ArrayLike], box: Box, width_px: float) -> Stripe:
    """Return the part of `stripe_of` that lies in a box of the image."""
    if not 0 < width_px < np.inf:
        raise ValueError(f"The width of a stripe must be positive, not {width_px:g} px.")
    corner = np.array([box[0].start, box[1].start], np.float64)
    stripe = np.zeros([side.stop - side.start for side in box], np.bool_)
    for line in lines:
        for start, end in _segments(checked_line(line) - corner):
            _draw(stripe, start, end, width_px / 2)
    return stripe


def box_around(lines: Sequence[ArrayLike], shape: tuple[int, int], width_px: float) -> Box:
    """Return the box of the image that holds the stripe around lines; it may be empty."""
    yx = np.concatenate([checked_line(line) for line in lines] or [np.zeros((0, 2))])
    if not len(yx):
        return slice(0, 0), slice(0, 0)
    low = np.clip(np.floor(yx.min(axis=0) - width_px / 2), 0, shape).astype(int)
    high = np.clip(np.ceil(yx.max(axis=0) + width_px / 2) + 1, low, shape).astype(int)
    return slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))


def smooth_path(corners: ArrayLike, *, step_px: float = 4.0) -> Line:
    """Return a curve through corners that a person clicked.

    Parameters
    ----------
    corners : (K, 2)
        In order, px. The curve is closed where the last one is the first.
    step_px : float
        About how far apart the corners of the curve are, px.

    Returns
    -------
    (M, 2) float64
        It passes through every corner. Fewer than three different corners stay as they are.

    Notes
    -----
    Centripetal Catmull-Rom spline (Yuksel et al., Computer-Aided Design 2011): it makes no loops
    and no cusps between corners.
    """
    yx = _without_repeats(checked_line(corners))
    if len(yx) < 3:
        return yx
    closed = len(yx) > 3 and np.array_equal(yx[0], yx[-1])
    before = yx[-2] if closed else 2 * yx[0] - yx[1]
    after = yx[1] if closed else 2 * yx[-1] - yx[-2]
    knots = np.vstack([before, yx, after])
    curves = [_between(knots[i : i + 4], step_px) for i in range(len(knots) - 3)]
    return np.vstack([*curves, yx[-1:]])


def length_px(line: ArrayLike) -> float:
    """Return the length of a line of corners (K, 2), px."""
    steps = np.diff(checked_line(line), axis=0)
    return float(np.hypot(steps[:, 0], steps[:, 1]).sum())


def stripe_from_map(
    probability: NDArray[np.floating[Any]], *, threshold: float = 0.5, smallest_px: int = 0
) -> Stripe:
    """Return the membrane that a model proposes.

    Parameters
    ----------
    probability : (H, W) array of float
        In [0, 1].
    threshold : float
        Lowest probability of the membrane, inclusive.
    smallest_px : int
        Pieces of fewer pixels are left out; diagonal neighbours belong to one piece.
    """
    stripe = np.asarray(probability) >= threshold
    if smallest_px <= 1 or not stripe.any():
        return np.asarray(stripe)
    pieces, _ = ndimage.label(stripe, _EIGHT)
    large = np.bincount(pieces.ravel()) >= smallest_px
    large[0] = False
    return np.asarray(large[pieces])


def checked_line(line: ArrayLike) -> Line:
    """Return a line as (K, 2) float64; ValueError if it is none."""
    yx = np.asarray(line, np.float64)
    if yx.size == 0:
        return yx.reshape(0, 2)
    if yx.ndim != 2 or yx.shape[1] != 2 or not np.isfinite(yx).all():
        raise ValueError(f"A line must be finite and of shape (K, 2), not {yx.shape}.")
    return yx


def _segments(yx: Line) -> Iterable[tuple[Line, Line]]:
    return pairwise(yx) if len(yx) > 1 else zip(yx, yx, strict=True)


def _draw(stripe: Stripe, start: Line, end: Line, radius_px: float) -> None:
    """Draw one segment, in boxes along it: a long slanted one costs its length, not its box."""
    along = end - start
    square = float(along @ along)
    for box in _boxes(start, end, radius_px, stripe.shape):
        dy = np.arange(box[0].start, box[0].stop)[:, None] - start[0]
        dx = np.arange(box[1].start, box[1].stop)[None] - start[1]
        share = np.clip((dy * along[0] + dx * along[1]) / square, 0, 1) if square else 0.0
        far = (dy - share * along[0]) ** 2 + (dx - share * along[1]) ** 2
        stripe[box] |= far <= radius_px**2


def _boxes(
    start: Line, end: Line, radius_px: float, shape: tuple[int, ...]
) -> Iterator[tuple[slice, slice]]:
    parts = max(1, int(np.ceil(np.abs(end - start).max() / _PIECE_PX)))
    stops = start + np.linspace(0, 1, parts + 1)[:, None] * (end - start)
    low = np.floor(np.minimum(stops[:-1], stops[1:]) - radius_px)
    high = np.ceil(np.maximum(stops[:-1], stops[1:]) + radius_px) + 1
    low, high = (np.clip(each, 0, shape).astype(int) for each in (low, high))
    for (top, left), (bottom, right) in zip(low.tolist(), high.tolist(), strict=True):
        if top < bottom and left < right:
            yield slice(top, bottom), slice(left, right)


def _without_repeats(yx: Line) -> Line:
    if len(yx) < 2:
        return yx
    moves = (np.diff(yx, axis=0) != 0).any(axis=1)
    return np.vstack([yx[:1], yx[1:][moves]])


def _between(four: Line, step_px: float) -> Line:
    """Curve from the second of four corners up to, but without, the third."""
    p0, p1, p2, p3 = four
    chords = np.sqrt(np.hypot(*np.diff(four, axis=0).T))
    t0, t1, t2, t3 = np.concatenate([[0.0], np.cumsum(chords)])
    steps = max(1, int(np.ceil(np.hypot(*(p2 - p1)) / step_px)))
    t = np.linspace(t1, t2, steps, endpoint=False)[:, None]
    a1 = _mix(p0, p1, t0, t1, t)
    a2 = _mix(p1, p2, t1, t2, t)
    a3 = _mix(p2, p3, t2, t3, t)
    b1, b2 = _mix(a1, a2, t0, t2, t), _mix(a2, a3, t1, t3, t)
    return _mix(b1, b2, t1, t2, t)


def _mix(one: Line, other: Line, start: float, end: float, at: Line) -> Line:
    share = (at - start) / (end - start)
    mixed: Line = (1 - share) * one + share * other
    return mixed
