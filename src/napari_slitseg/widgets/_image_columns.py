"""What the list of images shows of each."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from napari_slitseg.core.pixel_size import PLAUSIBLE_NM
from napari_slitseg.widgets._entry import ImageEntry, Status
from napari_slitseg.widgets._table import Column

_SIGN: Final = MappingProxyType(
    {
        Status.READY: "○ ready",
        Status.WAITING: "… waiting",
        Status.PREDICTING: "▶ busy",
        Status.PREDICTED: "✓ done",
        Status.FAILED: "✗ failed",
    }
)


def image_columns(edit_pixel_size: Callable[[int, str], bool]) -> list[Column]:
    """Return name, pixel size, number of annotated slits and status."""
    return [
        Column("Image", "Name; the tooltip tells its file.", _name, hint=_where),
        Column(
            "nm/px",
            "Pixel size. Double-click to enter it.",
            lambda entry: entry.pixel_size_nm,
            "{:.4g}".format,
            edit=edit_pixel_size,
            hint=_size_hint,
            blank=lambda _: "? nm",
        ),
        Column("Slits", "Annotated slits.", _n_annotated),
        Column("Status", "What has been done.", _status, hint=lambda entry: entry.message),
    ]


def parse_size(text: str) -> float | None:
    """Pixel size in nm that was typed in, None for unknown; ValueError says what is wrong."""
    text = text.strip().removesuffix("nm").strip().replace(",", ".")
    if text in ("", "?"):
        return None
    low, high = PLAUSIBLE_NM
    try:
        size = float(text)
    except ValueError:
        size = math.nan
    if not low <= size < high:
        raise ValueError(
            f"A pixel size of an electron micrograph is a number of nm from {low:g} to below "
            f"{high:g}, not “{text}”."
        )
    return size


def _name(entry: ImageEntry) -> str:
    return f"{entry.name} *" if entry.edited else entry.name


def _n_annotated(entry: ImageEntry) -> int | None:
    return None if entry.annotation is None else int(entry.annotation.is_slit.sum())


def _status(entry: ImageEntry) -> str:
    return _SIGN[entry.status]


def _where(entry: ImageEntry) -> str:
    where = "in memory" if entry.path is None else str(entry.path)
    return f"{where}\n* edited, not saved" if entry.edited else where


def _size_hint(entry: ImageEntry) -> str:
    if entry.pixel_size_nm is None:
        return "The file does not tell its pixel size. Double-click to enter it."
    known = f"{entry.pixel_size_nm:g} nm per pixel" if entry.scale is None else str(entry.scale)
    return f"{known}. Double-click to change it."
