"""Small CSV tables that people write: a column of images and one of values."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from napari_slitseg.pipelines.errors import JobError


def read_column(path: Path, column: str, *, what: str) -> dict[str, tuple[str, int]]:
    """Read a CSV table with the columns image and another one.

    Commas, semicolons or tabs part the columns; others are ignored, and so are rows without a
    value.

    Parameters
    ----------
    path : Path
    column : str
        Heading of the values.
    what : str
        What the table is of, for messages.

    Returns
    -------
    dict
        Value and line number by image name in lower case, as written: with or without ending.

    Raises
    ------
    JobError
        If it is no such table.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text file"
        raise JobError(f"The table of {what} {path} cannot be read: {reason}.") from error
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval="")
    if missing := {"image", column} - set(rows.fieldnames or ()):
        lacking = "column" if len(missing) == 1 else "columns"
        raise JobError(
            f"The table of {what} {path} lacks the {lacking} {' and '.join(sorted(missing))}: "
            f"its first line should be image,{column}."
        )
    found = {}
    for row in rows:
        name, cell = row["image"].strip().casefold(), row[column].strip()
        if name and cell:
            found[name] = cell, rows.line_num
    return found


def value_of(table: dict[str, str], image: Path) -> str | None:
    """Return the value of an image, by its name with or without ending; None without one."""
    names = (image.name.casefold(), image.stem.casefold())
    return next((table[name] for name in names if name in table), None)


def read_biopsies(path: Path) -> dict[str, str]:
    """Read a CSV table with the columns image and biopsy: biopsy by image name in lower case.

    Raises
    ------
    JobError
        If it is no such table.
    """
    table = read_column(path, "biopsy", what="biopsies")
    return {name: biopsy for name, (biopsy, _) in table.items()}
