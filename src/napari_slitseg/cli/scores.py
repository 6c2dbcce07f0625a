"""Results of evaluations on the output stream."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from napari_slitseg.cli.tables import make_console
from napari_slitseg.cli.view import printable
from napari_slitseg.core.metrics.columns import COLUMNS

if TYPE_CHECKING:
    from napari_slitseg.core.metrics import ImageScores, PooledScores
    from napari_slitseg.core.metrics.result import EvaluationResult

_CAPTION: Final = "Pooled: precision, recall and F1 of all counts together"
_POOLING: Final = {
    "Chamfer": "Chamfer distance as the mean over images",
    "Offset": "offset as the mean over pairs",
}
_FIGURES: Final = (
    ("n_annotated", 0, 5),
    ("n_predicted", 0, 5),
    ("true_positive", 0, 2),
    ("false_positive", 0, 2),
    ("missed", 0, 2),
    ("precision", 3, 7),
    ("recall", 3, 7),
    ("f1", 3, 9),
)
"""Name, decimals, and rank of a column."""

_NAME_AT_LEAST: Final = 16
_MEMBRANE: Final = "membrane_"


@dataclass(frozen=True)
class Column:
    """A column of a table that may be left out where it does not fit.

    Attributes
    ----------
    title : str
    value : callable
        Text of an image's scores, or of the pool.
    rank : int
        Columns of a lower rank are left out first.
    """

    title: str
    value: Callable[[Any], str]
    rank: int = 0


def print_evaluation(result: EvaluationResult) -> None:
    """Print one row an image, all images pooled, and how sure that is."""
    pooled = result.pooled
    if pooled is None:
        return
    console = make_console()
    unit = "px" if pooled.tolerance_nm is None else "nm"
    tolerance = pooled.tolerance_px if unit == "px" else pooled.tolerance_nm
    rows = [(image.name, image.scores) for image in result.images]
    title = f"Slits found within {tolerance:g} {unit}"
    left_out = print_table(console, title, rows, ("pooled", pooled), _columns(unit))
    lines = [*left_out, *pooled_lines(result)]
    console.print("\n".join(lines), markup=False, highlight=False)


def print_table(
    console: Console,
    title: str,
    rows: Sequence[tuple[str, ImageScores]],
    last: tuple[str, PooledScores],
    columns: Sequence[Column],
) -> list[str]:
    """Print a table with the columns that fit; say which others there are."""
    items = [item for _, item in (*rows, last)]
    longest = max(len(name) for name, _ in (*rows, last))
    room = console.width - max(_NAME_AT_LEAST, min(longest, console.width // 3)) - 4
    shown = fitting(columns, items, room)
    titles = {column.title.partition(" ")[0] for column in shown}
    caption = "; ".join([_CAPTION, *(text for key, text in _POOLING.items() if key in titles)])
    grid = Table(title=title, caption=f"{caption}.", title_justify="left", caption_justify="left")
    grid.add_column(COLUMNS["image"].title, overflow="fold")
    for column in shown:
        grid.add_column(column.title, justify="right", no_wrap=True)
    for name, item in rows:
        grid.add_row(Text(printable(name, sys.stdout)), *(column.value(item) for column in shown))
    grid.add_section()
    grid.add_row(Text(last[0]), *(column.value(last[1]) for column in shown), style="bold")
    console.print(grid)
    return left_out_lines(columns, shown)


def fitting(columns: Sequence[Column], items: Sequence[Any], room: int) -> list[Column]:
    """Return the columns that fit into so many characters, in order; low ranks go first."""
    width = {
        column.title: max(len(column.title), *(len(column.value(item)) for item in items)) + 3
        for column in columns
    }
    shown = list(columns)
    while len(shown) > 1 and sum(width[column.title] for column in shown) > room:
        lowest = min(column.rank for column in shown)
        shown.remove([column for column in shown if column.rank == lowest][-1])
    return shown


def pooled_lines(result: EvaluationResult) -> list[str]:
    """Say the figures of all images together in words, with their intervals."""
    from napari_slitseg.core.metrics.result import describe

    f1 = result.figure("f1")
    lines = [f"F1 {describe(f1)}"]
    for name in ("precision", "recall"):
        lines.append(f"{name} {describe(result.figure(name))}")
    if f1.note:
        lines.append(f1.note)
    lines += _count_lines(result)
    lines += _membrane_lines(result)
    return [*lines, *_curve_lines(result)]


def _count_lines(result: EvaluationResult) -> list[str]:
    agreement, pooled = result.agreement[0], result.pooled
    if pooled is None:
        return []
    ratio = f"{pooled.n_predicted} slits found where {pooled.n_annotated} are annotated"
    if math.isnan(agreement.lower_limit):
        return [f"{ratio}."]
    return [
        f"{ratio}; per image {agreement.bias:+.1f} (limits of agreement "
        f"{agreement.lower_limit:+.1f} to {agreement.upper_limit:+.1f})."
    ]


def _membrane_lines(result: EvaluationResult) -> list[str]:
    n = sum(f"{_MEMBRANE}dice" in image.further for image in result.pool)
    if not n:
        return []
    return [
        f"membrane, mean over {n} image{'' if n == 1 else 's'}: {_membrane(result, _MEMBRANE)}",
        f"membrane, all their pixels together: {_membrane(result, f'pooled_{_MEMBRANE}')}",
    ]


def _membrane(result: EvaluationResult, start: str) -> str:
    return ", ".join(
        f"{each.title.removeprefix('Membrane ')} {number(each.interval.value, 2)}"
        for each in result.summary
        if each.figure.startswith(start)
    )


def _curve_lines(result: EvaluationResult) -> list[str]:
    if result.curve is None:
        return []
    curve, threshold = result.curve, result.provenance.threshold
    best, area = curve.points.best(), curve.points.average_precision()
    least = "" if curve.is_whole else f"at least (no slits below {curve.covers_from:.2g} known) "
    used = "" if threshold is None else f"; the figures above are at {threshold:.4g}"
    lines = [] if math.isnan(area) else [f"average precision {least}{area:.2f}"]
    return [
        *lines,
        f"best threshold {best.threshold:.4g}, F1 {best.f1:.2f}{used}. Chosen on these images, it "
        "flatters them: judge it on others.",
    ]


def left_out_lines(columns: Sequence[Column], shown: Sequence[Column]) -> list[str]:
    """Say which columns found no room, and where they are."""
    titles = [column.title for column in columns if column not in shown]
    if not titles:
        return []
    return [
        f"No room for {', '.join(titles)}: widen the terminal, or see --out FILE.csv or --json."
    ]


def _columns(unit: str) -> list[Column]:
    values = {name: (_plain(name, digits), rank) for name, digits, rank in _FIGURES}
    values[f"chamfer_{unit}"] = _length("chamfer", "mean_image_chamfer", unit), 1
    values[f"localisation_{unit}"] = _length("localisation", "localisation", unit), 3
    return [Column(COLUMNS[name].title, value, rank) for name, (value, rank) in values.items()]


def _plain(name: str, digits: int) -> Callable[[Any], str]:
    return lambda scores: number(getattr(scores, name), digits)


def _length(name: str, pooled: str, unit: str) -> Callable[[Any], str]:
    def text(scores: Any) -> str:
        own = f"{pooled}_{unit}" if hasattr(scores, "n_images") else f"{name}_{unit}"
        return number(getattr(scores, own), 1)

    return text


def number(value: float | None, digits: int) -> str:
    """Write a number; "-" where there is none."""
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"
