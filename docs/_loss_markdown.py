"""Pieces of Markdown, as GitHub reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from napari_slitseg.core.spec import Spec
from napari_slitseg.core.spec_settings import Setting, brief, settings_of


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table."""
    body = [columns, ["---"] * len(columns), *rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in body]


def formula(latex: str) -> list[str]:
    """Return the lines of a formula; unlike dollar signs, a fence keeps every backslash."""
    return ["```math", latex, "```"]


def anchor(heading: str) -> str:
    """Return the name that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def link(heading: str, *, bold: bool = False) -> str:
    """Return a link to a heading of the same page."""
    plain = f"[{heading}](#{anchor(heading)})"
    return f"**{plain}**" if bold else plain


def folded(summary: str, lines: Sequence[str]) -> list[str]:
    """Return lines that show when the reader asks for them."""
    return ["<details>", f"<summary>{summary}</summary>", "", *lines, "", "</details>"]


def settings_table(spec: type[Spec]) -> list[str]:
    """Return the table of the settings of a spec, or a sentence where there are none."""
    rows = [_setting_row(each) for each in settings_of(spec)]
    if not rows:
        return ["It has no settings."]
    return table(["setting", "default", "unit", "limits", "what it does"], rows)


def presets_table(presets: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the table of named sets of values."""
    rows = [
        [f"`{name}`", ", ".join(f"`{key}` {code(value)}" for key, value in values.items())]
        for name, values in presets.items()
    ]
    return table(["preset", "changes"], rows)


def code(value: Any) -> str:
    """Return a value of a setting as a reader would type it."""
    if value is None:
        return "none"
    if isinstance(value, str):
        return f"`{value}`"
    return f"`{json.dumps(brief(value), ensure_ascii=False)}`"


def _setting_row(each: Setting) -> list[str]:
    limits = each.limits.replace(" | ", ", ").replace(">=", "≥").replace("<=", "≤")
    return [f"`{each.name}`", code(each.default), each.unit, limits, each.description]
