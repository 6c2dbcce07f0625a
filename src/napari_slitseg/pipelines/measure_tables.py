"""The tables of a measuring as CSV files, those of the workbook, and how they were computed."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, Final

from napari_slitseg.core.atomic import open_atomically
from napari_slitseg.pipelines.measure_book_files import files_table
from napari_slitseg.pipelines.measure_book_groups import groups_table
from napari_slitseg.pipelines.measure_book_intervals import intervals_table
from napari_slitseg.pipelines.measure_book_old import old_headings, old_tables
from napari_slitseg.pipelines.measure_book_table import Table
from napari_slitseg.pipelines.measure_book_units import unit_tables
from napari_slitseg.pipelines.measure_book_words import failures_table, how_table
from napari_slitseg.pipelines.measure_result import MeasureResult
from napari_slitseg.pipelines.outputs import writing

_NAMES: Final = (
    "files",
    "glomeruli",
    "biopsies",
    "groups",
    "comparisons",
    "intervals",
    "fpw_dl_v1_files",
    "fpw_dl_v1_biopsies",
    "not_measured",
    "how",
)
_ROWS_AT_ONCE: Final = 1000


def table_files(path: Path) -> tuple[Path, ...]:
    """Return the files of the tables: NAME_files.csv and so on, for NAME.csv."""
    return tuple(path.with_name(f"{path.stem}_{name}.csv") for name in _NAMES)


def write_measure_tables(path: Path, result: MeasureResult) -> Generator[str, None, None]:
    """Write the tables, each as a whole or not at all; see `table_files`.

    Numbers have all digits, and an empty cell has its reason in the last column. Texts stand as
    they are, so open files of others as text: a spreadsheet takes "=..." for a formula.

    Parameters
    ----------
    path : Path
        Common beginning of the files' names, with the ending .csv. Files there are replaced;
        `is_measure_table` tells whether one is such a table.
    result : MeasureResult

    Yields
    ------
    str
        Name of the table at work, after each 1000 rows again.

    Raises
    ------
    OutputError
        If one cannot be written; an earlier file in its place is untouched.
    """
    for table, file in zip(_tables(result), table_files(path), strict=True):
        yield table.title
        with writing(file), open_atomically(file) as target:
            for part in _parts(table):
                target.write(part.encode(errors="surrogateescape"))
                yield table.title


def is_measure_table(path: Path) -> bool:
    """Whether a file starts with the headings of one of these tables."""
    names = (table.names for table in _tables(MeasureResult(Path(), ())))
    headings = {_line(each).encode() for each in (*names, *old_headings())}
    try:
        with path.open("rb") as file:
            return file.readline(1 << 16) in headings
    except OSError:
        return False


def _tables(result: MeasureResult) -> tuple[Table, ...]:
    tables = (
        files_table(result),
        *unit_tables(result),
        groups_table(result),
        intervals_table(result),
        *old_tables(result),
        failures_table(result),
    )
    return (*tables, how_table(result, tables))


def _parts(table: Table) -> Iterator[str]:
    """Yield the file in parts of so many rows."""
    lines = [_line(table.names)]
    for row in table.rows():
        lines.append(_line(map(_cell, row)))
        if len(lines) >= _ROWS_AT_ONCE:
            yield "".join(lines)
            lines = []
    yield "".join(lines)


def _line(cells: Any) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Empty for None and NaN; all digits otherwise."""
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ""
    return "" if value is None else value
