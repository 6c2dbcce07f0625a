"""Smooth random displacements that can be undone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

STEEPEST: Final = 0.5
"""Largest change of the displacement from one pixel to the next; below 1 nothing folds."""

_ROOT_MEAN_SQUARE: Final = math.sqrt(2) * 151 / 315  # of two cubic B-spline fields of unit noise


@dataclass(frozen=True, eq=False)
class Deformation:
    """A displacement of every place of a patch: a cubic B-spline surface in y and one in x.

    Attributes
    ----------
    control : (2, n, n) float64
        Control values in y and x, px.
    spacing_px : float
        Distance of two control values.
    patch_px : int
        Side of the patch; beyond one spacing around it displacements go on as constants.
    """

    control: Doubles
    spacing_px: float
    patch_px: int

    @classmethod
    def draw(
        cls, rng: np.random.Generator, typical_px: float, spacing_px: float, patch_px: int
    ) -> Deformation:
        """Draw one whose root mean square length is ``typical_px``, or less where it would fold.

        The same numbers are drawn whatever ``typical_px``.
        """
        n = math.floor((patch_px - 1) / spacing_px + 2) + 4
        control = rng.standard_normal((2, n, n)) * (typical_px / _ROOT_MEAN_SQUARE)
        steepness = _steepness(control, spacing_px)
        return cls(control * min(1.0, STEEPEST / max(steepness, 1e-12)), spacing_px, patch_px)

    @property
    def is_none(self) -> bool:
        """Whether nothing moves."""
        return not self.control.any()

    def on_grid(self) -> tuple[Doubles, Doubles]:
        """Displacements (S, S) in y and in x of every pixel of the patch."""
        first, weights = self._taps(np.arange(self.patch_px))
        across = np.zeros((2, self.control.shape[-1], self.patch_px))
        moved = np.zeros((2, self.patch_px, self.patch_px))
        for j in range(4):
            across += weights[:, j] * self.control[:, :, first + j]
        for j in range(4):
            moved += weights[:, j, None] * across[:, first + j]
        return moved[0], moved[1]

    def at(self, yx: Doubles) -> Doubles:
        """Displacements (N, 2) of places (N, 2) of the patch."""
        (row, down), (column, across) = self._taps(yx[:, 0]), self._taps(yx[:, 1])
        taps = np.arange(4)
        near = self.control[:, row[:, None, None] + taps[:, None], column[:, None, None] + taps]
        moved: Doubles = (near * down[:, :, None] * across[:, None, :]).sum(axis=(2, 3)).T
        return moved

    def undone(self, moved_yx: Doubles) -> Doubles:
        """Places (N, 2) that the displacement brings to ``moved_yx``, by fixed-point iteration.

        The error halves each time, since no displacement changes faster than `STEEPEST`.
        """
        yx = moved_yx
        if self.is_none:
            return yx
        for _ in range(40):
            before, yx = yx, moved_yx - self.at(yx)
            if np.abs(yx - before).max(initial=0.0) < 1e-5:
                break
        return yx

    def _taps(self, at: NDArray[np.number]) -> tuple[NDArray[np.intp], Doubles]:
        """First of four control values for each place along an axis, and their weights (N, 4)."""
        end = self.patch_px - 1 + self.spacing_px
        place = np.clip(at, -self.spacing_px, end) / self.spacing_px + 1
        first = np.minimum(np.floor(place), self.control.shape[-1] - 4)
        t = place - first
        weights = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 3 * t * (1 + t - t**2) + 1, t**3]
        return first.astype(np.intp), np.stack(weights, axis=-1) / 6


def _steepness(control: Doubles, spacing_px: float) -> float:
    """Upper bound of the displacement's derivative in any direction."""
    steps = (np.abs(np.diff(control, axis=axis)).max(axis=(1, 2)) for axis in (1, 2))
    return float(np.linalg.norm(np.concatenate(list(steps)))) / spacing_px
