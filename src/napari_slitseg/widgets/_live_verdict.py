"""The end of a run: whether the new model is better, image by image, and what to do with it."""

from __future__ import annotations

import math
from functools import partial
from typing import Final

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_slitseg.core.metrics.verdict import Verdict
from napari_slitseg.widgets._dock import row
from napari_slitseg.widgets._spec_fields import small_button

_SIGNS: Final = {1: "✔", 0: "○", -1: "✖"}
_COLUMNS: Final = ("Image", "Slits", "Old F1", "New F1", "Change")
_ROWS: Final = 6
_ROW_PX: Final = 24


class VerdictPart(QWidget):
    """Sentence, advice, a table of images, and the buttons that follow from it.

    Attributes
    ----------
    asked : signal
        Emits "use", "predict" or "report".
    """

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.advice, self.text = _paragraph(), _paragraph()
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setHorizontalHeaderLabels(_COLUMNS)
        self.table.setAccessibleName("Old and new model, image by image")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.verticalHeader().setVisible(False)
        self.table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.use_button = small_button(
            "Use this &model", "Let the Predict dock work with the best model of this run."
        )
        self.report_button = small_button("Open &report", "Open the page with all figures.")
        self.predict_button = small_button(
            "and predict &all", "Use it, and predict every image of this window with it."
        )
        for name, made in (
            ("use", self.use_button),
            ("predict", self.predict_button),
            ("report", self.report_button),
        ):
            made.clicked.connect(partial(self._ask, name))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.advice, self.text, self.table):
            layout.addWidget(widget)
        buttons = (self.use_button, self.predict_button, self.report_button)
        layout.addLayout(row(*buttons, QWidget(), stretch=3))
        self.show_verdict(None, has_model=False)

    def show_verdict(self, verdict: Verdict | None, *, has_model: bool) -> None:
        """Show a verdict; without one only the button, where there is a model to use."""
        self.setVisible(verdict is not None or has_model)
        for widget in (self.advice, self.text, self.table, self.report_button):
            widget.setVisible(verdict is not None)
        for button in (self.use_button, self.predict_button):
            button.setEnabled(has_model)
        if verdict is None:
            return
        sign = _SIGNS[verdict.verdict if verdict.verdict <= 0 or verdict.is_for_new else 0]
        self.advice.setText(f"{sign} {verdict.advice}")
        self.text.setText(verdict.text)
        self._fill(verdict)

    def _ask(self, name: str, *_: object) -> None:
        self.asked.emit(name)

    def _fill(self, verdict: Verdict) -> None:
        old = verdict.old.scores
        self.table.setRowCount(len(verdict.new.images))
        for at, image in enumerate(verdict.new.images):
            before, after = old[image.name].f1, image.scores.f1
            cells = (
                image.name,
                str(image.scores.n_annotated),
                _number(before),
                _number(after),
                _change(after - before),
            )
            for column, text in enumerate(cells):
                self.table.setItem(at, column, _cell(text, number=column > 0))
        rows = min(len(verdict.new.images), _ROWS)
        self.table.setFixedHeight(
            self.table.horizontalHeader().sizeHint().height() + rows * _ROW_PX + 4
        )


def _paragraph() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


def _cell(text: str, *, number: bool) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setToolTip(text)
    if number:
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item


def _number(value: float) -> str:
    return "—" if math.isnan(value) else f"{value:.2f}"


def _change(value: float) -> str:
    sign = "▲" if value > 0 else "▼" if value < 0 else "="
    return "—" if math.isnan(value) else f"{sign} {value:+.2f}"
