"""Text that every page can hold; part of `measure_page`."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return text without characters that no page may hold: control characters, odd bytes."""
    plain = "".join(c for c in text if c in "\n\t" or c >= " ")
    return plain.encode("utf-8", "replace").decode("utf-8")
