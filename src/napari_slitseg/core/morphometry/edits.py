"""Who decided on the slits that are measured, in numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Self


@dataclass(frozen=True)
class EditCounts:
    """Points of one or more images by what a person did to them.

    Attributes
    ----------
    added, moved : int
        Slits that a person set, or moved to their place; imported points of a person were added.
    accepted : int
        Slits of a model that a person confirmed.
    taken_away : int
        Points that a person took away: not among the slits that are measured.
    unjudged : int
        Slits of a model on which nobody decided.
    uncertain : int
        Those of all these slits of which somebody was not sure; they count as slits.
    """

    added: int = 0
    moved: int = 0
    accepted: int = 0
    taken_away: int = 0
    unjudged: int = 0
    uncertain: int = 0

    @property
    def n_slits(self) -> int:
        """How many slits are measured."""
        return self.added + self.moved + self.accepted + self.unjudged

    @property
    def edited_share(self) -> float:
        """Share of all points that a person set, moved or took away; NaN without any point."""
        return self._share(self.added + self.moved + self.taken_away)

    @property
    def judged_share(self) -> float:
        """Share of all points that a person edited or confirmed; NaN without any point."""
        return self._share(self.added + self.moved + self.taken_away + self.accepted)

    @classmethod
    def together(cls, counts: Iterable[EditCounts]) -> Self:
        """Add up the numbers of several images."""
        every = tuple(counts)
        names = [each.name for each in fields(cls)]
        return cls(**{name: sum(getattr(each, name) for each in every) for name in names})

    def _share(self, n: int) -> float:
        n_points = self.n_slits + self.taken_away
        return n / n_points if n_points else math.nan
