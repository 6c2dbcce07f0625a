"""The cases every comparison of two sets of points must get right, by name.

Tolerance 3 px unless a case says otherwise. All values are by hand; distances are chosen so that
sums are exact.
"""

from __future__ import annotations

from dataclasses import dataclass

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Apart:
    """How far two sets of points are apart, px, whatever the tolerance."""

    chamfer_px: float
    hausdorff_px: float
    earth_movers_px: float
    one_to_one_px: float  # least sum over as many pairs as possible


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
    apart: Apart | None = None  # None where exactly one set is empty


CASES: tuple[Case, ...] = (
    Case("both empty", (), (), 0, 0.0, (), apart=Apart(0, 0, 0, 0)),
    Case("none predicted", (), ((5, 5), (9, 9)), 0, 0.0, ()),
    Case("none annotated", ((5, 5), (9, 9)), (), 0, 0.0, ()),
    Case(
        "identical",
        ((5, 5), (9, 9)),
        ((9, 9), (5, 5)),
        2,
        0.0,
        ((0, 1), (1, 0)),
        apart=Apart(0, 0, 0, 0),
    ),
    Case("at the tolerance", ((5, 5),), ((5, 8),), 1, 3.0, ((0, 0),), apart=Apart(3, 3, 3, 3)),
    Case(
        "just beyond the tolerance",
        ((5, 5),),
        ((5, 8.00001),),
        0,
        0.0,
        (),
        apart=Apart(3.00001, 3.00001, 3.00001, 3.00001),
    ),
    Case(
        "zero tolerance",
        ((5, 5), (9, 9)),
        ((5, 5), (9, 9.5)),
        1,
        0.0,
        ((0, 0),),
        0.0,
        apart=Apart(0.25, 0.5, 0.25, 0.5),
    ),
    Case("tie", ((5, 5),), ((5, 3), (5, 7)), 1, 2.0, None, apart=Apart(2, 2, 2, 2)),
    Case(
        "tie of two",
        ((5, 5), (5, 7)),
        ((4, 6), (6, 6)),
        2,
        8**0.5,
        None,
        apart=Apart(2**0.5, 2**0.5, 2**0.5, 8**0.5),
    ),
    Case(
        "two for one",
        ((5, 4), (5, 5.5)),
        ((5, 5),),
        1,
        0.5,
        ((1, 0),),
        apart=Apart(0.625, 1, 0.75, 0.5),
    ),
    Case(
        "one for two",
        ((5, 5),),
        ((5, 4), (5, 5.5)),
        1,
        0.5,
        ((0, 1),),
        apart=Apart(0.625, 1, 0.75, 0.5),
    ),
    Case(
        "coincident predictions",
        ((5, 5), (5, 5)),
        ((5, 5), (5, 6)),
        2,
        1.0,
        None,
        apart=Apart(0.25, 1, 0.5, 1),
    ),
    # Nearest first would take the pair of distance 1 and leave the others alone.
    Case(
        "more pairs before nearer pairs",
        ((5, 2), (5, 5)),
        ((5, 4), (5, 8)),
        2,
        5.0,
        ((0, 0), (1, 1)),
        apart=Apart(1.75, 3, 2.5, 5),
    ),
    # A chain in which every prediction could take either neighbour.
    Case(
        "collinear chain",
        ((0, 0), (0, 4), (0, 8)),
        ((0, 2), (0, 6), (0, 10)),
        3,
        6.0,
        ((0, 0), (1, 1), (2, 2)),
        apart=Apart(2, 2, 2, 6),
    ),
    Case(
        "collinear chain pushed along",
        ((0, 3), (0, 6), (0, 9)),
        ((0, 0), (0, 3), (0, 6)),
        3,
        9.0,
        ((0, 0), (1, 1), (2, 2)),
        apart=Apart(1, 3, 3, 9),
    ),
    # Crossing would cost 2 * sqrt(13) instead of 2 + 2.
    Case(
        "crossing avoided",
        ((0, 0), (3, 0)),
        ((0, 2), (3, 2)),
        2,
        4.0,
        ((0, 0), (1, 1)),
        4.0,
        apart=Apart(2, 2, 2, 4),
    ),
    Case("far apart", ((0, 0),), ((500, 500),), 0, 0.0, (), apart=Apart(*[500 * 2**0.5] * 4)),
)

SHAPE = (640, 480)
