"""The dock that opens images and moves from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari.viewer
from qtpy.QtCore import Qt
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import (
    QFileDialog,
    QHeaderView,
    QLabel,
    QSpinBox,
    QVBoxLayout,
)

from napari_slitseg.core.image import IMAGE_SUFFIXES
from napari_slitseg.pipelines.inputs import JobError, find_images
from napari_slitseg.widgets._calibrate import CalibrateButton
from napari_slitseg.widgets._dock import Dock, Message, TaskBar, button, row
from napari_slitseg.widgets._entry import ImageEntry, Status
from napari_slitseg.widgets._image_columns import image_columns, parse_size
from napari_slitseg.widgets._reading import Reading
from napari_slitseg.widgets._save import save_annotations
from napari_slitseg.widgets._session import session_of
from napari_slitseg.widgets._table import KEY, EntryTable, SummaryLast, table_view
from napari_slitseg.widgets._thread import Runner
from napari_slitseg.widgets._work import FileRead, ItemFailed, ItemStarted

if TYPE_CHECKING:
    from qtpy.QtCore import QModelIndex

_EMPTY = "No images yet. Choose a folder or files, drop them here, or drag an image into napari."


class LoadDock(Dock):
    """List of the images, with their pixel size and annotations."""

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.workspace = session_of(viewer).workspace
        self.calibrate = CalibrateButton(viewer)
        self.runner = Runner()
        self.reading = Reading(self.workspace, self.runner)
        self._make_widgets()
        self._lay_out()
        self._connect()
        self.setAcceptDrops(True)
        self.refresh()

    def _make_widgets(self) -> None:
        self.folder = button("Folder…", "Open all images of a folder.", self.choose_folder)
        self.files = button("Files…", "Open image files.", self.choose_files)
        self.remove = button(
            "Remove", "Take the selected images off the list; files stay.", self.remove_selected
        )
        self.previous = button("◀", "Previous image (Alt+Left).", self.go_back)
        self.next = button("▶", "Next image (Alt+Right).", self.go_on)
        self.save = button(
            "Save annotations…", "Write the annotations you edited to CSV files.", self.save_all
        )
        for arrow in (self.previous, self.next):
            arrow.setFixedWidth(36)
        self.page = QSpinBox()
        self.page.setPrefix("Page ")
        self.page.setToolTip("Page of a file with several images.")
        self.page.setKeyboardTracking(False)
        self.empty = QLabel(_EMPTY)
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message = Message()
        self.tasks = TaskBar(self.runner)
        self.table = EntryTable(image_columns(self.edit_pixel_size), self)
        self.sorted = SummaryLast(self)
        self.sorted.setSourceModel(self.table)
        self.view = table_view(self.sorted)
        self.view.setAccessibleName("Images")

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addLayout(row(self.folder, self.files, self.remove, self.previous, self.next))
        layout.addWidget(self.empty, 1)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.tasks)
        layout.addWidget(self.message)
        layout.addLayout(row(self.page, self.calibrate, self.save))
        header = self.view.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def _connect(self) -> None:
        self.view.clicked.connect(self._on_row)
        self.view.activated.connect(self._on_row)
        self.page.valueChanged.connect(self._on_page)
        self.link(self.workspace.entries_changed, self.refresh_soon)
        self.link(self.workspace.entry_changed, self.refresh_soon)
        self.link(self.workspace.current_changed, self.refresh_soon)
        self.link(self.runner.busy_changed, self.tasks.show_busy)
        self.link(self.runner.event, self._on_event)
        self.link(self.workspace.current_changed, self._on_current)
        self.link(self.runner.failed, self.message.warn)
        self.link(self.runner.cancelled, self._on_cancelled)
        self.shortcut("Alt+Left", self.go_back)
        self.shortcut("Alt+Right", self.go_on)

    # -- what a person does

    def choose_folder(self) -> None:
        """Ask for a folder and open its images."""
        folder = QFileDialog.getExistingDirectory(self, "Open the images of a folder")
        if folder:
            self.open_paths([Path(folder)])

    def choose_files(self) -> None:
        """Ask for files and open them."""
        patterns = " ".join(f"*{suffix}" for suffix in IMAGE_SUFFIXES)
        names, _ = QFileDialog.getOpenFileNames(
            self, "Open images", "", f"Images ({patterns});;All files (*)"
        )
        self.open_paths([Path(name) for name in names])

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open files, and all images of folders."""
        files: list[Path] = []
        self.message.say("")
        for path in paths:
            try:
                files += find_images([path])
            except (JobError, OSError) as error:
                self.message.add(str(error), bad=True)
        if files:
            self.reading.add(files)

    def go_on(self) -> None:
        """Open the next image."""
        self.workspace.step(1)

    def go_back(self) -> None:
        """Open the previous image."""
        self.workspace.step(-1)

    def remove_selected(self) -> None:
        """Take the selected images off the list, unless that would lose annotations."""
        rows = self.view.selectionModel().selectedRows()
        for key in [index.data(KEY) for index in rows]:
            if self.workspace.entry(key).edited:
                name = self.workspace.entry(key).name
                self.message.warn(f"{name} has annotations that are not saved. Save them first.")
            else:
                self.workspace.remove(key)

    def save_all(self) -> None:
        """Write edited annotations to files."""
        told = save_annotations(self, self.workspace)
        left = any(entry.edited for entry in self.workspace.entries)
        (self.message.warn if left else self.message.say)(told)

    def edit_pixel_size(self, key: int, text: str) -> bool:
        """Take a pixel size that was typed in; empty means unknown."""
        try:
            size = parse_size(text)
        except ValueError as error:
            self.message.warn(str(error))
            return False
        self.message.say("")
        self.workspace.set_pixel_size(key, size)
        return True

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Qt: files are being dragged over the dock."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Qt: files were dropped."""
        event.acceptProposedAction()
        self.open_paths([Path(url.toLocalFile()) for url in event.mimeData().urls()])

    # -- what follows

    def _on_current(self, key: int | None) -> None:
        if reason := self.reading.look_at(key):
            self.message.warn(reason)

    def _on_cancelled(self) -> None:
        self.message.say(self.reading.cancelled())

    def _on_event(self, event: Any) -> None:
        if isinstance(event, ItemStarted):
            text = f"Reading {event.number + 1} of {event.total}"
            self.tasks.progress(event.number, event.total, text)
        elif isinstance(event, ItemFailed):
            self.workspace.set_status(event.key, Status.FAILED, event.reason)
            self._tell_of_file(event.reason)
        elif isinstance(event, FileRead):
            self._tell_of_file(self.reading.take(event))

    def _tell_of_file(self, text: str) -> None:
        """Tell what names a file, unless a reader is not to know names."""
        if self.workspace.blind is None:
            self.message.add(text, bad=bool(text))

    def _on_row(self, index: QModelIndex) -> None:
        current, key = self.workspace.current, index.data(KEY)
        if current is not None and current.key == key:
            self._on_current(key)
        self.workspace.open(key)

    def _on_page(self, page: int) -> None:
        current = self.workspace.current
        if current is not None and current.page != page - 1:
            self.workspace.open(self.workspace.add_page(current.key, page - 1))

    def refresh(self) -> None:
        """Show the images as they are now."""
        entries, current = self.workspace.entries, self.workspace.current
        self.table.show(entries, None if current is None else current.key)
        self.empty.setVisible(not entries)
        self.view.setVisible(bool(entries))
        for each in (self.remove, self.previous, self.next):
            each.setEnabled(bool(entries))
        if self.workspace.blind is not None:
            self.remove.setEnabled(False)
            reader = self.workspace.blind.plan.reader
            self.message.say(f"Blinded reading of {reader}: leave or end it in Review.")
        self.save.setVisible(any(entry.edited for entry in entries))
        self._show_pages(current)

    def _show_pages(self, current: ImageEntry | None) -> None:
        pages = 1 if current is None else current.n_pages
        self.page.setVisible(pages > 1)
        if current is not None and pages > 1:
            self.page.blockSignals(True)  # noqa: FBT003
            self.page.setRange(1, pages)
            self.page.setValue(current.page + 1)
            self.page.blockSignals(False)  # noqa: FBT003
