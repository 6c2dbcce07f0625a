"""An image seen from other sides: flips and quarter turns, there and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class View:
    """One of the eight symmetries of a square.

    Attributes
    ----------
    name : str
        What it does to the image.
    flips : (bool, bool)
        Whether rows, and columns, come in reverse order; before transposing.
    transposes : bool
        Whether rows become columns.
    """

    name: str
    flips: tuple[bool, bool]
    transposes: bool = False

    def of(self, pixels: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return an image (H, W) seen so; nothing is copied, so a file stays on disk."""
        seen = pixels[:: -1 if self.flips[0] else 1, :: -1 if self.flips[1] else 1]
        return seen.T if self.transposes else seen

    def back(self, yx: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
        """Return places (N, 2) of the view as places of the image, which has this shape."""
        own = yx[:, ::-1] if self.transposes else yx
        last = np.array(
            [(side - 1) if flip else 0 for side, flip in zip(shape, self.flips, strict=True)]
        )
        sign = np.where(self.flips, -1.0, 1.0)
        return np.asarray(last + sign * own, np.float64)


ITSELF: Final = View("itself", (False, False))

VIEWS: Final = (
    View("half turn", (True, True)),
    View("transposed", (False, False), transposes=True),
    View("left and right exchanged", (False, True)),
    View("quarter turn", (True, False), transposes=True),
    View("top and bottom exchanged", (True, False)),
    View("other quarter turn", (False, True), transposes=True),
    View("transposed, half turn", (True, True), transposes=True),
)
"""All but the image itself, those first that differ most from it."""
