"""Read points from CSV: napari's own points format, with our columns after it."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.points_source import PointsReadError
from napari_slitseg.core.points_table import STATUSES, PointTable

_T = TypeVar("_T")
_TRUE: Final = ("1", "1.0", "true", "yes")
_FALSE: Final = ("", "0", "0.0", "false", "no", "nan")
_LARGEST_ID: Final = 2**62


def read_csv(path: Path) -> PointTable:
    """Read points from CSV.

    Understood are napari's points format (``index,axis-0,axis-1``), the same without
    index, our further columns in any order (others are ignored), and semicolons (then
    with decimal commas) or tabs instead of commas. An index that does not name every
    point once by a number below 2^62 is replaced by 0, 1, 2, ... Points with a score and
    nothing else about them are a model's proposals, others were added by a person.

    Raises
    ------
    PointsReadError
        If the file is no such table; the message names the line.
    """
    table = _open(path)
    _check_header(table)
    y, x = table.column("axis-0", _coordinate), table.column("axis-1", _coordinate)
    score = np.array(table.column("score", _score), np.float64)
    status = np.array(table.column("status", _status), np.str_)
    origin = table.texts("origin")
    scored = ~np.isnan(score)
    return PointTable(
        ids=_ids(table),
        yx=np.stack([np.array(y, np.float64), np.array(x, np.float64)], axis=1),
        score=score,
        status=np.where(status == "", np.where(scored, "proposed", "added"), status),
        origin=np.where(origin == "", np.where(scored, "model:unknown", "human"), origin),
        uncertain=np.array(table.column("uncertain", _truth), np.bool_),
        editor=table.texts("editor"),
        time=table.texts("time"),
    )


@dataclass(frozen=True)
class _Table:
    """Cells of a table, with the numbers of their lines for messages."""

    name: str
    header: Sequence[str]
    rows: Sequence[tuple[int, Sequence[str]]]
    decimal_mark: str = "."

    def texts(self, name: str) -> NDArray[np.str_]:
        """Cells of a column as they are."""
        return np.array([text for _, text in self._cells(name)], np.str_)

    def column(self, name: str, parse: Callable[[str], _T]) -> list[_T]:
        """Cells of a column; an absent column or cell is parsed from an empty text."""
        result = []
        for line, cell in self._cells(name):
            try:
                result.append(parse(cell.replace(self.decimal_mark, ".")))
            except ValueError as error:
                raise PointsReadError(f"{self.name}, line {line}, {name}: {error}") from error
        return result

    def _cells(self, name: str) -> list[tuple[int, str]]:
        at = self.header.index(name) if name in self.header else None
        return [
            (line, row[at] if at is not None and at < len(row) else "") for line, row in self.rows
        ]


def _open(path: Path) -> _Table:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise PointsReadError(
            f"{path.name} is no text file in UTF-8, so it cannot be read. If it comes from "
            "a spreadsheet, save it there as 'CSV UTF-8'."
        ) from error
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        stripped = ((reader.line_num, [cell.strip() for cell in row]) for row in reader)
        lines = [(line, cells) for line, cells in stripped if any(cells)]
    except csv.Error as error:
        raise PointsReadError(f"{path.name} is no readable CSV table ({error}).") from error
    if not lines:
        raise PointsReadError(
            f"{path.name} is empty. A table without points still needs its header: axis-0,axis-1."
        )
    return _Table(path.name, lines[0][1], lines[1:], "," if delimiter == ";" else ".")


def _check_header(table: _Table) -> None:
    if "shape-type" in table.header:
        raise PointsReadError(
            f"{table.name} holds napari shapes, not points. Save a Points layer instead."
        )
    if "axis-2" in table.header:
        raise PointsReadError(
            f"{table.name} holds points in three or more dimensions. "
            "Slits need a row and a column only: save the points of one 2-D image."
        )
    if not {"axis-0", "axis-1"} <= set(table.header):
        raise PointsReadError(
            f"{table.name} has the columns {', '.join(table.header)}; needed are axis-0 (row) "
            "and axis-1 (column), as napari writes them for a Points layer."
        )


def _coordinate(cell: str) -> float:
    value = float(cell)
    if not math.isfinite(value):
        raise ValueError(f"'{cell}' is no position in an image.")
    return value


def _score(cell: str) -> float:
    value = float(cell or "nan")
    if not (math.isnan(value) or 0 <= value <= 1):
        raise ValueError(f"a score lies between 0 and 1, not at {cell}.")
    return value


def _status(cell: str) -> str:
    if cell and cell not in STATUSES:
        raise ValueError(f"'{cell}' is no status; known are {', '.join(STATUSES)}.")
    return cell


def _truth(cell: str) -> bool:
    if cell.lower() not in (*_TRUE, *_FALSE):
        raise ValueError(f"'{cell}' is neither 0 nor 1.")
    return cell.lower() in _TRUE


def _ids(table: _Table) -> NDArray[np.int64]:
    """Index column where it names every point once by an integer, else 0, 1, 2, ..."""
    counted = np.arange(len(table.rows), dtype=np.int64)
    if "index" not in table.header:
        return counted
    try:
        ids = np.array(table.column("index", _integer), np.int64)
    except (PointsReadError, OverflowError):
        return counted
    is_in_reach = ids.max(initial=0) < _LARGEST_ID
    return ids if is_in_reach and len(np.unique(ids)) == len(ids) else counted


def _integer(cell: str) -> int:
    """Integer of a cell, also of one that napari wrote as 3.0."""
    try:
        return int(cell)
    except ValueError:
        value = float(cell)
        if not value.is_integer():
            raise
        return int(value)
