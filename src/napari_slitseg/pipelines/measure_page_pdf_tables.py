"""Tables in a PDF, cell by cell; part of `measure_page_pdf`."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, Final

from matplotlib.figure import Figure

from napari_slitseg.pipelines.measure_page_table import PageTable
from napari_slitseg.pipelines.measure_page_text import printable

LONGEST: Final = 60
"""Rows of a table of images or glomeruli; longer ones are left to other reports."""

_PAGE_IN: Final = (11.69, 8.27)
_MARGIN_IN: Final = 0.5
_LARGEST_PT: Final = 8.0
_EM_SHARE: Final = 0.56
_LINE: Final = 1.45
_WITHIN: Final = 1.34
_GAP: Final = 2
_WIDEST: Final = 60
_BOLD: Final = 1.15
_NOTE_WIDE: Final = 190

Row = Sequence[Sequence[str]]
"""Cells of a row; each a list of lines."""


def write_table(pages: Any, table: PageTable) -> None:
    """Write a table on pages of its own; the heading is repeated on each."""
    if table.is_long and len(table.rows) > LONGEST:
        said = f"{len(table.rows)} rows: see the HTML page, the workbook or the CSV tables."
        table = PageTable(table.title, ("",), ((said,),), "", 1)
    head, rows = _wrapped(table)
    widths = [
        max(_BOLD * _longest(head[at]), *(_longest(row[at]) for row in rows))
        for at in range(len(head))
    ]
    size = _size(widths)
    rest = rows
    while rest:
        taken = _fitting(rest, head, size, table.legend)
        note = table.legend if taken == len(rest) else ""
        pages.savefig(_page(table, [head, *rest[:taken]], widths, size, note))
        rest = rest[taken:]


def _wrapped(table: PageTable) -> tuple[Row, list[Row]]:
    """Break headings to the width of their column, and long cells."""
    widths = [
        min(_WIDEST, max(_longest(cell.split("\n")) for cell in column))
        for column in zip(*table.rows, strict=True)
    ]
    head = [
        _lines(name, max(width, _longest(name.split())))
        for name, width in zip(table.columns, widths, strict=True)
    ]
    return head, [[_lines(cell, _WIDEST) for cell in row] for row in table.rows]


def _longest(texts: Sequence[str]) -> int:
    return max(map(len, texts), default=0)


def _lines(text: str, width: int) -> list[str]:
    lines = printable(text).split("\n")
    return [part for line in lines for part in textwrap.wrap(line, width)] or [""]


def _size(widths: Sequence[float]) -> float:
    """Return the size of the letters at which all columns fit, points."""
    letters = sum(widths) + _GAP * len(widths)
    return min(_LARGEST_PT, 72 * (_PAGE_IN[0] - 2 * _MARGIN_IN) / (_EM_SHARE * letters))


def _fitting(rows: Sequence[Row], head: Row, size: float, note: str) -> int:
    """Return how many rows fit on a page; one at least."""
    notes = 1.2 * len(textwrap.wrap(note, _NOTE_WIDE)) * 8 / 72
    room = (_PAGE_IN[1] - 2 * _MARGIN_IN - 0.4 - notes) * 72 / (size * _LINE) - _height(head)
    taken = 0
    for row in rows:
        room -= _height(row)
        if room < 0:
            break
        taken += 1
    return max(1, taken)


def _height(row: Row) -> int:
    return max(len(cell) for cell in row)


def _page(
    table: PageTable, rows: Sequence[Row], widths: Sequence[float], size: float, note: str
) -> Figure:
    figure = Figure(figsize=_PAGE_IN)
    _write(figure, _MARGIN_IN, _MARGIN_IN, table.title, fontsize=11, fontweight="bold", va="top")
    down = _MARGIN_IN + 0.35
    for number, row in enumerate(rows):
        weight = "normal" if number else "bold"
        _write_row(figure, row, widths, down, table, fontsize=size, fontweight=weight)
        down += _height(row) * size * _LINE / 72
    lines = "\n".join(textwrap.wrap(note, _NOTE_WIDE))
    _write(figure, _MARGIN_IN, down + 0.1, lines, fontsize=7, va="top")
    return figure


def _write_row(
    figure: Figure,
    row: Row,
    widths: Sequence[float],
    down: float,
    table: PageTable,
    *,
    fontsize: float,
    fontweight: str,
) -> None:
    """Write cells so far from the top, inches: names to the left, numbers to the right.

    Headings stand at the bottom of their row, others at its top.
    """
    letter, left = _EM_SHARE * fontsize / 72, _MARGIN_IN
    look = {"va": "baseline", "fontsize": fontsize, "fontweight": fontweight, "linespacing": 1.15}
    for at, (cell, width) in enumerate(zip(row, widths, strict=True)):
        n_above = (_height(row) if fontweight == "bold" else len(cell)) - 1
        base = down + fontsize * (1 + n_above * _WITHIN) / 72
        text = "\n".join(cell)
        if table.is_text(at):
            _write(figure, left, base, text, ha="left", **look)
        else:
            _write(figure, left + width * letter, base, text, ha="right", **look)
        left += (width + _GAP) * letter


def _write(figure: Figure, across: float, down: float, text: str, **look: Any) -> None:
    """Write text at a place in inches from the upper left corner, unless it is empty."""
    if text:
        figure.text(across / _PAGE_IN[0], 1 - down / _PAGE_IN[1], text, **look)
