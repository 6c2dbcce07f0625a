"""The part of a dock that chooses the detector, and has it search the maps that are there."""

from __future__ import annotations

from functools import partial
from typing import Final, cast

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QApplication,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_slitseg.core.detection import DETECTORS, DetectorSpec, Peaks
from napari_slitseg.widgets._dock import Dock, Message, TaskBar
from napari_slitseg.widgets._searching import Searched, search_all
from napari_slitseg.widgets._spec_form import SpecForm
from napari_slitseg.widgets._spec_parts import inset
from napari_slitseg.widgets._thread import Runner
from napari_slitseg.widgets._workspace import Workspace

_PAUSE_MS: Final = 150
"""So long after the last change of a setting the search begins."""
_BUSY_AFTER_MS: Final = 250
"""A search that is done sooner shows no sign of being busy."""
_TOOLTIP: Final = (
    "Show or hide what finds the slits in the slit map, and its settings (Alt+D). A star after the "
    "name: some of them are not the defaults."
)
_LOOK: Final = (
    "QPushButton { text-align: left; padding: 4px 6px; }"
    "QPushButton:checked { background: transparent; }"
    "QPushButton:focus { border: 1px solid #808080; }"
)
_CANCELLED: Final = (
    "Cancelled. {} the slits of another detector, not scored. Open an image to search it, or "
    "change a setting to search all."
)


