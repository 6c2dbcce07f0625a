"""A workbook of measures: files, glomeruli, biopsies, groups, stretches, and how it was done."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Final

from napari_slitseg.core.atomic import open_atomically
from napari_slitseg.pipelines.measure_book_files import files_table
from napari_slitseg.pipelines.measure_book_groups import groups_table
from napari_slitseg.pipelines.measure_book_intervals import interval_tables
from napari_slitseg.pipelines.measure_book_old import old_tables
from napari_slitseg.pipelines.measure_book_table import Table
from napari_slitseg.pipelines.measure_book_units import unit_tables
from napari_slitseg.pipelines.measure_book_words import failures_table, how_sheet
from napari_slitseg.pipelines.measure_result import MeasureResult
from napari_slitseg.pipelines.outputs import writing
from napari_slitseg.pipelines.score_book_sheet import Sheet, is_our_book, write_sheets

_TITLE: Final = "napari-slitseg measures"


def write_measure_book(path: Path, result: MeasureResult) -> Generator[str, None, None]:
    """Write a workbook, as a whole or not at all.

    Parameters
    ----------
    path : Path
        A file there is replaced; `is_measure_book` tells whether it is one of these.
    result : MeasureResult

    Yields
    ------
    str
        Name of the sheet that is written next, and of the same again after each 1000 rows. Nothing
        is written where the generator is closed before its end.

    Raises
    ------
    OutputError
        If it cannot be written; an earlier file is untouched.
    """
    with writing(path), open_atomically(path) as file:
        yield from write_sheets(file, _sheets(result), _TITLE)


def is_measure_book(path: Path) -> bool:
    """Whether a file is a workbook of measures that nobody has saved again since."""
    return is_our_book(path, _TITLE)


def _sheets(result: MeasureResult) -> Iterator[Sheet]:
    """Yield the sheets in their order; rows are made as they are written."""
    tables: list[Table] = [
        files_table(result),
        *unit_tables(result),
        groups_table(result),
        *interval_tables(result),
        *old_tables(result),
        failures_table(result),
    ]
    yield how_sheet(result, tables)
    yield from (table.sheet() for table in tables)
