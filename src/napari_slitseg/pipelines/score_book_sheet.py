"""Tables as sheets of a workbook: numbers as numbers, texts as texts, no formula ever."""

from __future__ import annotations

import io
import math
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

_OURS: Final = "napari-slitseg"
_TITLE: Final = "napari-slitseg scores"
_ROWS_AT_ONCE: Final = 1000
_ROWS_LOOKED_AT: Final = 300
_NARROWEST, _WIDEST = 8, 70
_LIKE_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
_LONGEST_TEXT: Final = 32_000

Value = str | int | float | bool | None


@dataclass(frozen=True, eq=False)
class Sheet:
    """One table.

    Attributes
    ----------
    title : str
        At most 31 characters.
    columns : sequence of str
        Headings.
    rows : iterable of sequence
        Values; what is no finite number, and None, becomes an empty cell.
    frozen : int
        How many columns stay in sight.
    wrapped : bool
        Whether long texts go over several lines.
    """

    title: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]
    frozen: int = 1
    wrapped: bool = False


def write_sheets(
    file: BinaryIO, sheets: Iterable[Sheet], title: str = _TITLE
) -> Generator[str, None, None]:
    """Write a workbook; yields the title of the sheet at work now and then.

    `title` is the workbook's own, by which `is_our_book` knows it again.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.creator = book.properties.lastModifiedBy = _OURS
    book.properties.title = title
    for sheet in sheets:
        yield sheet.title
        yield from _fill(book.create_sheet(sheet.title), sheet)
    whole = io.BytesIO()
    book.save(whole)
    file.write(whole.getbuffer())


def is_score_book(path: Path) -> bool:
    """Whether a file is a workbook of scores that nobody has saved again since."""
    return is_our_book(path, _TITLE)


def is_our_book(path: Path, title: str) -> bool:
    """Whether a file is a workbook of that title that nobody has saved again since."""
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True)
    except (OSError, ValueError, KeyError, BadZipFile, InvalidFileException):
        return False
    about = book.properties
    book.close()
    return (about.title, about.creator, about.lastModifiedBy) == (title, _OURS, _OURS)


def plain(value: Any) -> Value:
    """Return a value as a cell can hold it; None for what is no finite number."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int):
        return value
    return _printable(str(value))


def _printable(text: str) -> str | None:
    """Replace characters that no workbook can hold; None for an empty text."""
    if text.isprintable() and len(text) <= _LONGEST_TEXT:
        return text or None
    clean = text.encode("utf-8", "replace").decode()
    clean = "".join(
        c if c in "\n\t" or (c >= " " and c < "\ufffe") or c > "\uffff" else "\ufffd" for c in clean
    )
    if len(clean) > _LONGEST_TEXT:
        clean = f"{clean[:_LONGEST_TEXT]} … ({len(clean)} characters in all)"
    return clean or None


def _fill(target: Any, sheet: Sheet) -> Generator[str, None, None]:
    from openpyxl.utils import get_column_letter

    rows = iter(sheet.rows)
    first = [row for row, _ in zip(rows, range(_ROWS_LOOKED_AT), strict=False)]
    for number, width in enumerate(_widths(sheet.columns, first), 1):
        target.column_dimensions[get_column_letter(number)].width = width
    target.freeze_panes = f"{get_column_letter(sheet.frozen + 1)}2"
    target.append([_heading(target, title) for title in sheet.columns])
    count = 0
    for part in (first, rows):
        for row in part:
            target.append([_cell(target, plain(value), sheet) for value in row])
            count += 1
            if count % _ROWS_AT_ONCE == 0:
                yield sheet.title
    if count:
        target.auto_filter.ref = f"A1:{get_column_letter(len(sheet.columns))}{count + 1}"


def _widths(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[float]:
    texts = [[title, *(_shown(row[n]) for row in rows)] for n, title in enumerate(columns)]
    longest = (max(len(line) for text in each for line in text.split("\n")) for each in texts)
    return [float(min(max(length + 3, _NARROWEST), _WIDEST)) for length in longest]


def _shown(value: Any) -> str:
    cell = plain(value)
    return "" if cell is None else f"{cell:.6g}" if isinstance(cell, float) else str(cell)


def _heading(target: Any, text: str) -> Any:
    from openpyxl.styles import Alignment, Font

    cell = _text_cell(target, text)
    cell.font = Font(bold=True)
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    return cell


def _cell(target: Any, value: Value, sheet: Sheet) -> Any:
    """Return a value, or a cell where a spreadsheet would take a text for something else."""
    if not isinstance(value, str):
        return value
    if not sheet.wrapped and not value.startswith(_LIKE_FORMULAS):
        return value
    cell = _text_cell(target, value)
    if sheet.wrapped:
        from openpyxl.styles import Alignment

        cell.alignment = Alignment(vertical="top", wrap_text=True)
    return cell


def _text_cell(target: Any, text: str) -> Any:
    """Return a cell that stays a text, also when a person edits and confirms it."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(target, text)
    cell.data_type = "s"
    if text.startswith(_LIKE_FORMULAS):
        cell.quotePrefix = True
    return cell
