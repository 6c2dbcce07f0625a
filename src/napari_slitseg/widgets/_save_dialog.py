"""The window that shows, before anything is written, what saving does to each file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_slitseg.pipelines.save_plan import PointsPlan
from napari_slitseg.pipelines.save_plan_kinds import Plan
from napari_slitseg.widgets._save_plans import Answer, Draft
from napari_slitseg.widgets._style import VERMILLION

_TEXTS: Final[dict[Answer, str]] = {
    "save": "Save",
    "merge": "Put both together (can be undone)",
    "read back": "Take what the file says (can be undone)",
    "other": "Save under another name …",
    "leave": "Leave the file as it is",
}
_WIDTH, _HEIGHT, _MOST_LINES, _MOST_SHOWN = 640, 480, 1000, 8


class SaveDialog(QDialog):
    """One row a file: what would change, what would be lost, and what to do with it.

    Attributes
    ----------
    rows : list of FileRow
        One for each file.
    """

    def __init__(self, parent: QWidget, drafts: Sequence[Draft]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Save annotations")
        self.rows = [FileRow(draft, self) for draft in drafts]
        layout = QVBoxLayout(self)
        layout.addWidget(_wrapped(_intro(drafts), self))
        layout.addWidget(_scrolling(self.rows, self))
        layout.addWidget(self._buttons(risky=any(draft.is_risky for draft in drafts)))
        self.resize(_WIDTH, min(_HEIGHT, self.sizeHint().height() + 60 * len(drafts)))

    @property
    def answers(self) -> list[Answer]:
        """What is to become of each file."""
        return [row.answer for row in self.rows]

    def _buttons(self, *, risky: bool) -> QDialogButtonBox:
        kinds = QDialogButtonBox.StandardButton
        box = QDialogButtonBox(kinds.Save | kinds.Cancel, parent=self)
        self.save, self.cancel = box.button(kinds.Save), box.button(kinds.Cancel)
        self.save.setText("&Save")
        self.cancel.setText("&Cancel")
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        default = self.cancel if risky else self.save
        default.setDefault(True)
        default.setFocus()
        return box


class FileRow(QFrame):
    """One file: its name, what would change, and what to do with it."""

    def __init__(self, draft: Draft, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._answers = draft.answers
        self.choice = self._menu(draft)
        self.details = _details(_told(draft.plan)[1], self)
        self.more = self._toggle(draft)
        layout = QVBoxLayout(self)
        layout.addLayout(self._head(draft))
        self.words = _wrapped(_told(draft.plan)[0], self)
        self.words.setVisible(bool(self.words.text()))
        layout.addWidget(self.words)
        self.warnings = [_warning(text, self) for text in _warnings(draft.plan)]
        for each in self.warnings:
            layout.addWidget(each)
        layout.addWidget(self.more)
        layout.addWidget(self.details)

    @property
    def answer(self) -> Answer:
        """What is to become of the file."""
        return self._answers[self.choice.currentIndex()]

    def choose(self, answer: Answer) -> None:
        """Choose what is to become of the file."""
        self.choice.setCurrentIndex(self._answers.index(answer))

    def _head(self, draft: Draft) -> QHBoxLayout:
        name = QLabel(draft.title, self)
        name.setTextFormat(Qt.TextFormat.PlainText)
        name.setToolTip(str(draft.plan.path))
        font = name.font()
        font.setBold(True)
        name.setFont(font)
        name.setBuddy(self.choice)
        head = QHBoxLayout()
        head.addWidget(name, 1)
        head.addWidget(self.choice)
        return head

    def _menu(self, draft: Draft) -> QComboBox:
        menu = QComboBox(self)
        menu.addItems([_TEXTS[answer] for answer in self._answers])
        menu.setAccessibleName(f"What to do with {draft.title}")
        return menu

    def _toggle(self, draft: Draft) -> QToolButton:
        button = QToolButton(self)
        button.setText("Each point")
        button.setCheckable(True)
        button.setArrowType(Qt.ArrowType.RightArrow)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.toggled.connect(self._show_details)
        button.setVisible(bool(_told(draft.plan)[1]))
        button.setAccessibleName(f"Each point of {draft.title}")
        return button

    def _show_details(self, shown: bool) -> None:  # noqa: FBT001
        arrow = Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow
        self.more.setArrowType(arrow)
        self.details.setVisible(shown)


def ask(parent: QWidget, drafts: Sequence[Draft]) -> list[Answer] | None:
    """Show what saving would do; return what to do with each file, None for nothing at all."""
    dialog = SaveDialog(parent, drafts)
    accepted = dialog.exec() == QDialog.DialogCode.Accepted
    answers = dialog.answers if accepted else None
    dialog.deleteLater()
    return answers


def _intro(drafts: Sequence[Draft]) -> str:
    files = "1 file" if len(drafts) == 1 else f"{len(drafts)} files"
    if any(draft.plan.is_changed_elsewhere for draft in drafts):
        return (
            f"{files} to save. A file that another program changed is never overwritten: choose "
            "what becomes of it."
        )
    return f"{files} to save. This is what becomes of each:"


def _told(plan: Plan) -> tuple[str, Sequence[str]]:
    """Return what would change, in a line and each; nothing of a file that cannot be read."""
    if not plan.is_changed_elsewhere:
        return plan.words, plan.details
    return (f"From the file to here: {plan.words}", plan.details) if plan.can_merge else ("", ())


def _warnings(plan: Plan) -> list[str]:
    """Return what the person must not overlook."""
    if plan.refusal:
        return [plan.refusal]
    if not plan.is_changed_elsewhere:
        return list(plan.losses)
    if not plan.can_merge:
        return [f"It cannot be read, so it is not overwritten. {plan.found.problem}"]
    lost = [f"{each[:-1]}, also when both are put together." for each in plan.losses_anyway]
    if plan.is_unknown:
        return ["The file is there already, and was not read here.", *lost]
    texts = ["Another program changed the file since it was read here.", *lost]
    if isinstance(plan, PointsPlan) and plan.theirs is not None:
        texts.append(f"There: {plan.theirs.words}. Here: {plan.ours.words}.")
    if count := len(plan.conflicts):
        points = "1 point" if count == 1 else f"{count} points"
        texts.append(f"Both sides changed {points}; put together, yours stay as they are here:")
        texts += plan.conflicts[:5]
    return texts


def _warning(text: str, parent: QWidget) -> QLabel:
    label = _wrapped(f"⚠ {text}", parent)
    label.setStyleSheet(f"color: {VERMILLION}; font-weight: bold")
    return label


def _wrapped(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    return label


def _details(lines: Sequence[str], parent: QWidget) -> QPlainTextEdit:
    shown = list(lines[:_MOST_LINES])
    if len(lines) > len(shown):
        shown.append(f"… and {len(lines) - len(shown)} more")
    text = QPlainTextEdit("\n".join(shown), parent)
    text.setReadOnly(True)
    text.setTabChangesFocus(True)
    text.setFixedHeight(text.fontMetrics().lineSpacing() * (min(len(shown), _MOST_SHOWN) + 1))
    text.hide()
    return text


def _scrolling(rows: Sequence[QWidget], parent: QWidget) -> QScrollArea:
    inside = QWidget()
    layout = QVBoxLayout(inside)
    for row in rows:
        layout.addWidget(row)
    layout.addStretch()
    area = QScrollArea(parent)
    area.setWidgetResizable(True)
    area.setWidget(inside)
    area.setFrameShape(QFrame.Shape.NoFrame)
    return area