class DetectorPart(Dock):
    """A line that says which detector there is, and a form below it that chooses another.

    The image that is shown follows a moment after the last change, in a thread; the others when
    they are opened or scored.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.workspace = workspace
        self.runner = Runner()
        self.head = QPushButton()
        self.form = SpecForm(DETECTORS)
        self.body = inset(self.form)
        self.tasks = TaskBar(self.runner)
        self.message = Message()
        self.message.say("")
        self.note = Message()
        self._chosen = workspace.detector or Peaks()
        self._searching = self._chosen
        self._waiting: set[int] = set()
        self._declined: dict[int, DetectorSpec | None] = {}
        self._pause = self._timer(_PAUSE_MS)
        self._busy_soon = self._timer(_BUSY_AFTER_MS)
        self._opened = self._timer(0)
        self._went_wrong = self._timer(0)
        self._lay_out()
        self.form.setValue(self._chosen)
        self._connect()
        self.refresh()
        self.settle()

    def _timer(self, after_ms: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(after_ms)
        return timer

    def _lay_out(self) -> None:
        self.head.setCheckable(True)
        self.head.setToolTip(_TOOLTIP)
        self.head.setStyleSheet(_LOOK)
        self.head.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.body.setVisible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.head, self.body, self.tasks, self.message, self.note):
            layout.addWidget(widget)
        self.setTabOrder(self.head, self.form.choice.menu)

    def _connect(self) -> None:
        self.head.toggled.connect(self._on_toggled)
        self.form.valueChanged.connect(self._on_edited)
        self.form.validChanged.connect(self._on_valid)
        self._pause.timeout.connect(self.settle)
        self._busy_soon.timeout.connect(self._show_busy)
        self._opened.timeout.connect(partial(self._scroll_to, self.body, self.head))
        self._went_wrong.timeout.connect(self._scroll_to_error)
        self.link(self.workspace.search_wanted, self._on_wanted)
        self.link(self.workspace.settings_changed, self._on_settings)
        self.link(self.workspace.entry_changed, self.refresh_soon)
        self.link(self.workspace.current_changed, self.refresh_soon)
        self.link(self.workspace.current_changed, self._on_opened)
        self.link(self.runner.event, self._on_event)
        self.link(self.runner.busy_changed, self._on_busy)
        self.link(self.runner.failed, self.message.warn)
        self.link(self.runner.cancelled, self._on_cancelled)

    @property
    def detector(self) -> DetectorSpec:
        """The chosen detector; the last right one while a setting is wrong."""
        return self._chosen

    def settle(self) -> None:
        """Choose for all images what the form shows, without the pause after typing."""
        self._pause.stop()
        self.message.say("")
        self.workspace.set_detector(self._chosen)

    def refresh(self) -> None:
        """Show which detector there is, and whether the image that is shown can follow it."""
        mark = "▾" if self.head.isChecked() else "▸"
        changed = "" if self._chosen == type(self._chosen)() else " *"
        wrong = "" if self.form.is_valid() else "  ⚠"
        self.head.setText(f"{mark} &Detector: {self._chosen.about.title}{changed}{wrong}")
        self.note.warn(self._why_not())

    def _why_not(self) -> str:
        """Say why the image that is shown cannot follow, "" where it can."""
        current = self.workspace.current
        if current is None or not self.workspace.is_behind(current):
            return ""
        return "" if current.key in self.workspace.to_search else current.reason

    def _on_toggled(self, on: bool) -> None:  # noqa: FBT001
        self.body.setVisible(on)
        self.refresh()
        if on:
            self._opened.start()

    def _scroll_to(self, *widgets: QWidget) -> None:
        """Let the dock scroll so that each is seen; the last surely is."""
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None:
            for widget in widgets:
                area.ensureWidgetVisible(widget)

    def _scroll_to_error(self) -> None:
        """Let the dock show what is wrong, and the field that is typed into."""
        typed = QApplication.focusWidget()
        own = [typed] if typed is not None and self.form.isAncestorOf(typed) else []
        self._scroll_to(self.form.message, *own)

    def _on_edited(self, detector: DetectorSpec) -> None:
        self._chosen = detector
        self.refresh()
        self._pause.start()

    def _on_valid(self, valid: bool) -> None:  # noqa: FBT001
        """Take the form's detector; or, while a setting is wrong, the one that was chosen last."""
        if valid:
            self._on_edited(cast("DetectorSpec", self.form.value()))
            return
        self._pause.stop()
        self._chosen = self.workspace.detector or self._chosen
        self.refresh()
        self._went_wrong.start()

    def _on_settings(self) -> None:
        """Follow what was chosen elsewhere."""
        chosen = self.workspace.detector
        if chosen not in self._declined.values():
            self._declined.clear()
        if chosen not in (None, self._chosen) and not self._pause.isActive():
            self.form.setValue(chosen)

    def _on_opened(self, key: int | None) -> None:
        """Search an image that is opened, also after a cancel."""
        if key is not None and self._declined.pop(key, None) and key in self.workspace.to_search:
            self._on_wanted({key})

    def _on_wanted(self, keys: set[int]) -> None:
        """Search images, but those of a cancelled search only by another detector."""
        keys = {key for key in keys if self._declined.get(key) != self.workspace.detector}
        self._waiting |= keys
        if not self.runner.is_busy or self._searching != self.workspace.detector:
            self._search()

    def _search(self) -> None:
        """Search the images that wait, the one that is shown first."""
        current = self.workspace.current
        first = None if current is None else current.key
        there = self.workspace.to_search
        keys = sorted(self._waiting & there.keys(), key=lambda key: key != first)
        self._waiting.clear()
        if keys and self.workspace.detector is not None:
            self._searching = self.workspace.detector
            work = partial(search_all, {key: there[key] for key in keys}, self._searching)
            self.runner.start(work, f"Find slits in {len(keys)} images")

    def _on_event(self, event: Searched) -> None:
        self.workspace.set_found(event.key, event.prediction)
        text = "" if event.total == 1 else f"Image {event.number} of {event.total}"
        self.tasks.progress(event.number, event.total, text)

    def _on_busy(self, busy: bool) -> None:  # noqa: FBT001
        if busy:
            self._busy_soon.start()
            return
        self._busy_soon.stop()
        self.tasks.show_busy(False)  # noqa: FBT003
        self._search()

    def _show_busy(self) -> None:
        self.tasks.show_busy(True)  # noqa: FBT003

    def _on_cancelled(self) -> None:
        self._waiting.clear()
        self._declined = dict.fromkeys(self.workspace.to_search, self.workspace.detector)
        number = sum(map(self.workspace.is_behind, self.workspace.entries))
        images = "1 image keeps" if number == 1 else f"{number} images keep"
        self.message.say(_CANCELLED.format(images))
