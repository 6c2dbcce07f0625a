"""Rows of a table of samples; part of `samples`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from napari_slitseg.core.morphometry.sample import Sample

_TELLING: Final = ("biopsy", "glomerulus", "group")
_OF_OTHER_TABLES: Final = ("pixel_size_nm",)


class SamplesError(ValueError):
    """Samples cannot be read; the message tells the person why, and what to do."""


@dataclass(frozen=True)
class SampleRow:
    """One row: an image in lower case with "/", its sample, and the number of the line."""

    image: str
    sample: Sample
    line: int


def read_rows(path: Path) -> list[SampleRow]:
    """Read the rows that name an image.

    Raises
    ------
    SamplesError
        If it is no table of samples.
    """
    text = _text(path)
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise SamplesError(f"The table of samples {path} cannot be read: {error}.") from error
    header = [name.casefold() for name in lines[0][1]] if lines else []
    _check_header(header, path)
    rows = [_row(header, cells, line) for line, cells in lines[1:]]
    named = [row for row in rows if row.image]
    if not named:
        raise SamplesError(f"The table of samples {path} names no image: write a row for each.")
    return named


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SamplesError(
            f"The table of samples {path} cannot be read: {error.strerror}."
        ) from error
    except UnicodeDecodeError as error:
        raise SamplesError(
            f"The table of samples {path} is no text in UTF-8. If it comes from a spreadsheet, "
            "save it there as 'CSV UTF-8'."
        ) from error


def _check_header(header: Sequence[str], path: Path) -> None:
    example = "its first line should be image,biopsy,glomerulus,group"
    if "image" not in header:
        raise SamplesError(f"The table of samples {path} lacks the column image: {example}.")
    if not set(_TELLING) & set(header):
        raise SamplesError(f"The table of samples {path} tells nothing of its images: {example}.")
    known = ("image", *_TELLING, *_OF_OTHER_TABLES, "")
    if unknown := [name for name in header if name not in known]:
        raise SamplesError(
            f"In the table of samples {path} the columns {', '.join(unknown)} mean nothing: "
            "there can be image, biopsy, glomerulus and group. Rename them or take them away."
        )
    if twice := sorted({name for name in header if name and header.count(name) > 1}):
        raise SamplesError(f"The table of samples {path} has two columns {', '.join(twice)}.")


def _row(header: Sequence[str], cells: Sequence[str], line: int) -> SampleRow:
    row = dict(zip(header, cells, strict=False))
    sample = Sample(**{name: row.get(name, "") for name in _TELLING})
    return SampleRow(row.get("image", "").replace("\\", "/").casefold(), sample, line)
