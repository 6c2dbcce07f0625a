"""Tables on the output stream."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from napari_slitseg.cli.view import printable

if TYPE_CHECKING:
    from napari_slitseg.core.metrics import ImageScores, PooledScores
    from napari_slitseg.pipelines.doctor import Check
    from napari_slitseg.pipelines.evaluation import EvaluationTable

_WIDTH_ELSEWHERE: Final = 140
_STYLES: Final = {"ok": "green", "warn": "yellow", "fail": "bold red"}
_COUNTS: Final = ("annotated", "predicted", "right", "wrong", "missed")
_FRACTIONS: Final = ("precision", "recall", "F1")
_LENGTHS: Final = ("Chamfer", "localisation")


def print_evaluation(table: EvaluationTable) -> None:
    """Print one row an image and all images pooled."""
    pooled = table.pooled
    if pooled is None:
        return
    unit = "px" if pooled.tolerance_nm is None else "nm"
    tolerance = pooled.tolerance_px if unit == "px" else pooled.tolerance_nm
    title = f"Slits found within {tolerance:g} {unit}"
    grid = Table(title=title, caption=_CAPTION, title_justify="left", caption_justify="left")
    grid.add_column("image", overflow="fold")
    for name in (*_COUNTS, *_FRACTIONS, *(f"{length} ({unit})" for length in _LENGTHS)):
        grid.add_column(name, justify="right")
    for image in table.images:
        grid.add_row(
            Text(printable(image.path.name, sys.stdout)),
            *_cells(image.scores, *_lengths(image.scores, unit)),
        )
    grid.add_section()
    lengths = (
        getattr(pooled, f"mean_image_chamfer_{unit}"),
        getattr(pooled, f"localisation_{unit}"),
    )
    grid.add_row(Text("pooled"), *_cells(pooled, *lengths), style="bold")
    make_console().print(grid)


_CAPTION: Final = (
    "Pooled: precision, recall and F1 of all counts together; Chamfer distance as the mean over "
    "images; localisation as the mean over pairs."
)


def print_check(check: Check) -> None:
    """Print one line for a check, and one for its cure."""
    console = make_console()
    mark = Text(f"{check.status:<5}", style=_STYLES[check.status])
    console.print(mark + Text(f"{check.name}: {check.detail}"), soft_wrap=True, highlight=False)
    if check.cure and check.status != "ok":
        console.print(Text(f"     -> {check.cure}"), soft_wrap=True, highlight=False)


def say(text: str) -> None:
    """Write text to the output stream."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def make_console() -> Console:
    """Console of the output stream, wide where there is no terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=_WIDTH_ELSEWHERE)


def _lengths(scores: ImageScores, unit: str) -> Iterable[float | None]:
    return getattr(scores, f"chamfer_{unit}"), getattr(scores, f"localisation_{unit}")


def _cells(scores: ImageScores | PooledScores, *lengths: float | None) -> list[str]:
    totals = (scores.n_annotated, scores.n_predicted)
    counts = (*totals, scores.true_positive, scores.false_positive, scores.missed)
    fractions = (scores.precision, scores.recall, scores.f1)
    return [
        *map(str, counts),
        *(_number(value, 3) for value in fractions),
        *(_number(value, 1) for value in lengths),
    ]


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"
