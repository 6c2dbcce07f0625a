"""The cases every comparison of two sets of points must get right, by name.

Tolerance 3 px unless a case says otherwise. Distances are chosen so that every sum is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Case:
    """Two sets of points and what their matching must be."""

    name: str
    predicted: Points
    annotated: Points
    n_pairs: int
    total_px: float
    pairs: tuple[tuple[int, int], ...] | None  # None where several are equally good
    tolerance_px: float = 3.0


CASES: tuple[Case, ...] = (
    Case("both empty", (), (), 0, 0.0, ()),
    Case("none predicted", (), ((5, 5), (9, 9)), 0, 0.0, ()),
    Case("none annotated", ((5, 5), (9, 9)), (), 0, 0.0, ()),
    Case("identical", ((5, 5), (9, 9)), ((9, 9), (5, 5)), 2, 0.0, ((0, 1), (1, 0))),
    Case("at the tolerance", ((5, 5),), ((5, 8),), 1, 3.0, ((0, 0),)),
    Case("just beyond the tolerance", ((5, 5),), ((5, 8.00001),), 0, 0.0, ()),
    Case("zero tolerance", ((5, 5), (9, 9)), ((5, 5), (9, 9.5)), 1, 0.0, ((0, 0),), 0.0),
    Case("tie", ((5, 5),), ((5, 3), (5, 7)), 1, 2.0, None),
    Case("tie of two", ((5, 5), (5, 7)), ((4, 6), (6, 6)), 2, 8**0.5, None),
    Case("two for one", ((5, 4), (5, 5.5)), ((5, 5),), 1, 0.5, ((1, 0),)),
    Case("one for two", ((5, 5),), ((5, 4), (5, 5.5)), 1, 0.5, ((0, 1),)),
    Case("coincident predictions", ((5, 5), (5, 5)), ((5, 5), (5, 6)), 2, 1.0, None),
    # Nearest first would take the pair of distance 1 and leave the others alone.
    Case(
        "more pairs before nearer pairs",
        ((5, 2), (5, 5)),
        ((5, 4), (5, 8)),
        2,
        5.0,
        ((0, 0), (1, 1)),
    ),
    # A chain in which every prediction could take either neighbour.
    Case(
        "collinear chain",
        ((0, 0), (0, 4), (0, 8)),
        ((0, 2), (0, 6), (0, 10)),
        3,
        6.0,
        ((0, 0), (1, 1), (2, 2)),
    ),
    Case(
        "collinear chain pushed along",
        ((0, 3), (0, 6), (0, 9)),
        ((0, 0), (0, 3), (0, 6)),
        3,
        9.0,
        ((0, 0), (1, 1), (2, 2)),
    ),
    # Crossing would cost 2 * sqrt(13) instead of 2 + 2.
    Case("crossing avoided", ((0, 0), (3, 0)), ((0, 2), (3, 2)), 2, 4.0, ((0, 0), (1, 1)), 4.0),
    Case("far apart", ((0, 0),), ((500, 500),), 0, 0.0, ()),
)

SHAPE = (640, 480)
