"""Walk through what deserves a look: errors, proposals and points somebody was not sure of."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import Final, Literal

from napari_slitseg.core.review.walk_items import (
    KINDS,
    Item,
    Kind,
    find_items,
)

__all__ = [
    "KINDS",
    "ORDERS",
    "Item",
    "Kind",
    "Order",
    "find_items",
    "in_order",
    "nearest_item",
    "next_item",
    "previous_item",
]

Order = Literal["place", "score", "doubt", "worst"]

ORDERS: Final[tuple[Order, ...]] = ("place", "score", "doubt", "worst")
"""By a short way through the image, highest score first, score nearest to 1/2 first, worst error
first."""

_Key = tuple[float, int, float, float, int, int, int]


def in_order(items: Iterable[Item], order: Order = "place") -> tuple[Item, ...]:
    """Return items in the order in which a walk meets them."""
    return tuple(sorted(items, key=lambda item: _key(item, order)))


def next_item(
    items: Iterable[Item],
    after: Item | None = None,
    *,
    order: Order = "place",
    kinds: Collection[Kind] = KINDS,
    only_open: bool = True,
) -> Item | None:
    """Return the item that a walk meets next.

    Parameters
    ----------
    items : iterable of Item
        In any sequence.
    after : Item or None
        Where the walk stands. It need not be among the items any more: the walk goes on from
        where it was. `Item.at` makes one of a mere place. None begins the walk.
    order : str
        One of `ORDERS`.
    kinds : collection of str
        Which to meet.
    only_open : bool
        Pass by what was judged already.

    Returns
    -------
    Item or None
        None at the end; whoever wants to begin anew asks again with None.
    """
    wanted = [(_rank(i, order), i.way, i) for i in _chosen(items, kinds, only_open=only_open)]
    if after is not None:
        wanted = _beyond(wanted, after, order)
    first = min((each[:2] for each in wanted), default=None)
    alike = [item for rank, way, item in wanted if (rank, way) == first]
    return min(alike, key=lambda item: _key(item, order), default=None)


def previous_item(
    items: Iterable[Item],
    before: Item | None = None,
    *,
    order: Order = "place",
    kinds: Collection[Kind] = KINDS,
    only_open: bool = True,
) -> Item | None:
    """Return the item that a walk in the other direction meets next; as `next_item`."""
    wanted = [(_key(item, order), item) for item in _chosen(items, kinds, only_open=only_open)]
    if before is not None:
        here = _key(before, order)
        wanted = [each for each in wanted if each[0] < here]
    return max(wanted, key=lambda each: each[0])[1] if wanted else None


def nearest_item(
    items: Iterable[Item],
    yx: tuple[float, float],
    *,
    kinds: Collection[Kind] = KINDS,
    only_open: bool = True,
) -> Item | None:
    """Return the item nearest to a place, None where there is none."""
    wanted = _chosen(items, kinds, only_open=only_open)
    return min(wanted, key=lambda item: (math.dist(item.yx, yx), _key(item, "place")), default=None)


def _beyond(
    wanted: list[tuple[float, int, Item]], after: Item, order: Order
) -> list[tuple[float, int, Item]]:
    """Those that come later; whole keys are compared only where the beginnings are equal."""
    here, whole = (_rank(after, order), after.way), _key(after, order)
    return [
        each
        for each in wanted
        if each[:2] > here or (each[:2] == here and _key(each[2], order) > whole)
    ]


def _chosen(items: Iterable[Item], kinds: Collection[Kind], *, only_open: bool) -> list[Item]:
    wanted = frozenset(kinds)
    return [item for item in items if item.kind in wanted and not (only_open and item.judged)]


def _key(item: Item, order: Order) -> _Key:
    """Unlike for any two items; smaller ones come first."""
    return (
        _rank(item, order),
        item.way,
        *item.yx,
        _PLACE_OF.get(item.kind, -1),
        -1 if item.detection_row is None else item.detection_row,
        -1 if item.annotation_id is None else item.annotation_id,
    )


def _rank(item: Item, order: Order) -> float:
    if order == "place":
        return 0.0
    if order == "worst":
        return -item.severity
    if math.isnan(item.score):
        return math.inf
    return -item.score if order == "score" else abs(item.score - 0.5)


_PLACE_OF: Final[dict[str, int]] = {kind: place for place, kind in enumerate(KINDS)}
