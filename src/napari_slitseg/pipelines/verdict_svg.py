"""Small drawings as SVG, for pages that are read without this program."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def document(parts: Sequence[str], width: float, height: float) -> str:
    """Return a whole SVG file with a white ground."""
    box = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-family="sans-serif">'
    ground = f'<rect width="{width:.0f}" height="{height:.0f}" fill="white"/>'
    return "\n".join([head, ground, *parts, "</svg>", ""])


def words(
    x: float,
    y: float,
    text: str,
    *,
    size: int = 11,
    anchor: str = "start",
    fill: str = "#222222",
    weight: str = "normal",
) -> str:
    """Return a line of text whose base line is at y."""
    style = f'font-size="{size}" text-anchor="{anchor}" fill="{fill}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{safe(text)}</text>'


def safe(text: str) -> str:
    """Return a text as XML holds it; what cannot be printed becomes "?"."""
    plain = text.encode("utf-8", "replace").decode()
    return escape("".join(letter if letter.isprintable() else "?" for letter in plain))
