"""Tables of what was measured: columns that know what they mean, and why cells are empty."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from napari_slitseg.core.morphometry import Value
from napari_slitseg.core.morphometry.value import no_value
from napari_slitseg.pipelines.score_book_sheet import Sheet

WHY_EMPTY: Final = "Why cells are empty"


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    name : str
        Heading in a CSV file.
    title : str
        Heading in a workbook.
    meaning : str
        What stands in it.
    of : callable
        What a row is about to its cell: a text, a number, or a `Value` that may have a reason
        instead.
    """

    name: str
    title: str
    meaning: str
    of: Callable[[Any], Any]


@dataclass(frozen=True, eq=False)
class Table:
    """Rows with columns.

    Attributes
    ----------
    name : str
        As part of the name of a CSV file.
    title : str
        Of the sheet.
    columns : sequence of Column
    items : iterable
        What the rows are about.
    frozen : int
        How many columns stay in sight.
    has_reasons : bool
        Whether a last column tells why cells are empty.
    """

    name: str
    title: str
    columns: Sequence[Column]
    items: Iterable[Any]
    frozen: int = 1
    has_reasons: bool = True

    def rows(self) -> Iterator[list[Any]]:
        """Yield the cells of each row; None where there is no number."""
        for item in self.items:
            cells = [column.of(item) for column in self.columns]
            why = [self._why_empty(cells)] if self.has_reasons else []
            yield [*map(_plain, cells), *why]

    def sheet(self) -> Sheet:
        """Return it as a sheet of a workbook."""
        titles = [column.title for column in self.columns]
        titles += [WHY_EMPTY] if self.has_reasons else []
        return Sheet(self.title, titles, self.rows(), frozen=self.frozen)

    @property
    def names(self) -> list[str]:
        """Headings in a CSV file."""
        names = [column.name for column in self.columns]
        return [*names, "why_empty"] if self.has_reasons else names

    def _why_empty(self, cells: Sequence[Any]) -> str:
        """Say for each number that is not there why."""
        reasons: dict[str, list[str]] = {}
        for column, cell in zip(self.columns, cells, strict=True):
            if isinstance(cell, Value) and cell.why:
                reasons.setdefault(cell.why, []).append(column.title)
        return "; ".join(f"{', '.join(titles)}: {why}" for why, titles in reasons.items())


def with_unit(title: str, unit: str) -> str:
    """Return the heading of a figure."""
    return f"{title} ({unit})" if unit else title


def number(value: float, why: str) -> Value:
    """Return a number; where it is not finite, the reason."""
    return Value(value) if math.isfinite(value) else no_value(why)


def _plain(cell: Any) -> Any:
    if not isinstance(cell, Value):
        return cell
    return cell.value if cell.is_known else None
