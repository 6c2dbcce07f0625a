"""What people say about one image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.points_table import PointTable


@dataclass(frozen=True, eq=False)
class Annotation:
    """Slits and membrane of one image as people see them.

    Attributes
    ----------
    points : PointTable or None
        Slits, with tombstones of those taken away; None where nobody said anything.
    membrane : (H, W) bool or None
        The stripe, read-only; None where nobody drew it.
    """

    points: PointTable | None = None
    membrane: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if self.membrane is not None and self.membrane.flags.writeable:
            owned = np.array(self.membrane, np.bool_)
            owned.flags.writeable = False
            object.__setattr__(self, "membrane", owned)

    def equals(self, other: Annotation) -> bool:
        """Whether two annotations agree in every value."""
        return _same_points(self.points, other.points) and _same_stripe(
            self.membrane, other.membrane
        )


def _same_points(one: PointTable | None, other: PointTable | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.equals(other)


def _same_stripe(one: NDArray[np.bool_] | None, other: NDArray[np.bool_] | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)
