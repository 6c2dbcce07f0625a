"""A membrane line in one piece, with its length from place to place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

EndKind = Literal["border", "free", "fork", "excluded", "none"]
"""How a line ends: at the image's border, inside the image, where lines meet, at a stretch that a
person excluded, or not at all (a loop)."""

Floats = NDArray[np.float64]

_PAIRS_AT_ONCE: Final = 2**17


@dataclass(frozen=True, eq=False)
class MembranePath:
    """The centre line of a piece of membrane.

    Positions along it are lengths from its start, px: `arc`.

    Attributes
    ----------
    yx : (K, 2) float64
        Corners (y, x), px, pixel centres at integers; at least two, none twice in a row. A loop
        repeats its first corner at its end.
    start, end : str
        How it ends on either side; both "none" for a loop.
    joined : tuple of (float, float)
        Stretches (start, end) of arc where a gap of the membrane was bridged.

    Raises
    ------
    ValueError
        If there are too few corners, one is not finite, or a loop does not close.
    """

    yx: Floats
    start: EndKind = "free"
    end: EndKind = "free"
    joined: tuple[tuple[float, float], ...] = ()
    arc: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        yx = np.array(self.yx, np.float64)
        if yx.ndim != 2 or yx.shape[1] != 2 or len(yx) < 2 or not np.isfinite(yx).all():
            raise ValueError(f"A membrane line needs two finite corners (y, x), not {yx.shape}.")
        steps = np.hypot(*np.diff(yx, axis=0).T)
        if not steps.all():
            raise ValueError("A membrane line has no corner twice in a row.")
        if (self.start == "none") != (self.end == "none"):
            raise ValueError("A loop has no end on either side.")
        if self.start == "none" and not np.array_equal(yx[0], yx[-1]):
            raise ValueError("A loop ends where it starts.")
        arc = np.concatenate([[0.0], np.cumsum(steps)])
        for name, array in (("yx", yx), ("arc", arc)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def is_closed(self) -> bool:
        """Whether it is a loop."""
        return self.start == "none"

    @property
    def length_px(self) -> float:
        """Length from its start to its end, px."""
        return float(self.arc[-1])

    def at(self, arc: ArrayLike) -> Floats:
        """Return the places (N, 2) at arcs (N,), px; beyond an end the end, a loop goes round."""
        at = np.asarray(arc, np.float64)
        if self.is_closed:
            at = np.mod(at, self.length_px)
        return np.stack([np.interp(at, self.arc, self.yx[:, axis]) for axis in (0, 1)], axis=-1)

    def between(self, start: float, end: float) -> Floats:
        """Return the corners (M, 2) of a stretch, from one arc up to a larger one.

        On a loop the end may lie up to one length beyond the loop's own.
        """
        arc = np.concatenate([self.arc, self.arc[1:] + self.length_px])
        inner = arc[(arc > start) & (arc < end)]
        return self.at(np.concatenate([[start], inner, [end]]))

    def nearest(self, yx: ArrayLike) -> tuple[Floats, Floats]:
        """Return the nearest place to each of some points, as arc (N,), and how far it is (N,), px.

        Exact on the segments between corners; of two nearest places the first counts.
        """
        points = np.asarray(yx, np.float64).reshape(-1, 2)
        at_once = max(1, _PAIRS_AT_ONCE // (len(self.yx) - 1))
        parts = [
            self._nearest(points[first : first + at_once])
            for first in range(0, len(points), at_once)
        ]
        arcs, apart = zip(*parts, strict=True) if parts else (([],), ([],))
        return np.concatenate(arcs), np.concatenate(apart)

    def _nearest(self, points: Floats) -> tuple[Floats, Floats]:
        """Compare every point with every segment."""
        (y, x), (first_y, first_x) = points.T[..., None], self.yx[:-1].T
        along_y, along_x = np.diff(self.yx, axis=0).T
        steps = np.diff(self.arc)
        share = ((y - first_y) * along_y + (x - first_x) * along_x) / steps**2
        np.clip(share, 0.0, 1.0, out=share)
        square = (y - first_y - share * along_y) ** 2 + (x - first_x - share * along_x) ** 2
        best, rows = square.argmin(axis=1), np.arange(len(points))
        return self.arc[best] + share[rows, best] * steps[best], np.sqrt(square[rows, best])
