"""A drawing of what a training changed, image by image."""

from __future__ import annotations

from typing import Final

from napari_slitseg.core.metrics.paired import PairedComparison
from napari_slitseg.core.metrics.verdict import Verdict
from napari_slitseg.pipelines.verdict_svg import document, safe, words

_WIDTH: Final = 640
_TOP: Final = 60
_HEIGHT: Final = 300
_LEFT: Final = 120
_RIGHT: Final = 300
_NAMES_FROM: Final = 314
_LINE: Final = 13
_LEGEND_PX: Final = 26
_COLOURS: Final = {1: "#0072B2", 0: "#888888", -1: "#D55E00"}
_WORDS: Final = {1: "better", 0: "equal", -1: "worse"}


def draw_slopes(verdict: Verdict) -> str:
    """Return an SVG in which a line for each image goes from the old F1 to the new one.

    The thick line is of all images together.
    """
    old, new = verdict.old.scores, verdict.new.scores
    names = sorted(new, key=lambda name: -new[name].f1)
    heights = _apart([_y(new[name].f1) for name in names])
    lines = [
        _slope(name, old[name].f1, new[name].f1, at)
        for name, at in zip(names, heights, strict=True)
    ]
    bottom = max(_TOP + _HEIGHT, *heights)
    parts = [*_heading(verdict.f1), *_axis(), *lines, _pooled(verdict.f1), _legend(bottom)]
    return document(parts, _WIDTH, bottom + 2 * _LEGEND_PX)


def _y(f1: float) -> float:
    return _TOP + (1 - f1) * _HEIGHT


def _apart(heights: list[float]) -> list[float]:
    """Move labels, given from the top down, so that none covers another."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + _LINE) if placed else height)
    return placed


def _heading(found: PairedComparison) -> list[str]:
    return [
        words(16, 24, "F1 of each image, old and new model", size=14, weight="bold"),
        words(_LEFT, 48, f"old {found.first:.2f}", size=12, anchor="middle"),
        words(_RIGHT, 48, f"new {found.second:.2f}", size=12, anchor="middle"),
    ]


def _axis() -> list[str]:
    parts = []
    for value in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        y = _y(value)
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{_RIGHT}" stroke="#DDDDDD"/>')
        parts.append(words(_LEFT - 12, y + 4, f"{value:.1f}", anchor="end"))
    return parts


def _slope(name: str, before: float, after: float, label_y: float) -> str:
    colour = _COLOURS[(after > before) - (after < before)]
    return (
        f"<g><title>{safe(name)}: {before:.3f} to {after:.3f}</title>"
        f'<path d="M{_LEFT} {_y(before):.1f}L{_RIGHT} {_y(after):.1f}" stroke="{colour}"/>'
        f'<circle cx="{_LEFT}" cy="{_y(before):.1f}" r="3" fill="{colour}"/>'
        f'<circle cx="{_RIGHT}" cy="{_y(after):.1f}" r="3" fill="{colour}"/>'
        f"{words(_NAMES_FROM, label_y + 4, name, fill=colour)}</g>"
    )


def _pooled(found: PairedComparison) -> str:
    path = f"M{_LEFT} {_y(found.first):.1f}L{_RIGHT} {_y(found.second):.1f}"
    return f'<path d="{path}" stroke="black" stroke-width="4" stroke-opacity="0.7"/>'


def _legend(bottom: float) -> str:
    kinds = ", ".join(
        f'<tspan fill="{_COLOURS[sign]}">{word}</tspan>' for sign, word in _WORDS.items()
    )
    y = bottom + _LEGEND_PX
    return f'<text x="16" y="{y:.0f}" font-size="11">{kinds}; black: all images together</text>'
