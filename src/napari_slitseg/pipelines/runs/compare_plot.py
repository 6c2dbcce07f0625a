"""Curves of several runs, or all losses of one, in one drawing."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from napari_slitseg.pipelines.runs.compare import NOT_COMPARABLE, RunsComparison
from napari_slitseg.pipelines.runs.compare_account import RunAccount
from napari_slitseg.pipelines.runs.compare_curves import Curve
from napari_slitseg.pipelines.runs.compare_losses import GRADIENT
from napari_slitseg.pipelines.verdict_svg import document, words

COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

_PANELS: Final = (
    ("scores", "f1", "F1, validation"),
    ("scores", "chamfer_nm", "Chamfer distance, nm, validation"),
    ("scores", "count_ratio", "Slits found / annotated, validation"),
    ("train", "total", "Training loss, min-max *"),
    ("validation", "total", "Validation loss, min-max *"),
    ("validation", "slit", "Validation loss of slits, min-max *"),
)
_COLUMNS: Final = 3
_WIDTH: Final = 300
_HEIGHT: Final = 190
_LEFT: Final = 48
_RIGHT: Final = 12
_TOP: Final = 28
_BOTTOM: Final = 34
_LINE: Final = 16
_NOTE_LETTERS: Final = 140
_ORDER: Final = "The third panel has the colours of F1, Chamfer distance and point loss, in order."


@dataclass(frozen=True)
class _Line:
    colour: str
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True)
class _Range:
    """Where values lie on the page."""

    x: tuple[float, float]
    y: tuple[float, float]

    def place(self, x: float, y: float) -> tuple[float, float]:
        inner_x, inner_y = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        across = (x - self.x[0]) / ((self.x[1] - self.x[0]) or 1)
        up = (y - self.y[0]) / ((self.y[1] - self.y[0]) or 1)
        return _LEFT + across * inner_x, _TOP + (1 - up) * inner_y


def draw_curves(comparison: RunsComparison) -> str:
    """Return an SVG with the curves of all runs by epoch: scores as they are, losses min-max."""
    runs = list(enumerate(comparison.runs))
    panels = []
    for group, name, title in _PANELS:
        found = [(number, run.curve(group, name)) for number, run in runs]
        panels.append(_panel(title, [_line(i, curve) for i, curve in found if curve]))
    return _page(panels, [run.name for run in comparison.runs], NOT_COMPARABLE)


def draw_losses(run: RunAccount) -> str:
    """Return an SVG with values and gradients of all losses of one run, trained with or noted."""
    losses, scores = [each.name for each in run.losses], ("f1", "chamfer_nm", "point_loss")
    kinds = {
        "Value, min-max *": [
            run.curve("tracked", name) or run.curve("validation", name) for name in losses
        ],
        "Length of the gradient, min-max *": [
            run.curve("tracked", f"{name}{GRADIENT}") for name in losses
        ],
        "F1, Chamfer distance, point loss, min-max *": [
            run.curve("scores", name) for name in scores
        ],
    }
    panels = [
        _panel(title, [_line(i, curve, is_scaled=True) for i, curve in enumerate(curves) if curve])
        for title, curves in kinds.items()
    ]
    return _page(panels, losses, f"{_ORDER} {NOT_COMPARABLE}")


def _page(panels: Sequence[str], names: Sequence[str], note: str) -> str:
    """Put panels in rows, with the names of their lines and a note below."""
    placed = [
        f'<g transform="translate({_WIDTH * (i % _COLUMNS)} {_HEIGHT * (i // _COLUMNS)})">'
        f"{panel}</g>"
        for i, panel in enumerate(panels)
    ]
    bottom = _HEIGHT * math.ceil(len(panels) / _COLUMNS)
    legend = [
        words(16, bottom + _LINE * (i + 1), name, fill=COLOURS[i % len(COLOURS)], weight="bold")
        for i, name in enumerate(names)
    ]
    notes = textwrap.wrap(f"* {note}", _NOTE_LETTERS)
    below = bottom + _LINE * (len(legend) + 2)
    said = [words(16, below + _LINE * i, text, size=10) for i, text in enumerate(notes)]
    return document([*placed, *legend, *said], _WIDTH * _COLUMNS, below + _LINE * (len(notes) + 1))


def _line(number: int, curve: Curve, *, is_scaled: bool = False) -> _Line:
    values = curve.min_max if curve.is_loss or is_scaled else curve.values
    return _Line(COLOURS[number % len(COLOURS)], curve.epochs, values)


def _panel(title: str, lines: Sequence[_Line]) -> str:
    drawn = [words(_LEFT, _TOP - 10, title, size=12, weight="bold")]
    found = _range(lines)
    if found is None:
        return "".join([*drawn, words(_LEFT, _HEIGHT / 2, "no values", fill="#888888")])
    return "".join([*drawn, *_axes(found), *(_path(line, found) for line in lines)])


def _range(lines: Sequence[_Line]) -> _Range | None:
    points = [
        (x, y) for line in lines for x, y in zip(line.x, line.y, strict=True) if math.isfinite(y)
    ]
    if not points:
        return None
    x, y = zip(*points, strict=True)
    return _Range((min(x), max(x)), (min(y), max(y)))


def _axes(of: _Range) -> list[str]:
    left, top = of.place(of.x[0], of.y[1])
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    return [
        f'<path d="M{left} {top}V{bottom}H{right}" stroke="#888888" fill="none"/>',
        words(left - 4, bottom, f"{of.y[0]:.3g}", size=10, anchor="end"),
        words(left - 4, top + 8, f"{of.y[1]:.3g}", size=10, anchor="end"),
        words(left, bottom + 14, f"{of.x[0]:g}", size=10),
        words(right, bottom + 14, f"epoch {of.x[1]:g}", size=10, anchor="end"),
    ]


def _path(line: _Line, of: _Range) -> str:
    """Draw a curve with a gap where a value is missing, and a dot at each value."""
    steps, dots, is_open = [], [], False
    for x, y in zip(line.x, line.y, strict=True):
        if not math.isfinite(y):
            is_open = False
            continue
        at = of.place(x, y)
        steps.append(f"{'L' if is_open else 'M'}{at[0]:.1f} {at[1]:.1f}")
        dots.append(f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="1.5" fill="{line.colour}"/>')
        is_open = True
    path = f'<path d="{"".join(steps)}" stroke="{line.colour}" stroke-width="1.5" fill="none"/>'
    return path + "".join(dots)
