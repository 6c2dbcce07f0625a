"""Rows of the tables of the Measure dock. Knows neither Qt nor napari."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from napari_slitseg.core.morphometry import EditCounts, ImageMeasures
from napari_slitseg.core.morphometry.sample import Sample
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._measure_state import Measured

if TYPE_CHECKING:
    from napari_slitseg.core.morphometry.value import Value

KINDS: Final = MappingProxyType(
    {
        "measured": ("between slits", "From one slit to the next: a foot process width."),
        "border": ("to the border", "The image ends before the next slit."),
        "free": ("to an end", "The membrane line ends before the next slit."),
        "fork": ("to a fork", "Membrane lines meet before the next slit."),
        "excluded": ("to excluded", "An excluded stretch begins before the next slit."),
        "empty": ("no slit", "A whole membrane line without a slit."),
    }
)
"""What each kind of interval is called, and what it means."""

NOT_MEASURED: Final = "○ open"
MEASURED: Final = "✓ done"
STALE: Final = "… stale"
FAILED: Final = "✗ cannot"


@dataclass(frozen=True, eq=False)
class IntervalRow:
    """An interval of the current image.

    Attributes
    ----------
    key : int
        Its number in `Intervals`.
    length : float
        In `unit`.
    unit : str
        "nm", or "px" where the scale is not known.
    kind : str
        A key of `KINDS`.
    line : int
        Which membrane line, from 1.
    first, last : int
        Ids of the slits on either side, -1 at an end.
    """

    key: int
    length: float
    unit: str
    kind: str
    line: int
    first: int
    last: int

    @property
    def is_measured(self) -> bool:
        """Whether it is a foot process width."""
        return self.kind == "measured"

    @property
    def width(self) -> str:
        """Its width in words; a bound where the foot process goes on."""
        text = f"{self.length:.0f} nm" if self.unit == "nm" else f"{self.length:.1f} px"
        return text if self.is_measured else f"≥ {text}"

    @property
    def slits(self) -> str:
        """Slits on either side, in words."""
        ends = ("end" if each < 0 else str(each) for each in (self.first, self.last))
        return "none" if self.kind == "empty" else " to ".join(ends)


def interval_rows(measures: ImageMeasures | None) -> list[IntervalRow]:
    """Return the intervals of an image, line by line."""
    if measures is None:
        return []
    each = measures.intervals
    unit = "px" if measures.scale is None else "nm"
    length = each.length_px * (1.0 if measures.scale is None else measures.nm_per_px)
    columns = (length.tolist(), each.kind.tolist(), (each.line + 1).tolist())
    ends = (each.first.tolist(), each.last.tolist())
    return [
        IntervalRow(key, width, unit, kind, line, first, last)
        for key, (width, kind, line, first, last) in enumerate(zip(*columns, *ends, strict=True))
    ]


@dataclass(frozen=True, eq=False)
class ImageRow:
    """An image in the list.

    Attributes
    ----------
    key : int
    name : str
    sample : Sample
    status, hint : str
        Where it stands, and what to do.
    figures : mapping of str to Value
        By name; none before it was measured.
    edits : EditCounts
    """

    key: int
    name: str
    sample: Sample
    status: str
    hint: str = ""
    figures: Mapping[str, Value] = field(default_factory=dict)
    edits: EditCounts = field(default_factory=EditCounts)

    def figure(self, name: str) -> float | None:
        """Return a figure, None where there is none."""
        found = self.figures.get(name)
        return None if found is None else found.value

    def why(self, name: str) -> str:
        """Return why a figure has no value."""
        found = self.figures.get(name)
        return self.hint if found is None else found.why


def image_row(
    entry: ImageEntry, sample: Sample, measured: Measured | None, *, is_stale: bool
) -> ImageRow:
    """Return an image as the list shows it."""
    if measured is None:
        hint = "Press Measure all, or open it and press Measure this image."
        return ImageRow(entry.key, entry.name, sample, NOT_MEASURED, hint)
    status, hint = MEASURED, _sources(measured)
    if measured.measures is None:
        status, hint = FAILED, measured.reason
    if is_stale:
        status, hint = STALE, "Something changed since; it is measured again in a moment."
    return ImageRow(entry.key, entry.name, sample, status, hint, measured.figures, measured.edits)


def _sources(measured: Measured) -> str:
    notices = () if measured.measures is None else measured.measures.notices
    says = f"Slits: {measured.slits_from}. Membrane: {measured.membrane_from}."
    return "\n".join((says, *notices))
