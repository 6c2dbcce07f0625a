"""Fields for single settings of a spec: all have `value()`, `setValue()` and `edited`."""

from __future__ import annotations

from typing import Any, Final, Protocol, get_args

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QFont, QFontMetrics, QWheelEvent
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from napari_slitseg.widgets._spec_words import FieldInfo, in_words, number_text, parse_number

WRONG: Final = "border: 2px solid #E5484D; padding: 0px;"
"""Frame of a field whose value cannot be used."""


class Field(Protocol):
    """What a form asks of the field of a setting."""

    edited: Any

    def value(self) -> Any:
        """Return the value; raises ValueError if what was typed is none."""

    def setValue(self, value: Any) -> None:
        """Show a value."""

    def mark(self, *, wrong: bool) -> None:
        """Frame the field, or no longer."""

    def stops(self) -> list[QWidget]:
        """Return what the tab key stops at, in order."""


class Caption(QLabel):
    """Name of a setting, bold where the value was changed; as wide as if it were."""

    def __init__(self, info: FieldInfo) -> None:
        super().__init__(info.label)
        self.setToolTip(info.tooltip)

    def show_changed(self, *, changed: bool) -> None:
        """Tell whether the value is other than the default."""
        _restyle(self, "font-weight: bold;" if changed else "")

    def sizeHint(self) -> QSize:
        """Qt: the room that is needed."""
        bold = QFont(self.font())
        bold.setBold(True)
        more = _width(bold, self.text()) - _width(self.font(), self.text())
        hint = super().sizeHint()
        return QSize(hint.width() + max(more, 0), hint.height())


def _restyle(widget: QWidget, style: str) -> None:
    """Set a style sheet if it is another one: Qt takes its time over each."""
    if widget.styleSheet() != style:
        widget.setStyleSheet(style)


def _width(font: QFont, text: str) -> int:
    return int(QFontMetrics(font).horizontalAdvance(text))


def small_button(text: str, tooltip: str) -> QPushButton:
    """Return a button that is no wider than its text."""
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.setStyleSheet("QPushButton { padding: 3px 8px; }")
    button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return button


class _Typed(QLineEdit):
    """A line of text that means a value."""

    edited = Signal()

    def __init__(self, info: FieldInfo) -> None:
        super().__init__()
        self.info = info
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(60)
        self.textChanged.connect(self.edited)

    def mark(self, *, wrong: bool) -> None:
        """Frame the field, or no longer."""
        _restyle(self, WRONG if wrong else "")

    def stops(self) -> list[QWidget]:
        """Return what the tab key stops at, in order."""
        return [self]


class NumberEdit(_Typed):
    """A number, kept exactly; where a setting may be none, an empty line is none."""

    def __init__(self, info: FieldInfo) -> None:
        super().__init__(info)
        self.setPlaceholderText("none" if info.optional else "")

    def value(self) -> int | float | None:
        """Return the number; raises ValueError if what was typed is none."""
        text = self.text().strip()
        if self.info.optional and text.lower() in ("", "none"):
            return None
        return parse_number(text, self.info.hint)

    def setValue(self, value: float | None) -> None:
        """Show a number."""
        self.setText(number_text(value))
        self.setCursorPosition(0)


class NumbersEdit(_Typed):
    """Several numbers with commas between them."""

    def __init__(self, info: FieldInfo) -> None:
        super().__init__(info)
        self.setPlaceholderText("none, or numbers with commas")

    def value(self) -> tuple[int | float, ...]:
        """Return the numbers; raises ValueError if something that was typed is none."""
        text = self.text().strip().removesuffix(",")
        kind = get_args(self.info.hint)[0]
        return tuple(parse_number(each.strip(), kind) for each in text.split(",") if text)

    def setValue(self, value: tuple[float, ...]) -> None:
        """Show numbers."""
        self.setText(", ".join(map(number_text, value)))
        self.setCursorPosition(0)


class QuietCombo(QComboBox):
    """A menu that lets the mouse wheel scroll the dock, and is as narrow as the dock."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Qt: the wheel turns; the dock scrolls."""
        event.ignore()


class ChoiceBox(QuietCombo):
    """One of some words."""

    edited = Signal()

    def __init__(self, info: FieldInfo) -> None:
        super().__init__()
        for choice in info.choices:
            self.addItem(in_words(str(choice)), choice)
        self.currentIndexChanged.connect(lambda _: self.edited.emit())

    def value(self) -> Any:
        """Return the choice."""
        return self.currentData()

    def setValue(self, value: Any) -> None:
        """Show a choice."""
        self.setCurrentIndex(self.findData(value))

    def mark(self, *, wrong: bool) -> None:
        """Frame the field, or no longer."""
        _restyle(self, f"QComboBox {{ {WRONG} }}" if wrong else "")

    def stops(self) -> list[QWidget]:
        """Return what the tab key stops at, in order."""
        return [self]


class YesNo(QCheckBox):
    """Yes or no."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.toggled.connect(lambda _: self.edited.emit())

    def value(self) -> bool:
        """Return whether it is ticked."""
        return bool(self.isChecked())

    def setValue(self, value: bool) -> None:  # noqa: FBT001
        """Tick it, or not."""
        self.setChecked(value)

    def mark(self, *, wrong: bool) -> None:
        """Frame the field, or no longer."""
        _restyle(self, f"QCheckBox {{ {WRONG} }}" if wrong else "")

    def stops(self) -> list[QWidget]:
        """Return what the tab key stops at, in order."""
        return [self]


def simple_field(info: FieldInfo) -> Field:
    """Return the field of a setting that is no spec."""
    field: Any
    if info.choices:
        field = ChoiceBox(info)
    elif info.is_tuple:
        field = NumbersEdit(info)
    else:
        field = YesNo() if info.hint is bool else NumberEdit(info)
    field.setToolTip(info.tooltip)
    field.setAccessibleName(f"{info.label} {info.setting.unit}".rstrip())
    field.setAccessibleDescription(info.setting.description)
    result: Field = field
    return result
