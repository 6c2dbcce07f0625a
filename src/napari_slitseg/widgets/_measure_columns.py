"""Columns of the tables of the Measure dock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from napari_slitseg.core.morphometry import MEASURES
from napari_slitseg.widgets._measure_rows import KINDS, ImageRow, IntervalRow
from napari_slitseg.widgets._table_column import Column

_FIGURES: Final = (
    ("slit_density_per_um", "Slits/µm", "{:.2f}", "slit_density_per_1000_px", "/1000 px"),
    ("fpw_mean_nm", "FPW (nm)", "{:.0f}", "fpw_mean_px", "px"),
    ("membrane_length_um", "Length (µm)", "{:.2f}", "membrane_length_px", "px"),
    ("n_slits", "Slits", "{:.0f}", "", ""),
)
_SAMPLE: Final = (
    ("biopsy", "Biopsy", "Biopsy, patient or animal: what is independent of the others."),
    ("glomerulus", "Glom.", "Glomerulus within its biopsy."),
    ("group", "Group", "Such as a diagnosis or a treatment; that of the whole biopsy."),
)
_TYPE: Final = " Double-click to write it."


@dataclass(frozen=True)
class ToldColumn(Column):
    """A column whose text takes more than the value.

    Attributes
    ----------
    says : callable
        Text of a row.
    """

    says: Callable[[Any], str] = field(default=str)

    def told(self, item: Any) -> str:
        """Return what the cell of a row says."""
        return self.says(item)


def interval_columns() -> tuple[Column, ...]:
    """Return width, kind, line and slits of an interval."""
    width = "Length of the membrane from slit to slit; at least so much where it is cut off (≥)."
    return (
        ToldColumn("Width", width, lambda row: row.length, hint=_kind_hint, says=_width),
        Column("Kind", "Where it ends.", lambda row: KINDS[row.kind][0], hint=_kind_hint),
        Column("Line", "Which membrane line; 1 is the longest.", lambda row: row.line),
        ToldColumn(
            "Slits",
            "Numbers of the slits on either side.",
            lambda row: row.first,
            says=lambda row: row.slits,
        ),
    )


def image_columns(edit: Callable[[int, str, str], bool]) -> tuple[Column, ...]:
    """Return name, sample, figures and status; `edit` gets key, field and text."""
    named = Column("Image", "Name; a click opens it.", lambda row: row.name, hint=_hint)
    where = [
        Column(
            title,
            meaning + _TYPE,
            partial(_of_sample, name),
            edit=partial(_edit, edit, name),
            blank=lambda _: "",
        )
        for name, title, meaning in _SAMPLE
    ]
    figures = [_figure(*each) for each in _FIGURES]
    edited = ToldColumn(
        "Edited",
        "Share of the points of the image that a person set, moved or took away.",
        lambda row: row.edits.edited_share,
        says=_edited,
    )
    status = Column("Status", "What was done; the tooltip says more.", _status, hint=_hint)
    return (named, status, *figures, *where, edited)


def _figure(name: str, title: str, form: str, in_px: str, unit: str) -> Column:
    about = MEASURES[name]
    return Column(
        title,
        f"<qt><b>{about.title}</b><br>{about.definition}</qt>",
        lambda row: row.figure(name),
        form.format,
        hint=partial(_why, name),
        blank=partial(_in_px, in_px, unit),
        name=name,
    )


def _in_px(name: str, unit: str, row: ImageRow) -> str:
    """Return the figure in px where it has no value in nm."""
    value = row.figure(name) if name else None
    return "—" if value is None or value != value else f"{value:.1f} {unit}"


def _why(name: str, row: Any) -> str:
    return str(row.why(name))


def _of_sample(name: str, row: ImageRow) -> str | None:
    value: str = getattr(row.sample, name)
    return value or None


def _edit(edit: Callable[[int, str, str], bool], name: str, key: int, text: str) -> bool:
    return edit(key, name, text)


def _edited(row: ImageRow) -> str:
    share = row.edits.edited_share
    return "—" if share != share else f"{100 * share:.0f} %"


def _status(row: ImageRow) -> str:
    return row.status


def _hint(row: Any) -> str:
    return str(row.hint)


def _width(row: IntervalRow) -> str:
    return row.width


def _kind_hint(row: Any) -> str:
    return KINDS[row.kind][1]
