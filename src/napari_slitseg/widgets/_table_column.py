"""A column of a table of images."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_slitseg.widgets._entry import ImageEntry


@dataclass(frozen=True)
class Column:
    """One column: what it shows of an image.

    Attributes
    ----------
    title : str
        Heading.
    tooltip : str
        What the figures mean, with their unit.
    value : callable
        Value of an image, for sorting; None or NaN where there is none.
    text : callable
        Text of a value.
    edit : callable or None
        Called with key and text when a person edits the cell.
    hint : callable or None
        Tooltip of an image's cell.
    blank : callable
        Text of an image that has no value.
    averaged : bool
        The summary shows a mean over images, and says so.
    name : str
        For those who remember which columns a person chose.
    """

    title: str
    tooltip: str
    value: Callable[[Any], Any]
    text: Callable[[Any], str] = str
    edit: Callable[[int, str], bool] | None = None
    hint: Callable[[ImageEntry], str] | None = None
    blank: Callable[[Any], str] = lambda _: "—"
    averaged: bool = False
    name: str = ""

    def told(self, item: Any) -> str:
        """Return what the cell of an image, or of the summary, says."""
        value = self.value(item)
        return self.blank(item) if is_blank(value) else self.text(value)


def is_blank(value: Any) -> bool:
    """Whether a value is none."""
    return value is None or (isinstance(value, float) and math.isnan(value))
