"""A report as one HTML page without scripts; part of `measure_page`."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from html import escape
from string import Template
from typing import Final

from napari_slitseg.core.morphometry import Rollup
from napari_slitseg.pipelines.measure_figures import ReportFigure, report_figures
from napari_slitseg.pipelines.measure_figures_style import drawing
from napari_slitseg.pipelines.measure_page_table import PageTable
from napari_slitseg.pipelines.measure_page_tables import page_tables
from napari_slitseg.pipelines.measure_page_text import printable
from napari_slitseg.pipelines.measure_page_words import TITLE, Paragraphs, first_words
from napari_slitseg.pipelines.measure_result import MeasureResult

GENERATOR: Final = "napari-slitseg measure page"
"""What tells our pages from others."""

_STYLE: Final = """
body { font: 15px/1.5 "Segoe UI", Helvetica, Arial, sans-serif; color: #1b1b1b; background: #fff;
  max-width: 66rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin-bottom: .2rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
p { max-width: 48rem; overflow-wrap: anywhere; }
figure { margin: 1.5rem 0; break-inside: avoid; } figure svg { width: 100%; height: auto; }
figcaption, .note { font-size: .86rem; color: #444; max-width: 48rem; }
.table { overflow-x: auto; } .tables .note { max-width: none; font-size: .75rem; }
table { border-collapse: collapse; font-size: .72rem; line-height: 1.35; margin: .5rem 0; }
th, td { padding: .15rem .4rem; text-align: right; border-bottom: 1px solid #ddd;
  vertical-align: top; }
.many { font-size: .66rem; } .many th, .many td { padding: .15rem .28rem; }
td { white-space: nowrap; } th { border-bottom: 2px solid #666; vertical-align: bottom; }
td.name { white-space: normal; overflow-wrap: anywhere; min-width: 3.4rem; }
.name { text-align: left; } .note { break-inside: avoid; }
th[title] { text-decoration: underline dotted #999; text-underline-offset: .2em; }
tr { break-inside: avoid; } thead { display: table-header-group; }
pre { white-space: pre-wrap; background: #f5f5f5; border: 1px solid #ccc; padding: .8rem;
  font: inherit; font-size: .9rem; user-select: all; overflow-wrap: anywhere; }
summary { cursor: pointer; font-weight: 600; }
@media print { body { max-width: none; margin: 0; font-size: 10pt; } .table { overflow: visible; }
  .tables { page: wide; } table { font-size: 7.5pt; } th, td { padding: .1rem .25rem; }
  h2 { break-after: avoid; } th[title] { text-decoration: none; } }
@page { size: A4; margin: 15mm; }
@page wide { size: A4 landscape; margin: 12mm; }
"""
_PAGE: Final = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="$generator">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body>
<h1>$title</h1>
$body
</body>
</html>
""")
_METADATA: Final = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_LONG: Final = 30
_MANY: Final = 13
_NEW_LINE: Final = "\n"


def html_page(result: MeasureResult, rolled: Rollup) -> str:
    """Return the page as text; everything in it that a person named is escaped."""
    body = "\n".join(_body(result, rolled))
    return _PAGE.substitute(
        generator=GENERATOR, title=escape(TITLE), style=_STYLE, body=printable(body)
    )


def figure_svg(figure: ReportFigure) -> str:
    """Return a figure as an SVG element whose text stays text, with names (ids) of its own."""
    file = io.StringIO()
    with drawing():
        figure.draw().savefig(file, format="svg", metadata=_METADATA)
    text = file.getvalue()
    return _own_names(text[text.index("<svg") :], figure.name)


def _body(result: MeasureResult, rolled: Rollup) -> Iterator[str]:
    for paragraphs in first_words(result, rolled):
        yield from _paragraphs(paragraphs)
    for number, figure in enumerate(report_figures(result, rolled), start=1):
        yield from _figure(figure, number)
    yield '<div class="tables">'
    for table in page_tables(result, rolled):
        yield from _table(table)
    yield "</div>"
    if result.methods:
        yield "<h2>Methods, to copy</h2>"
        yield f"<pre>{escape(result.methods)}</pre>"


def _paragraphs(paragraphs: Paragraphs) -> Iterator[str]:
    if paragraphs.title:
        yield f"<h2>{escape(paragraphs.title)}</h2>"
    for text in paragraphs.texts:
        yield f"<p>{escape(text)}</p>"


def _figure(figure: ReportFigure, number: int) -> Iterator[str]:
    yield f'<figure role="group" aria-label="{escape(figure.title)}">'
    yield figure_svg(figure)
    yield (
        f"<figcaption><b>Figure {number}. {escape(figure.title)}.</b> "
        f"{escape(figure.caption)}</figcaption>"
    )
    yield "</figure>"


def _table(table: PageTable) -> Iterator[str]:
    folds = table.is_long and len(table.rows) > _LONG
    yield f"<h2>{escape(table.title)}</h2>"
    if folds:
        yield f"<details><summary>{len(table.rows)} rows</summary>"
    many = ' class="many"' if len(table.columns) > _MANY else ""
    yield f'<div class="table"><table{many}>'
    yield f"<thead><tr>{_headings(table)}</tr></thead>"
    yield "<tbody>"
    for row in table.rows:
        yield f"<tr>{_cells(row, table)}</tr>"
    yield "</tbody></table></div>"
    if folds:
        yield "</details>"
    if table.legend:
        yield f'<p class="note">{escape(table.legend)}</p>'


def _headings(table: PageTable) -> str:
    titles = (table.full.get(name, "") for name in table.columns)
    shown = (f' title="{escape(title)}"' if title else "" for title in titles)
    return "".join(
        f"<th{_left(at, table)}{title}>{escape(name)}</th>"
        for at, (name, title) in enumerate(zip(table.columns, shown, strict=True))
    )


def _cells(cells: Sequence[str], table: PageTable) -> str:
    return "".join(
        f"<td{_left(at, table)}>{escape(cell).replace(_NEW_LINE, '<br>')}</td>"
        for at, cell in enumerate(cells)
    )


def _left(at: int, table: PageTable) -> str:
    return ' class="name"' if table.is_text(at) else ""


def _own_names(svg: str, prefix: str) -> str:
    """Put a prefix before every id, so that figures on one page do not mix theirs."""
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    svg = re.sub(r"url\(#", f"url(#{prefix}-", svg)
    return re.sub(r'href="#', f'href="#{prefix}-', svg)
