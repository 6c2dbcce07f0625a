"""The part of the Review dock that shows and edits the membrane."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtWidgets import QCheckBox, QLabel, QPushButton, QSizePolicy, QVBoxLayout

from napari_slitseg.widgets._dock import Dock, Message, button, row, spin
from napari_slitseg.widgets._membrane import LINE
from napari_slitseg.widgets._membrane_words import hint_of, state_of

if TYPE_CHECKING:
    from napari_slitseg.widgets._session import Session

_TOOLS: Final = {
    "paint": ("Paint", "Paint the stripe with a round brush of the width below."),
    "erase": ("Erase", "Take the stripe away with a round brush of the width below."),
    LINE: ("Draw line", "Click along the membrane: the line becomes a stripe of the width below."),
}
_DONE: Final = "The mouse moves the view again."
_MODEL: Final = "Replace the stripe by the membrane that the model found. Undo brings yours back."
_NO_MAP: Final = "Predict this image first: the model's membrane is not there."
_CLEAR: Final = "Take the whole stripe of this image away. Undo brings it back."
_FILE: Final = "Put the stripe of the file beside the image in the place of this one."
_SMOOTH: Final = "Draw a curve through the corners; otherwise straight lines."


class MembranePart(Dock):
    """Controls of the membrane of the current image.

    Attributes
    ----------
    visible : QCheckBox
        Shows and hides the stripe.
    tools : dict of QPushButton
        By the tool's name: "paint", "erase", "line".
    done, from_model, clear, from_file : QPushButton
    width : QDoubleSpinBox
        Width of lines and brush, nm.
    smooth : QCheckBox
        Whether lines are curves.
    state : QLabel
        What there is.
    message : Message
        What to do now, and what went wrong.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.workspace = session.workspace
        self.membrane = session.membrane
        self._news = ""
        self._make_controls()
        self._lay_out()
        self.link(self.membrane.changed, self.refresh_soon)
        self.link(self.membrane.told, self._on_told)
        self.link(self.membrane.failed, self._on_failed)
        self.link(self.workspace.entry_changed, self._on_entry)
        self.refresh()

    def _make_controls(self) -> None:
        membrane = self.membrane
        self.visible = _check(
            "Membrane stripe", "Show the stripe over the image.", self._on_visible
        )
        self.state = QLabel()
        self.tools = {name: self._tool(name, *texts) for name, texts in _TOOLS.items()}
        self.done = _narrow(button("Done", _DONE, membrane.stop))
        self.width = spin(10.0, 2000.0, 0, " nm", "Width of lines that you draw, and of the brush.")
        self.width.setValue(membrane.width_nm)
        self.width.valueChanged.connect(membrane.set_width)
        self.smooth = _check("Smooth", _SMOOTH, self._on_smooth)
        self.smooth.setChecked(membrane.line.is_smooth)
        self.from_model = button("Start from the model's membrane", _MODEL, self._on_model)
        self.clear = button("Clear", _CLEAR, self._on_clear)
        self.from_file = button("Take in the file beside the image", _FILE, membrane.take_file)
        self.message = Message()

    def _tool(self, name: str, text: str, tooltip: str) -> QPushButton:
        made = button(text, tooltip, self._on_tool)
        made.setObjectName(name)
        made.setCheckable(True)
        return _narrow(made)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row(self.visible, self.state, stretch=0))
        layout.addLayout(row(*self.tools.values(), self.done))
        layout.addLayout(row(QLabel("Width"), self.width, self.smooth, stretch=1))
        layout.addLayout(row(self.from_model, self.clear, stretch=0))
        layout.addWidget(self.from_file)
        layout.addWidget(self.message)

    def refresh(self) -> None:
        """Show the membrane as it is now."""
        membrane = self.membrane
        self._show_tools(has_image=membrane.entry is not None)
        _set_checked(self.visible, checked=membrane.layer.is_visible)
        self.visible.setEnabled(membrane.has_stripe or bool(membrane.tool))
        self.clear.setEnabled(membrane.has_stripe)
        self.from_model.setEnabled(membrane.has_map)
        self.from_model.setToolTip(_MODEL if membrane.has_map else _NO_MAP)
        self.from_file.setVisible(membrane.has_untaken_file)
        self.state.setText(state_of(membrane))
        if not self.message.text().startswith("⚠"):
            self.message.say("\n".join(filter(None, (self._news, hint_of(membrane)))))

    def _show_tools(self, *, has_image: bool) -> None:
        for name, each in self.tools.items():
            _set_checked(each, checked=self.membrane.tool == name)
            each.setEnabled(has_image)
        self.done.setEnabled(bool(self.membrane.tool))
        self.width.setEnabled(has_image)

    def _on_tool(self) -> None:
        name = self.sender().objectName()
        self._forget_news()
        if self.membrane.tool == name:
            self.membrane.stop()
        else:
            self.membrane.start(name)
        self.refresh()

    def _on_model(self) -> None:
        self._forget_news()
        self.membrane.take_models()

    def _on_clear(self) -> None:
        self._forget_news()
        self.membrane.clear()

    def _on_visible(self, checked: bool) -> None:  # noqa: FBT001
        self.membrane.layer.set_visible(visible=checked)

    def _on_smooth(self, checked: bool) -> None:  # noqa: FBT001
        self.membrane.set_smooth(smooth=checked)

    def _on_entry(self, key: int) -> None:
        if key == self.membrane.layer.key:
            self.refresh_soon()

    def _on_told(self, text: str) -> None:
        self._news = text
        self.refresh_soon()

    def _on_failed(self, text: str) -> None:
        self.message.warn(text)

    def _forget_news(self) -> None:
        self._news = ""
        self.message.say("")


def _narrow(made: QPushButton) -> QPushButton:
    """Let a button be as narrow as its text."""
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    made.setMinimumWidth(made.fontMetrics().horizontalAdvance(made.text()) + 10)
    return made


def _check(text: str, tooltip: str, slot: Callable[[bool], Any]) -> QCheckBox:
    made = QCheckBox(text)
    made.setToolTip(tooltip)
    made.toggled.connect(slot)
    return made


def _set_checked(widget: Any, *, checked: bool) -> None:
    """Show a state without acting on it."""
    blocked = widget.blockSignals(True)  # noqa: FBT003
    widget.setChecked(checked)
    widget.blockSignals(blocked)
