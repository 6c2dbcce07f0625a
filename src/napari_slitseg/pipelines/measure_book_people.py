"""Columns about who decided on the slits that were measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from napari_slitseg.core.morphometry import EditCounts
from napari_slitseg.pipelines.measure_book_table import Column, number

_NO_POINT: Final = "There are no points."
_COUNTS: Final = (
    ("added", "Slits that a person set; imported ones of a person, too."),
    ("moved", "Slits of a model that a person moved to their place."),
    ("accepted", "Slits of a model that a person confirmed."),
    ("taken_away", "Points that a person took away: measured nowhere."),
    ("unjudged", "Slits of a model on which nobody decided."),
    ("uncertain", "Slits among these of which somebody was not sure: they count as slits."),
)


def people_columns(edits_of: Callable[[Any], EditCounts]) -> tuple[Column, ...]:
    """Return shares and numbers of points by what people did to them."""

    def share(name: str) -> Callable[[Any], Any]:
        return lambda item: number(getattr(edits_of(item), name), _NO_POINT)

    def count(name: str) -> Callable[[Any], Any]:
        return lambda item: getattr(edits_of(item), name)

    return (
        Column(
            "edited_share",
            "Share of points edited by a person",
            "Points that a person set, moved or took away, over all points.",
            share("edited_share"),
        ),
        Column(
            "judged_share",
            "Share of points judged by a person",
            "The same with those that a person confirmed.",
            share("judged_share"),
        ),
        *(
            Column(f"n_{name}", f"Points {name.replace('_', ' ')}", meaning, count(name))
            for name, meaning in _COUNTS
        ),
    )
