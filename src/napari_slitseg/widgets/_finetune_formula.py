"""Formulas as rich text: the little LaTeX that specs use, in letters and symbols."""

from __future__ import annotations

import re
from html import escape
from html.entities import html5
from typing import Final

_OWN: Final = {"quad": "&nbsp;&nbsp; ", "left": "", "right": "", "neq": html5["ne;"]}
_BETWEEN: Final = frozenset(
    {"times", "leftarrow", "nearrow", "searrow", "leq", "geq", "neq", "in"},
)
_PLAIN: Final = {r"\,": " ", r"\;": " ", r"\ ": " ", r"\|": "‖", r"\#": "#", "-": html5["minus;"]}
_GROUP: Final = r"\{((?:[^{}]|\{[^{}]*\})*)\}"
_WORDS: Final = re.compile(r"\\mathrm" + _GROUP)
_FRACTION: Final = re.compile(
    r"\\frac\s*" + _GROUP + r"\s*" + _GROUP + r"(?=\s*([\w(\[]|\\(?!right|\s|nearrow)|))"
)
_ROOT: Final = re.compile(r"\\sqrt\s*" + _GROUP)
_MEAN: Final = re.compile(r"\\overline\s*" + _GROUP)
_HAT: Final = re.compile(r"\\hat\s*(\w)")
_BRACES: Final = {r"\{": "\ue000", r"\}": "\ue001"}


def rich_formula(latex: str) -> str:
    """Return a formula as Qt's rich text.

    Parameters
    ----------
    latex : str
        Without dollar signs, as specs have it.
    """
    text = _HAT.sub("\\1\u0302", latex)
    for sign, stand_in in _BRACES.items():
        text = text.replace(sign, stand_in)
    text = _unfolded(text)
    for sign, plain in _PLAIN.items():
        text = text.replace(sign, plain)
    text = _raised(re.sub(r"\\([A-Za-z]+)", _sign, escape(text, quote=False)))
    text = text.replace("{", "").replace("}", "")
    for sign, stand_in in _BRACES.items():
        text = text.replace(stand_in, sign[1])
    return text


def _sign(found: re.Match[str]) -> str:
    name = found[1]
    sign = _OWN.get(name, html5.get(f"{name};", name))
    return f" {sign} " if name in _BETWEEN else sign


def _unfolded(text: str) -> str:
    """Write words, fractions, roots and means in one line, from the inside out."""
    before = ""
    while text != before:
        before = text
        text = _WORDS.sub(lambda found: f"{{{found[1]}}}", text)
        text = _FRACTION.sub(_fraction, text)
        text = _ROOT.sub(lambda found: f"√{_grouped(found[1])}", text)
        text = _MEAN.sub(lambda found: f"mean {_grouped(found[1])}", text)
    return text


def _fraction(found: re.Match[str]) -> str:
    """Write a fraction in a line; a dot parts it from a factor that follows."""
    return f"{_grouped(found[1])}/{_grouped(found[2])}{' · ' if found[3] else ''}"


def _grouped(text: str) -> str:
    """Put round brackets around what is more than one thing."""
    text = text.strip()
    return text if re.fullmatch(r"\w+|\|\w+\||\\[A-Za-z]+", text) else f"({text})"


def _raised(text: str) -> str:
    for sign, tag in (("_", "sub"), ("^", "sup")):
        single = re.escape(sign) + r"(?:" + _GROUP + r"|(\S))"
        text = re.sub(single, rf"<{tag}>\1\2</{tag}>", text)
    return text
