"""The figures of the current image, as they are while somebody edits."""

from __future__ import annotations

import math
from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

from napari_slitseg.widgets._entry import ImageEntry

_NONE: Final = "\N{EN DASH}"
_ROUND_FROM: Final = 100
_CAPTIONS: Final = {
    "slits": ("Annotated", "Slits that people annotated; uncertain ones are left out."),
    "found": ("Found", "Slits that the model found; those near uncertain ones are left out."),
    "f1": ("F1", "Agreement of the two at this tolerance: 1 is perfect, 0 none."),
    "chamfer": ("Chamfer", "Mean distance from each slit to the nearest of the other kind."),
    "loss": ("Point loss", "Penalty on the difference of the two counts."),
}


class Figures(QWidget):
    """Five figures beside each other.

    Attributes
    ----------
    values : dict of QLabel
        By name: "slits", "found", "f1", "chamfer", "loss".
    """

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(0)
        for column, (name, (caption, meaning)) in enumerate(_CAPTIONS.items()):
            value, label = QLabel(_NONE), QLabel(caption)
            value.setStyleSheet("font-weight: bold;")
            for each in (value, label):
                each.setAlignment(Qt.AlignmentFlag.AlignHCenter)
                each.setToolTip(f"<qt>{meaning}</qt>")
            value.setAccessibleName(caption)
            self.values[name] = value
            grid.addWidget(value, 0, column)
            grid.addWidget(label, 1, column)
            grid.setColumnStretch(column, 1)

    def show_entry(self, entry: ImageEntry | None) -> None:
        """Show the figures of an image."""
        for name, text in figures_of(entry).items():
            if self.values[name].text() != text:
                self.values[name].setText(text)


def figures_of(entry: ImageEntry | None) -> dict[str, str]:
    """Return the figures of an image as texts, by name."""
    texts = dict.fromkeys(_CAPTIONS, _NONE)
    if entry is None:
        return texts
    if (table := entry.annotation) is not None:
        texts["slits"] = str(int((table.is_slit & ~table.uncertain).sum()))
    if entry.prediction is not None:
        texts["found"] = str(len(entry.prediction.table))
    scores = entry.scores
    if scores is not None:
        texts["slits"], texts["found"] = str(scores.n_annotated), str(scores.n_predicted)
        texts["f1"] = f"{scores.f1:.2f}"
        texts["chamfer"] = _length(scores.chamfer_px, scores.pixel_size_nm)
        texts["loss"] = f"{scores.point_loss:g}"
    return texts


def _length(px: float, size_nm: float | None) -> str:
    if math.isnan(px):
        return _NONE
    value, unit = (px, "px") if size_nm is None else (px * size_nm, "nm")
    return f"{value:.1f} {unit}" if value < _ROUND_FROM else f"{value:.0f} {unit}"
