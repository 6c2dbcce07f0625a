"""The figures of the current image, large, with their definitions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import Qt
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from napari_slitseg.core.morphometry import MEASURES
from napari_slitseg.widgets._measure_state import Measured

if TYPE_CHECKING:
    from napari_slitseg.core.morphometry import ImageMeasures

_TILE_PX: Final = 130
_DASH: Final = "—"
_EDITED: Final = (
    "Share of all points of this image that a person set, moved or took away, of those that are "
    "measured and those taken away."
)
_NOBODY: Final = "There are no points in this image."


@dataclass(frozen=True)
class Tile:
    """One figure.

    Attributes
    ----------
    name, in_px : str
        Its name in `MEASURES`; another one where the scale is not known, "" for none.
    title : str
    unit, digits : str and int
        How the value is told; "%" for a share.
    beside : callable
        Second line.
    """

    name: str
    title: str
    unit: str
    digits: int
    in_px: str = ""
    beside: Callable[[Measured], str] = lambda _: ""


class Figures(QWidget):
    """Tiles beside each other, as many in a row as there is room for."""

    def __init__(self) -> None:
        super().__init__()
        self.labels = {tile.title: _label(tile.title) for tile in TILES}
        self.labels[_EDITS] = _label(_EDITS)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._columns = 0
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.setMinimumWidth(2 * _TILE_PX - 20)
        self._arrange(2)

    def show_measured(self, measured: Measured) -> None:
        """Show the figures of an image that was measured."""
        has_scale = measured.measures is not None and measured.measures.scale is not None
        for tile in TILES:
            text, hint = _told(tile, measured, has_scale=has_scale)
            self._tell(tile.title, text, hint)
        share = measured.edits.edited_share
        value = _DASH if math.isnan(share) else f"{100 * share:.0f}"
        told = _html(_EDITS, value, "%", _edits(measured))
        self._tell(_EDITS, told, _NOBODY if math.isnan(share) else _EDITED)

    def text(self, title: str) -> str:
        """Return what a tile says, as plain words."""
        return self.labels[title].accessibleName()

    def _tell(self, title: str, text: str, hint: str) -> None:
        label = self.labels[title]
        label.setText(text)
        label.setToolTip(f"<qt>{hint}</qt>")
        label.setAccessibleName(_plain(text))
        label.setAccessibleDescription(hint)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt: as many tiles in a row as there is room for."""
        super().resizeEvent(event)
        self._arrange(min(max(2, self.width() // _TILE_PX), 4))

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for number, label in enumerate(self.labels.values()):
            self._grid.addWidget(label, number // columns, number % columns)
        for column in range(4):
            self._grid.setColumnStretch(column, int(column < columns))


def _label(title: str) -> QLabel:
    label = QLabel(_html(title, _DASH, "", ""))
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


def _told(tile: Tile, measured: Measured, *, has_scale: bool) -> tuple[str, str]:
    """Return what a tile says, and its tooltip: the definition, or why there is no value."""
    name = tile.in_px if tile.in_px and not has_scale else tile.name
    unit = tile.unit if name == tile.name else _UNITS.get(name, "px")
    found, about = measured.figures.get(name), MEASURES[name]
    definition = f"<b>{about.title}</b><br>{about.definition}<br><i>{about.source}</i>"
    if found is None or math.isnan(found.value):
        why = "" if found is None else found.why
        return _html(tile.title, _DASH, "", why_short(why)), f"{why}<br><br>{definition}"
    value = 100 * found.value if unit == "%" else found.value
    text = f"{value:.{tile.digits if name == tile.name else 1}f}"
    return _html(tile.title, text, unit, tile.beside(measured)), definition


def _html(title: str, value: str, unit: str, beside: str) -> str:
    small = f"<br><span style='font-size: small'>{beside or '&nbsp;'}</span>"
    return (
        f"<span style='font-size: small'>{title}</span><br>"
        f"<span style='font-size: x-large; font-weight: 600'>{value}</span> {unit}{small}"
    )


def _plain(html: str) -> str:
    from html import unescape
    from re import sub

    return " ".join(unescape(sub(r"<[^>]+>", " ", html)).split())


def why_short(why: str) -> str:
    """Return the first words of a reason."""
    return "no scale" if "scale" in why.lower() else ""


def _value(figures: Mapping[str, Any], name: str) -> str:
    found = figures.get(name)
    return _DASH if found is None or math.isnan(found.value) else f"{found.value:.0f}"


def _unit(measures: ImageMeasures | None) -> str:
    return "px" if measures is None or measures.scale is None else "nm"


def _other_widths(measured: Measured) -> str:
    unit = _unit(measured.measures)
    harmonic = _value(measured.figures, f"fpw_harmonic_{unit}")
    return f"harm. {harmonic}, med. {_value(measured.figures, f'fpw_median_{unit}')}"


def _lines(measured: Measured) -> str:
    n = 0 if measured.measures is None else len(measured.measures.paths)
    return "1 line" if n == 1 else f"{n} lines"


def _left_out(measured: Measured) -> str:
    off = _value(measured.figures, "n_off_line")
    excluded = _value(measured.figures, "n_excluded")
    parts = [f"{off} off it"] if off not in (_DASH, "0") else []
    parts += [f"{excluded} excluded"] if excluded not in (_DASH, "0") else []
    return ", ".join(parts) or "on the membrane"


def _limit(measured: Measured) -> str:
    measures = measured.measures
    if measures is None:
        return ""
    unit, nm = _unit(measures), measures.settings.effaced_nm
    limit = nm if unit == "nm" else measures.settings.px("effaced_nm", None)
    return f"wider than {limit:.0f} {unit}"


def _attached(measured: Measured) -> str:
    censored = _value(measured.figures, "n_censored")
    return f"{censored} of unknown width" if censored not in (_DASH, "0") else ""


def _edits(measured: Measured) -> str:
    edits = measured.edits
    n = edits.added + edits.moved + edits.taken_away
    return f"{n} of {edits.n_slits + edits.taken_away} points" if edits.n_slits else ""


_EDITS: Final = "Edited by people"

_UNITS: Final = {"slit_density_per_1000_px": "/1000 px"}

TILES: Final = (
    Tile("slit_density_per_um", "Slit density", "/µm", 2, "slit_density_per_1000_px"),
    Tile("fpw_mean_nm", "Foot process width", "nm", 0, "fpw_mean_px", _other_widths),
    Tile("membrane_length_um", "Membrane length", "µm", 2, "membrane_length_px", _lines),
    Tile("n_slits", "Slits", "", 0, "", _left_out),
    Tile("attachment_fraction", "Attachment", "%", 0, "", _attached),
    Tile("effaced_fraction", "Effaced", "%", 0, "", _limit),
)
"""Figures in sight; all others are in the report."""
