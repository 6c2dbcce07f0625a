"""Settings that are given as NAME=VALUE."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


def parse_settings(
    words: Sequence[str], *, option: str = "--set", example: str = "rate=1e-3"
) -> dict[str, Any]:
    """Return settings by name from words such as ``low=1e-5`` or ``drops=0.3,0.6``.

    Parameters
    ----------
    words : sequence of str
        As they were typed.
    option, example : str
        What a message calls the option, and a word that it shows.

    Raises
    ------
    ValueError
        For a word that is not a name, ``=`` and a value, or a name that comes twice.
    """
    pairs = [word.partition("=") for word in words]
    for (key, _, value), word in zip(pairs, words, strict=True):
        if not key or not value:
            raise ValueError(f"{option} needs NAME=VALUE such as {example}, got {word!r}")
    names = [key for key, _, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{option} gives {name} more than once; give it once")
    return {key: _parse(value) for key, _, value in pairs}


def _parse(text: str) -> Any:
    """Return the JSON value of a text, a list of several values, or the text itself."""
    for read in (json.loads, float, lambda several: json.loads(f"[{several}]")):
        try:
            return read(text)
        except ValueError:
            continue
    return text
