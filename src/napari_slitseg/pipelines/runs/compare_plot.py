"""Curves of several runs in one drawing."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from napari_slitseg.pipelines.runs.compare import NOT_COMPARABLE, RunsComparison
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
    panels = [_panel(comparison, *each) for each in _PANELS]
    placed = [_placed(each, *divmod(i, _COLUMNS)) for i, each in enumerate(panels)]
    bottom = _HEIGHT * math.ceil(len(panels) / _COLUMNS)
    legend = [
        words(16, bottom + _LINE * (i + 1), run.name, fill=COLOURS[i % len(COLOURS)], weight="bold")
        for i, run in enumerate(comparison.runs)
    ]
    notes = textwrap.wrap(f"* {NOT_COMPARABLE}", _NOTE_LETTERS)
    below = bottom + _LINE * (len(legend) + 2)
    said = [words(16, below + _LINE * i, text, size=10) for i, text in enumerate(notes)]
    return document([*placed, *legend, *said], _WIDTH * _COLUMNS, below + _LINE * (len(notes) + 1))


def _placed(panel: str, row: int, column: int) -> str:
    return f'<g transform="translate({_WIDTH * column} {_HEIGHT * row})">{panel}</g>'


def _panel(comparison: RunsComparison, group: str, name: str, title: str) -> str:
    lines = []
    for number, run in enumerate(comparison.runs):
        curve = run.curve(group, name)
        if curve is not None:
            values = curve.min_max if curve.is_loss else curve.values
            lines.append(_Line(COLOURS[number % len(COLOURS)], curve.epochs, values))
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
