"""The part of a fine-tuning's form that says which images it learns from."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from napari_slitseg.widgets._dock import Dock, Message, button, row
from napari_slitseg.widgets._finetune_choice import Choice, choice_of, not_found_text, sizes_of
from napari_slitseg.widgets._finetune_fields import info_of
from napari_slitseg.widgets._finetune_typed import PathField
from napari_slitseg.widgets._save import save_annotations
from napari_slitseg.widgets._spec_fields import QuietCombo
from napari_slitseg.widgets._workspace import Workspace

_ROWS: Final = 5
_PADDING_PX: Final = 3
_WINDOW, _FILES = "window", "files"
_EMPTY: Final = (
    "No images in this window. Open some with their annotations in Load images, or choose a folder."
)
_FOLDER_NOTE: Final = (
    "Images without an annotation are left out. Annotations are found by name, beside the images "
    "or in a folder called annotations."
)
_Role = Qt.ItemDataRole
_State = Qt.CheckState


class ImagesPart(Dock):
    """Annotated images of the window, a tick each; or files and folders."""

    edited = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.workspace = workspace
        self._unticked: set[int] = set()
        self._found: set[tuple[Path, Path]] = set()
        self._filling = False
        self._make_widgets()
        self._lay_out()
        self._connect()
        self.refresh()

    def _make_widgets(self) -> None:
        self.menu = QuietCombo()
        self.menu.setAccessibleName("Images from")
        self.menu.addItem("Annotated images of this window", _WINDOW)
        self.menu.addItem("A folder, or files", _FILES)
        self.list = QListWidget()
        self.list.setAccessibleName("Images to train with")
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.all = button("Tick all", "Train with every annotated image.", self.tick_all)
        self.none = button("None", "Untick every image.", self.tick_none)
        self.save = button(
            "Sav&e annotations…", "Write the annotations you edited to files.", self.save_all
        )
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.paths = PathField(info_of("images"))
        self.paths.line.setAccessibleName("Folder or files to train with")
        self.folder = button(
            "Folder…", "Take all annotated images of a folder.", self.choose_folder
        )
        self.message = Message()
        self.message.say("")

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.tools, self.files = QWidget(), QWidget()
        self.tools.setLayout(row(self.all, self.none, self.save, QWidget(), stretch=3))
        self.files.setLayout(row(self.paths, self.folder, stretch=0))
        for each in (self.menu, self.list, self.tools, self.files, self.note, self.message):
            layout.addWidget(each)

    def _connect(self) -> None:
        self.menu.currentIndexChanged.connect(self._on_menu)
        self.list.itemChanged.connect(self._on_ticked)
        self.list.itemActivated.connect(self._on_activated)
        self.paths.edited.connect(self.edited)
        self.link(self.workspace.entries_changed, self.refresh_soon)
        self.link(self.workspace.entry_changed, self.refresh_soon)

    @property
    def is_window(self) -> bool:
        """Whether images of the window are chosen, not files."""
        return bool(self.menu.currentData() == _WINDOW)

    def choices(self) -> list[Choice]:
        """Return the images that are ticked."""
        shown = [choice_of(entry) for entry in self.workspace.entries]
        return [each for each in shown if each.path and each.key not in self._unticked]

    def value(self) -> dict[str, Any]:
        """Return the settings by the names of the job.

        Raises
        ------
        ValueError
            If there is no image to train with, or an annotation would not be found.
        """
        if not self.is_window:
            paths = self.paths.value()
            if not paths:
                raise ValueError("Choose a folder or files with annotated images.")
            return {"images": paths}
        chosen = self.choices()
        if not chosen:
            raise ValueError("No annotated image is ticked. " + self._hint())
        entries = [self.workspace.entry(each.key) for each in chosen]
        if lost := not_found_text(entries, self._found):
            raise ValueError(lost)
        return {"images": tuple(e.path for e in entries if e.path), **sizes_of(entries)}

    def setValue(self, images: tuple[Path, ...]) -> None:
        """Show the images of a job: as ticks where the window has them all, else as files."""
        here = {each.path: each.key for each in map(choice_of, self.workspace.entries) if each.path}
        if images and set(images) <= here.keys():
            self._unticked = {key for path, key in here.items() if path not in images}
            self.menu.setCurrentIndex(self.menu.findData(_WINDOW))
        else:
            self.paths.setValue(images)
            self.menu.setCurrentIndex(self.menu.findData(_FILES))
        self.refresh()

    def tick_all(self) -> None:
        """Take every annotated image."""
        self._unticked.clear()
        self.refresh()

    def tick_none(self) -> None:
        """Take no image."""
        self._unticked = {entry.key for entry in self.workspace.entries}
        self.refresh()

    def save_all(self) -> None:
        """Write edited annotations to files."""
        told = save_annotations(self, self.workspace)
        left = any(entry.edited for entry in self.workspace.entries)
        (self.message.warn if left else self.message.say)(told)
        self.refresh()

    def choose_folder(self) -> None:
        """Ask for a folder."""
        from qtpy.QtWidgets import QFileDialog

        if name := QFileDialog.getExistingDirectory(self, "Train with the images of a folder"):
            self.paths.setValue((Path(name),))

    def refresh(self) -> None:
        """Show the images as they are now."""
        shown = [choice_of(entry) for entry in self.workspace.entries]
        self._filling = True
        self.list.clear()
        for each in shown:
            self.list.addItem(self._item(each))
        self._filling = False
        height = self.list.sizeHintForRow(0) if shown else 0
        self.list.setFixedHeight(
            height * min(max(len(shown), 1), _ROWS) + 2 * self.list.frameWidth()
        )
        window = self.is_window
        self.list.setVisible(window and bool(shown))
        self.tools.setVisible(window and bool(shown))
        self.save.setVisible(any(each.to_save for each in shown))
        self.files.setVisible(not window)
        self.note.setText(self._words(shown))
        self.edited.emit()

    def _words(self, shown: list[Choice]) -> str:
        if not self.is_window:
            return _FOLDER_NOTE
        if not shown:
            return _EMPTY
        told = [f"{len(self.choices())} of {len(shown)} images."]
        if any(each.to_save for each in shown):
            told.append("Annotations must be saved before they can be learned.")
        if any(each.is_only_here for each in shown):
            told.append("Images that are only in napari must be saved as files and opened again.")
        return " ".join(told)

    def _hint(self) -> str:
        return "Annotate some in Load images and save them, or choose a folder."

    def _item(self, choice: Choice) -> QListWidgetItem:
        item = QListWidgetItem(choice.text)
        item.setData(_Role.UserRole, choice.key)
        item.setSizeHint(QSize(1, self.list.fontMetrics().height() + _PADDING_PX))
        item.setToolTip(choice.tooltip)
        if choice.path is None:
            item.setFlags(Qt.ItemFlag.ItemIsSelectable)
            return item
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        ticked = choice.key not in self._unticked
        item.setCheckState(_State.Checked if ticked else _State.Unchecked)
        return item

    def _on_ticked(self, item: QListWidgetItem) -> None:
        if self._filling:
            return
        key, ticked = item.data(_Role.UserRole), item.checkState() == _State.Checked
        self._unticked = self._unticked - {key} if ticked else self._unticked | {key}
        self.note.setText(self._words([choice_of(e) for e in self.workspace.entries]))
        self.edited.emit()

    def _on_activated(self, item: QListWidgetItem) -> None:
        self.workspace.open(item.data(_Role.UserRole))

    def _on_menu(self) -> None:
        self.message.say("")
        self.refresh()
