"""A report to read and to print: one HTML page, or a PDF, with figures for a paper."""

from __future__ import annotations

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
_LOOKED_AT: Final = 2**16


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
    """Whether a file is a page of measures, as its first or last bytes tell."""
    try:
        with open(path, "rb") as file:
            start = file.read(_LOOKED_AT)
            file.seek(max(0, path.stat().st_size - _LOOKED_AT))
            end = file.read()
    except OSError:
        return False
    return _MARK.encode() in start + end


def _write_html(path: Path, result: MeasureResult) -> None:
    from napari_slitseg.pipelines.measure_page_html import html_page

    write_text(path, html_page(result, rollup_of(result)))


def _write_pdf(path: Path, result: MeasureResult) -> None:
    from napari_slitseg.pipelines.measure_page_pdf import write_pdf

    with writing(path), open_atomically(path) as file:
        write_pdf(file, result, rollup_of(result))
