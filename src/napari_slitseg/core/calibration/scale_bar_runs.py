"""Boxes of one grey in an image: long runs in neighbouring rows that begin and end alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_NEAR: Final = 0.12
_SHORTEST: Final = (24, 0.025)
_LONGEST: Final = 0.95
_THICKEST: Final = (12, 0.03)
_LEAST_ASPECT: Final = 4.0
_ALIKE_PX: Final = 2


@dataclass(frozen=True)
class Box:
    """Rows `top` to `bottom` and columns `left` to `right` (both first and last but one).

    Attributes
    ----------
    top, bottom, left, right : int
        px; `bottom` and `right` lie outside.
    is_bright : bool
    straightness : float
        Share of rows that begin and end where the others do, [0, 1].
    """

    top: int
    bottom: int
    left: int
    right: int
    is_bright: bool
    straightness: float

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top


def find_boxes(pixels: NDArray[Any]) -> Iterator[Box]:
    """Find wide, flat boxes of the brightest or the darkest grey values."""
    low, middle, high = (float(each) for each in np.quantile(pixels[::2, ::2], (0, 0.5, 1)))
    low, high = min(low, float(pixels.min())), max(high, float(pixels.max()))
    if high > middle:
        yield from _boxes(pixels >= high - _NEAR * (high - middle), is_bright=True)
    if middle > low:
        yield from _boxes(pixels <= low + _NEAR * (middle - low), is_bright=False)


def _boxes(mask: NDArray[np.bool_], *, is_bright: bool) -> Iterator[Box]:
    height, width = mask.shape
    shortest = max(_SHORTEST[0], int(_SHORTEST[1] * width))
    thickest = max(_THICKEST[0], int(_THICKEST[1] * height))
    for top, runs in _stacks(mask, shortest):
        left, right = (int(np.median([run[side] for run in runs])) for side in (0, 1))
        rows = len(runs)
        fits = right - left <= _LONGEST * width and rows <= thickest
        if fits and right - left >= _LEAST_ASPECT * rows:
            straight = np.mean([run == (left, right) for run in runs])
            yield Box(top, top + rows, left, right, is_bright, float(straight))


def _stacks(mask: NDArray[np.bool_], shortest: int) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Yield runs of neighbouring rows that begin and end alike, with the first row."""
    open_stacks: list[tuple[int, list[tuple[int, int]]]] = []
    for row in range(mask.shape[0] + 1):
        runs = _runs(mask[row], shortest) if row < mask.shape[0] else []
        going_on = []
        for top, stack in open_stacks:
            same = next((run for run in runs if _is_alike(run, stack[0])), None)
            if same is None:
                yield top, stack
            else:
                runs.remove(same)
                stack.append(same)
                going_on.append((top, stack))
        open_stacks = going_on + [(row, [run]) for run in runs]


def _runs(line: NDArray[np.bool_], shortest: int) -> list[tuple[int, int]]:
    """First and last-but-one column of each long run of a row."""
    if int(line.sum()) < shortest:
        return []
    change = np.flatnonzero(np.diff(line.astype(np.int8), prepend=0, append=0))
    return [(int(a), int(b)) for a, b in change.reshape(-1, 2) if b - a >= shortest]


def _is_alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1])) <= _ALIKE_PX
