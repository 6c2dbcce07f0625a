"""Write points as CSV in napari's own points format, whole or not at all."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

from napari_slitseg.core.atomic import write_atomically
from napari_slitseg.core.points_table import COLUMNS, PointTable


def write_points(path: Path | str, table: PointTable, columns: Sequence[str] = COLUMNS) -> None:
    """Write a table as CSV that napari opens as a Points layer.

    The file appears whole or not at all; one that was there stays when writing fails.

    Parameters
    ----------
    path : Path or str
        File to write, in an existing folder.
    table : PointTable
        Points; coordinates are written so that they read back bit for bit.
    columns : sequence of str
        Which of `COLUMNS`, in which order.

    Raises
    ------
    ValueError
        If a column is unknown.
    OSError
        If the file cannot be written.
    """
    write_atomically(Path(path), points_text(table, columns).encode())


def points_text(table: PointTable, columns: Sequence[str] = COLUMNS) -> str:
    """Return a table as `write_points` writes it.

    Parameters
    ----------
    table, columns
        As there.

    Raises
    ------
    ValueError
        If a column is unknown.
    """
    if unknown := [name for name in columns if name not in COLUMNS]:
        raise ValueError(f"Points have no columns {unknown}, only {list(COLUMNS)}.")
    cells = {
        "index": [str(value) for value in table.ids.tolist()],
        "axis-0": [repr(value) for value in table.yx[:, 0].tolist()],
        "axis-1": [repr(value) for value in table.yx[:, 1].tolist()],
        "score": ["" if math.isnan(value) else repr(value) for value in table.score.tolist()],
        "status": table.status.tolist(),
        "origin": table.origin.tolist(),
        "uncertain": [str(int(value)) for value in table.uncertain.tolist()],
        "editor": table.editor.tolist(),
        "time": table.time.tolist(),
    }
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(zip(*(cells[name] for name in columns), strict=True))
    return text.getvalue()
