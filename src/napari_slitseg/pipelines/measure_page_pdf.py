"""A report as PDF; part of `measure_page`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from napari_slitseg.core.morphometry import Rollup
from napari_slitseg.pipelines.measure_figures import ReportFigure, report_figures
from napari_slitseg.pipelines.measure_figures_style import WIDTH_IN, drawing
from napari_slitseg.pipelines.measure_page_pdf_tables import write_table
from napari_slitseg.pipelines.measure_page_tables import page_tables
from napari_slitseg.pipelines.measure_page_text import printable
from napari_slitseg.pipelines.measure_page_words import TITLE, first_words
from napari_slitseg.pipelines.measure_result import MeasureResult

CREATOR: Final = "napari-slitseg measure page"
"""What tells our files from others."""

_PAGE_IN: Final = (8.27, 11.69)
_LINES: Final = 62
_WIDE: Final = 108
_CAPTION_IN: Final = 1.2


def write_pdf(file: BinaryIO, result: MeasureResult, rolled: Rollup) -> None:
    """Write the report into a file: words, figures, tables, methods."""
    with drawing(), PdfPages(file, metadata={"Title": TITLE, "Creator": CREATOR}) as opened:
        pages: Any = opened
        _write_text(pages, list(_words(result, rolled)))
        for number, figure in enumerate(report_figures(result, rolled), start=1):
            pages.savefig(_figure_page(figure, number))
        for table in page_tables(result, rolled):
            write_table(pages, table)
        if result.methods:
            _write_text(pages, ["# Methods, to copy", *_wrapped(result.methods)])


def _words(result: MeasureResult, rolled: Rollup) -> Iterator[str]:
    yield f"# {TITLE}"
    for paragraphs in first_words(result, rolled):
        yield ""
        if paragraphs.title:
            yield f"# {paragraphs.title}"
        for text in paragraphs.texts:
            yield from _wrapped(text)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(printable(text), _WIDE) or [""]


def _write_text(pages: Any, lines: Sequence[str]) -> None:
    """Write lines, page by page; those that begin with "# " are headings."""
    for at in range(0, len(lines), _LINES):
        figure = Figure(figsize=_PAGE_IN)
        for down, line in enumerate(lines[at : at + _LINES]):
            is_heading = line.startswith("# ")
            figure.text(
                0.07,
                0.95 - 0.9 * down / _LINES,
                line.removeprefix("# "),
                fontsize=11 if is_heading else 9,
                fontweight="bold" if is_heading else "normal",
                va="top",
            )
        pages.savefig(figure)


def _figure_page(report_figure: ReportFigure, number: int) -> Figure:
    """Draw a figure with its caption below it, on a page of its own size."""
    figure = report_figure.draw()
    caption = f"Figure {number}. {report_figure.title}. {report_figure.caption}"
    height = float(figure.get_figheight())
    whole = height + _CAPTION_IN
    figure.set_figheight(whole)
    figure.set_layout_engine("constrained", rect=(0, _CAPTION_IN / whole, 1, height / whole))
    lines = "\n".join(textwrap.wrap(caption, round(17 * WIDTH_IN)))
    figure.text(0.02, (_CAPTION_IN - 0.05) / whole, lines, fontsize=7.5, va="top")
    return figure
