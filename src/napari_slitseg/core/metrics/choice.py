"""Refusing a setting that is none of its choices."""

from __future__ import annotations

from collections.abc import Sequence

from napari_slitseg.core.nearest import choices


def check_choice(value: str, allowed: Sequence[str], name: str) -> None:
    """Refuse a value that is none of those allowed.

    Raises
    ------
    ValueError
        With all that are allowed.
    """
    if value not in allowed:
        raise ValueError(f"{name} cannot be {value!r}; {choices(value, allowed, they='it can be')}")
