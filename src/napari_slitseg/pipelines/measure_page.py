"""A report to read and to print: one HTML page, or a PDF, with figures for a paper."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

from napari_slitseg.core.atomic import open_atomically
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.measure_result import MeasureResult
from napari_slitseg.pipelines.measure_rollups import rollup_of
from napari_slitseg.pipelines.outputs import write_text, writing

PAGE_SUFFIXES: Final = (".html", ".pdf")
"""Endings of report pages."""

_MARK: Final = "napari-slitseg measure page"
_SUM: Final = "<!-- sha256 {} -->\n"
_LENGTH_OF_SUM: Final = len(_SUM.format("0" * 64))


def write_measure_page(path: Path, result: MeasureResult) -> None:
    """Write a report page, as a whole or not at all.

    The HTML page holds everything in itself: no script, nothing from the network, figures whose
    text can be searched. matplotlib is loaded now.

    Parameters
    ----------
    path : Path
        With one of `PAGE_SUFFIXES`. A file there is replaced; `is_measure_page` tells whether it
        is one of these.
    result : MeasureResult
        Its roll-up is made anew where it has none.

    Raises
    ------
    JobError
        If the ending is another one.
    OutputError
        If it cannot be written; an earlier file is untouched.
    """
    kind = path.suffix.lower()
    if kind not in PAGE_SUFFIXES:
        raise JobError(f"{path.name} should end in {' or '.join(PAGE_SUFFIXES)}.")
    if kind == ".html":
        _write_html(path, result)
    else:
        _write_pdf(path, result)


def is_measure_page(path: Path) -> bool:
    """Whether a file is a page of measures that nobody has changed since."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    if _MARK.encode() not in content:
        return False
    if content.startswith(b"%PDF"):
        return content.count(b"%%EOF") == 1 and b"/Producer (Matplotlib" in content
    page, end = content[:-_LENGTH_OF_SUM], content[-_LENGTH_OF_SUM:]
    return end == _sum_of(page)


def _write_html(path: Path, result: MeasureResult) -> None:
    from napari_slitseg.pipelines.measure_page_html import html_page

    page = html_page(result, rollup_of(result))
    write_text(path, page + _sum_of(page.encode()).decode())


def _sum_of(page: bytes) -> bytes:
    """Return the last line of a page, by which a change is noticed."""
    return _SUM.format(sha256(page).hexdigest()).encode()


def _write_pdf(path: Path, result: MeasureResult) -> None:
    from napari_slitseg.pipelines.measure_page_pdf import write_pdf

    with writing(path), open_atomically(path) as file:
        write_pdf(file, result, rollup_of(result))
