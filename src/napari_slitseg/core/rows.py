"""Rows of figures as CSV text."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any


def rows_as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV, "" where there are none.

    Parameters
    ----------
    rows : sequence of mapping
        From column to value; None, NaN and what a row lacks become empty cells, other floats keep
        all digits. The columns are those of all rows, in the order they first appear.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    if rows:
        writer = csv.DictWriter(text, columns)
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    """Empty for None and NaN; all digits otherwise."""
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    return "" if value is None else value
