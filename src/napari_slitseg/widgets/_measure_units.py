"""The table of glomeruli, biopsies and groups, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from qtpy.QtWidgets import QComboBox, QSizePolicy, QVBoxLayout, QWidget

from napari_slitseg.widgets._dock import Message, row
from napari_slitseg.widgets._measure_columns import ToldColumn
from napari_slitseg.widgets._measure_rollup import (
    FIGURES,
    LEVELS,
    RolledUp,
    UnitRow,
    hint,
    told,
    unit_rows,
)
from napari_slitseg.widgets._measure_tables import Table
from napari_slitseg.widgets._table_column import Column

_SHOWN: Final = (
    ("slit_density_per_um", "Slits/µm", 2, 1.0),
    ("fpw_mean_nm", "FPW (nm)", 0, 1.0),
    ("fpw_harmonic_nm", "FPW harm. (nm)", 0, 1.0),
    ("effaced_fraction", "Effaced (%)", 0, 100.0),
)
_NONE: Final = {
    "biopsy": "No image has a biopsy. Write them in the table of images, or fill them in.",
    "glomerulus": "No image has a glomerulus and a biopsy. Write them in the table of images.",
    "group": "No image has a group and a biopsy. Write them in the table of images.",
    "all": "No image has a membrane and a scale.",
}


class UnitPart(QWidget):
    """One level at a time, chosen from a menu."""

    def __init__(self) -> None:
        super().__init__()
        self.level = QComboBox()
        self.level.setAccessibleName("Level")
        self.level.setToolTip("What a row of the table is.")
        for name, title in LEVELS.items():
            self.level.addItem(title, name)
        self.level.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.notices = Message()
        self.table = Table(self, unit_columns(), "Biopsies")
        self._rolled: RolledUp | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row(self.level, self.notices, QWidget(), stretch=1))
        layout.addWidget(self.table.view, 1)
        self.level.currentIndexChanged.connect(self._show)
        self.notices.say("")

    def show_rolled(self, rolled: RolledUp | None) -> None:
        """Show what follows from the images as they are now."""
        if rolled is not self._rolled:
            self._rolled = rolled
            self._show()

    def _show(self) -> None:
        level = str(self.level.currentData())
        rows = unit_rows(self._rolled, level)
        self.table.show(rows)
        has_figures = any(each.unit.estimates for each in rows)
        notices = () if self._rolled is None else self._rolled.rollup.notices
        self._tell(notices if has_figures else (_NONE[level],))

    def _tell(self, notices: Sequence[str]) -> None:
        """Say the first sentence, with the others in the tooltip: the table needs the room."""
        self.notices.say("".join((*notices[:1], f" [{len(notices)} notes]" * (len(notices) > 1))))
        self.notices.setToolTip("\n".join(notices) if len(notices) > 1 else "")


def unit_columns() -> tuple[Column, ...]:
    """Return name, what it belongs to, numbers, and figures with intervals."""
    figures = [
        ToldColumn(
            title,
            f"{FIGURES[name].title}: mean of means (95 % interval, by Student's t or bootstrap).",
            partial(_value, name),
            hint=partial(_hint, name),
            says=partial(_told, name, digits, factor),
        )
        for name, title, digits, factor in _SHOWN
    ]
    return (
        Column("Name", "The biopsy, glomerulus or group.", lambda row: row.unit.name),
        Column("Of", "Biopsy and group it belongs to.", _belongs_to, blank=_nothing),
        Column("Images", "Images with a membrane and a scale.", lambda row: len(row.unit.rows)),
        *figures,
        Column("Length (µm)", "Membrane.", lambda row: row.unit.length_um, "{:.1f}".format),
        Column("Slits", "Slits on the membrane.", lambda row: row.unit.n_slits),
    )


def _belongs_to(row: UnitRow) -> str | None:
    return row.belongs_to or None


def _nothing(_: object) -> str:
    return ""


def _value(name: str, row: UnitRow) -> float | None:
    return row.value(name)


def _hint(name: str, row: Any) -> str:
    return hint(row, name)


def _told(name: str, digits: int, factor: float, row: UnitRow) -> str:
    return told(row, name, digits, factor)
