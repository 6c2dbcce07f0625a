"""Say how long a pixel is: typed, from a scale bar, or from a photograph of a grating."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import napari.viewer
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QApplication, QDialog, QTabWidget, QVBoxLayout, QWidget

from napari_slitseg.widgets._calibrate_bar import BarWay
from napari_slitseg.widgets._calibrate_grating import GratingWay
from napari_slitseg.widgets._calibrate_ways import Text, TypedWay, Way
from napari_slitseg.widgets._calibrate_where import Where
from napari_slitseg.widgets._calibrate_words import BLIND, NO_IMAGE, dropped, scale_words
from napari_slitseg.widgets._dock import Dock, Message, button, row
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._session import session_of
from napari_slitseg.widgets._workspace import Workspace

if TYPE_CHECKING:
    from napari_slitseg.widgets._session import Session

__all__ = ["CalibrateButton", "CalibrateDialog", "open_calibration", "scale_words"]

_WIDTH_PX: Final = 460
_CORNER: Final = QPoint(16, 56)
_CALIBRATE: Final = "Tell how many nm a pixel has: typed, by a scale bar, or by a grating."


class CalibrateButton(Dock):
    """Button that opens the calibration; it says itself where that cannot be.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self.workspace = session_of(viewer).workspace
        self.button = button("Calibrate…", _CALIBRATE, self.open)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button)
        self.link(self.workspace.entries_changed, self.refresh_soon)
        self.link(self.workspace.current_changed, self.refresh_soon)
        self.refresh()

    def open(self) -> None:
        """Open the calibration of this viewer."""
        open_calibration(self._viewer, self.window())

    def refresh(self) -> None:
        """Be there where an image is, and not in a blinded reading."""
        blind, current = self.workspace.blind is not None, self.workspace.current
        self.button.setEnabled(current is not None and not blind)
        self.button.setToolTip(BLIND if blind else _CALIBRATE if current else NO_IMAGE)


def open_calibration(viewer: napari.viewer.Viewer, parent: QWidget) -> CalibrateDialog:
    """Show the calibration of a viewer; there is one for each window."""
    dialog = _open_already(session_of(viewer).workspace)
    if dialog is None:
        dialog = CalibrateDialog(viewer, parent)
        dialog.move(parent.mapToGlobal(_CORNER))
    dialog.show()
    dialog.raise_()
    return dialog


class CalibrateDialog(QDialog):
    """Window that stays beside the image, so that a scale bar can be drawn meanwhile."""

    def __init__(self, viewer: napari.viewer.Viewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Calibrate")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.panel = CalibratePanel(session_of(viewer), self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.panel)
        self.resize(_WIDTH_PX, self.sizeHint().height())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Qt: take things off the image."""
        self.panel.let_go()
        super().closeEvent(event)

    def reject(self) -> None:
        """Qt: Escape closes the window as its button does."""
        self.close()


class CalibratePanel(Dock):
    """The present scale, ways to know another, and to whom it is given."""

    def __init__(self, session: Session, close: Callable[[], object]) -> None:
        super().__init__()
        self.workspace = session.workspace
        self.close_button = button("Close", "Close this window.", close)
        self._keeper = session.keeper
        self.typed, self.grating = TypedWay(), GratingWay()
        self.bar = BarWay(session.workspace, session.layers.stack)
        self.ways: tuple[tuple[str, Way], ...] = (
            ("Typed", self.typed),
            ("Scale bar", self.bar),
            ("Grating photograph", self.grating),
        )
        self.where = Where(session.workspace, session.keeper)
        self._make_widgets()
        self._lay_out()
        for _, way in self.ways:
            way.changed.connect(self._on_change)
        self.where.changed.connect(self._on_change)
        self.tabs.currentChanged.connect(self._on_change)
        for signal in (
            self.workspace.entries_changed,
            self.workspace.entry_changed,
            self.workspace.current_changed,
            self._keeper.state_changed,
        ):
            self.link(signal, self.refresh_soon)
        self.refresh()

    def _make_widgets(self) -> None:
        self.present, self.gives, self.drops = Text(), Text(), Text()
        self.tabs = QTabWidget()
        for title, way in self.ways:
            self.tabs.addTab(way, title)
        self.message = Message()
        self.apply = button("Apply", "Give this scale to the images chosen above.", self.give)
        self.back = button(
            "Take back", "What was said of the choice above no longer counts.", self.take_back
        )

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for each in (self.present, self.tabs, self.gives, self.where, self.drops, self.message):
            layout.addWidget(each)
        layout.addStretch(1)
        layout.addLayout(row(self.apply, self.back, self.close_button))

    @property
    def way(self) -> Way:
        """The way that is chosen."""
        return self.ways[self.tabs.currentIndex()][1]

    def give(self) -> None:
        """Give the scale to the images that were chosen."""
        if self.way.scale is not None and self.workspace.blind is None:
            self._tell(self.where.give(self.way.scale))

    def take_back(self) -> None:
        """Take back what was said before."""
        if self.workspace.blind is None:
            self._tell(self.where.take_back())

    def let_go(self) -> None:
        """Stop what is under way: the window closes."""
        for _, way in self.ways:
            way.let_go()

    def refresh(self) -> None:
        """Show the current image, and what the chosen way gives."""
        current, is_blind = self.workspace.current, self.workspace.blind is not None
        self.typed.editor = self.workspace.editor
        self.present.show_text(BLIND if is_blind else _present(current))
        for _, way in self.ways:
            way.show_image(None if is_blind else current)
        self.where.show_image(current)
        scale = self.way.scale
        self.gives.setStyleSheet("" if scale is None else "font-weight: bold;")
        self.gives.show_text(self.way.problem if scale is None else f"Gives {scale}")
        self.drops.show_text("" if scale is None else dropped(self.where.n_dropped(scale)))
        can = current is not None and not is_blind
        self.apply.setEnabled(can and scale is not None)
        self.back.setEnabled(can and self.where.can_take_back())

    def _on_change(self) -> None:
        """Forget what was told of the last step, which was about that one only."""
        self.message.say("")
        self.refresh()

    def _tell(self, told: str) -> None:
        trouble = self._keeper.scales.trouble
        (self.message.warn if trouble else self.message.say)(
            "\n".join(filter(None, (told, trouble)))
        )
        self.refresh()


def _open_already(workspace: Workspace) -> CalibrateDialog | None:
    for each in QApplication.topLevelWidgets():
        is_one = isinstance(each, CalibrateDialog) and each.isVisible()
        if is_one and each.panel.workspace is workspace:
            return each
    return None


def _present(entry: ImageEntry | None) -> str:
    words = scale_words(entry)
    return words if entry is None or entry.pixel_size_nm is None else f"Present scale: {words}."
