"""Comparisons on the output stream."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from napari_slitseg.cli.scores import Column, fitting, left_out_lines, number
from napari_slitseg.cli.tables import make_console
from napari_slitseg.cli.view import printable

if TYPE_CHECKING:
    from napari_slitseg.core.metrics.comparison import Comparison
    from napari_slitseg.core.metrics.paired import PairedComparison

_FIGURE_AT_LEAST: Final = 24


def print_comparison(comparison: Comparison) -> None:
    """Print one row a figure, then what F1 shows in a sentence."""
    console = make_console()
    first, second = (printable(name, sys.stdout) for name in comparison.names)
    n = comparison.figures[0].difference.n_images
    columns = _columns()
    room = console.width - min(_FIGURE_AT_LEAST, console.width // 3) - 4
    shown = fitting(columns, comparison.figures, room)
    grid = Table(
        title=Text(f"old: {first}\nnew: {second}\non the same {n} images"),
        caption="Intervals by resampling the same images, or biopsies, for both; better, equal and "
        "worse count images; P by swapping results between old and new, and by Wilcoxon's test. "
        "Vanilla: Chamfer, with the image diagonal where exactly one side has no slits.",
        title_justify="left",
        caption_justify="left",
    )
    grid.add_column("figure", overflow="fold")
    for column in shown:
        grid.add_column(column.title, justify="right", no_wrap=True)
    for figure in comparison.figures:
        grid.add_row(_title(figure), *(column.value(figure) for column in shown))
    console.print(grid)
    note = comparison.figures[0].difference.note
    text = printable(comparison.verdict, sys.stdout)
    lines = [*left_out_lines(columns, shown), text, note]
    console.print("\n".join(filter(None, lines)), markup=False, highlight=False)


def _columns() -> list[Column]:
    return [
        Column("old", lambda c: number(c.first, _digits(c)), 8),
        Column("new", lambda c: number(c.second, _digits(c)), 8),
        Column("difference", _difference, 7),
        Column("interval", _interval, 6),
        Column("better", lambda c: _wins(c, c.n_better), 4),
        Column("equal", lambda c: str(c.n_equal), 2),
        Column("worse", lambda c: _wins(c, c.n_worse), 4),
        Column("P swap", lambda c: number(c.swap_p, 3), 3),
        Column("P Wilcoxon", lambda c: number(c.wilcoxon_p, 3), 1),
    ]


def _title(found: PairedComparison) -> str:
    from napari_slitseg.core.metrics.figures import FIGURES

    figure = FIGURES[found.figure]
    return f"{figure.title}, {figure.pooling}"


def _wins(found: PairedComparison, n: int) -> str:
    from napari_slitseg.core.metrics.figures import FIGURES

    return "-" if FIGURES[found.figure].higher_is_better is None else str(n)


def _digits(found: PairedComparison) -> int:
    return 1 if found.figure.endswith(("_nm", "_px")) else 3


def _difference(found: PairedComparison) -> str:
    from napari_slitseg.core.metrics.comparison import signed

    return signed(found.difference.value, _digits(found))


def _interval(found: PairedComparison) -> str:
    from napari_slitseg.core.metrics.comparison import signed

    low, high = found.difference.low, found.difference.high
    if math.isnan(low):
        return "-"
    return f"{signed(low, _digits(found))} to {signed(high, _digits(found))}"
