"""One row a stretch of membrane between neighbouring slits, or cut off by an end."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from types import MappingProxyType
from typing import Final, NamedTuple

from napari_slitseg.core.morphometry import Sample, Value
from napari_slitseg.core.morphometry.reasons import NO_SCALE
from napari_slitseg.pipelines.measure_book_files import sample_columns
from napari_slitseg.pipelines.measure_book_table import Column, Table, number
from napari_slitseg.pipelines.measure_phrases import SCALE_FROM
from napari_slitseg.pipelines.measure_result import MeasuredImage, MeasureResult

MOST_ROWS: Final = 1_000_000
"""Stretches on one sheet; spreadsheets hold 1,048,576 rows."""

_NO_FIRST: Final = "No slit bounds it there."
_KINDS: Final = MappingProxyType(
    {
        "measured": "between two slits",
        "border": "cut off by the image's border",
        "free": "cut off where the line ends in the image",
        "fork": "cut off where lines meet",
        "excluded": "cut off by an excluded stretch",
        "empty": "a whole line without a slit",
    }
)


class Stretch(NamedTuple):
    """One stretch of one image."""

    file: str
    sample: Sample
    nm_per_px: float
    scale_from: str
    line: int
    kind: str
    start: float
    end: float
    first: int
    last: int


def intervals_table(result: MeasureResult) -> Table:
    """Return every stretch of every image."""
    return Table("intervals", "Intervals", INTERVAL_COLUMNS, _stretches(result))


def interval_tables(result: MeasureResult) -> Iterator[Table]:
    """Return as many tables as sheets are needed, one at least."""
    total = sum(len(image.measures.intervals.line) for image in result.images)
    items = _stretches(result)
    for page in range(max(1, -(-total // MOST_ROWS))):
        title = "Intervals" if page == 0 else f"Intervals {page + 1}"
        yield Table("intervals", title, INTERVAL_COLUMNS, islice(items, MOST_ROWS))


def _stretches(result: MeasureResult) -> Iterator[Stretch]:
    for image in result.images:
        yield from _of_image(image)


def _of_image(image: MeasuredImage) -> Iterator[Stretch]:
    kept, size, scale = image.measures.intervals, image.measures.nm_per_px, image.measures.scale
    known = "" if scale is None else scale.kind
    columns = (kept.line, kept.kind, kept.start, kept.end, kept.first, kept.last)
    for line, *rest in zip(*(column.tolist() for column in columns), strict=True):
        yield Stretch(image.name, image.sample, size, known, line + 1, *rest)


def _nm(item: Stretch) -> Value:
    return number((item.end - item.start) * item.nm_per_px, NO_SCALE)


def _slit(number_of_slit: int) -> int | None:
    return None if number_of_slit < 0 else number_of_slit


INTERVAL_COLUMNS: Final = (
    Column("file", "File", "Path below the folder of the images.", lambda i: i.file),
    *sample_columns(lambda item: item.sample),
    Column("line", "Line", "Number of the membrane line in the image, from 1.", lambda i: i.line),
    Column(
        "kind",
        "Kind",
        "Only a stretch between two slits is a foot process width; any other is the part of one "
        "that can be seen, or a line without a slit.",
        lambda i: _KINDS[i.kind],
    ),
    Column("width_nm", "Width (nm)", "Length along the membrane.", _nm),
    Column("scale_from", "Scale from", SCALE_FROM, lambda i: i.scale_from),
    Column("width_px", "Width (px)", "Length along the membrane.", lambda i: i.end - i.start),
    Column("from_px", "From (px)", "Where it begins, along its line.", lambda i: i.start),
    Column(
        "to_px",
        "To (px)",
        "Where it ends, along its line; on a loop perhaps beyond its length.",
        lambda i: i.end,
    ),
    Column(
        "first_slit",
        "First slit",
        "Number of the slit where it begins; empty at an end of the line.",
        lambda i: _slit(i.first),
    ),
    Column(
        "last_slit",
        "Last slit",
        "Number of the slit where it ends; empty at an end of the line.",
        lambda i: _slit(i.last),
    ),
)
"""Columns of the table of stretches."""
