"""Statements on scales, excluded stretches and samples, in words."""

from __future__ import annotations

from napari_slitseg.store.statement_text import (
    decoded,
    polygons_from_text,
    sample_from_text,
    scale_from_text,
)


def words_of(topic: str, content: object) -> str:
    """Return what a statement says, as a person reads it; also where it cannot be read."""
    try:
        return _TELL[topic](decoded(content))
    except (KeyError, ValueError):
        return f"{topic}: cannot be read"


def is_readable(topic: str, content: object) -> bool:
    """Whether a statement is as it was written."""
    try:
        _TELL[topic](decoded(content))
    except (KeyError, ValueError):
        return False
    return True


def _scale(content: str) -> str:
    said = scale_from_text(content)
    if said.scale is None:
        return "took the scale back"
    return f"scale {said.scale}{', before what files say' if said.before_file else ''}"


def _excluded(content: str) -> str:
    count = len(polygons_from_text(content))
    if not count:
        return "excluded no stretch any more"
    return f"excluded {count} stretch{'' if count == 1 else 'es'}"


def _sample(content: str) -> str:
    sample = sample_from_text(content)
    named = (
        ("biopsy", sample.biopsy),
        ("glomerulus", sample.glomerulus),
        ("group", sample.group),
    )
    known = [f"{name} {value}" for name, value in named if value]
    return f"belongs to {', '.join(known) or 'no biopsy any more'}"


_TELL = {"scale": _scale, "excluded": _excluded, "sample": _sample}
