"""A figure: a number, or the reason why there is none; and what it means."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from napari_slitseg.core.morphometry.image_measures import ImageMeasures

Unit = Literal["", "nm", "px", "µm", "1/µm", "1/1000 px"]
"""Unit of a figure; "" for counts and shares."""


@dataclass(frozen=True)
class Value:
    """A number, or why there is none.

    Attributes
    ----------
    value : float
        NaN where there is none.
    why : str
        A sentence for the person where there is none; "" otherwise.
    note : str
        What to know of the number, such as that it is a lower bound; "" where there is nothing.

    Raises
    ------
    ValueError
        If a number is not finite and no reason is given, or the other way round.
    """

    value: float
    why: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if math.isfinite(self.value) == bool(self.why) or math.isinf(self.value):
            raise ValueError(f"A value is a number or has a reason, not {self.value}, {self.why!r}")

    @property
    def is_known(self) -> bool:
        """Whether there is a number."""
        return not self.why


def no_value(why: str) -> Value:
    """Return what stands where there is no number."""
    return Value(float("nan"), why)


@dataclass(frozen=True)
class Measure:
    """A figure of an image.

    Attributes
    ----------
    name : str
        As in tables, with its unit: "fpw_mean_nm".
    title : str
        As a person reads it, without the unit.
    unit : str
    definition : str
        One or two sentences that say how it is computed.
    source : str
        Where that comes from; "definition" where it says all by itself.
    of : callable
        An image's measures to its value.
    is_count : bool
        Whether it is a whole number.
    """

    name: str
    title: str
    unit: Unit
    definition: str
    source: str
    of: Callable[[ImageMeasures], Value]
    is_count: bool = False
