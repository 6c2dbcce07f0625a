"""Fill biopsies, glomeruli and groups of all images from a table, their folders or names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from weakref import WeakMethod

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QInputDialog, QMenu, QPushButton

from napari_slitseg.core.morphometry import (
    Sample,
    SamplesError,
    SamplesOfImages,
    read_samples,
    samples_from_folders,
    samples_from_names,
    samples_of,
)
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._measure_result import names_of

_PATTERN: Final = r"(?P<biopsy>[^/_]+)_(?P<glomerulus>[^/_]+)_[^/]*$"
_ASK: Final = (
    "Pattern of the names, a regular expression with named groups biopsy, glomerulus, group.\n"
    "The one given takes A1_g2_0003.tif as biopsy A1, glomerulus g2."
)


class SamplesButton(QPushButton):
    """A menu of the ways to fill samples in.

    Parameters
    ----------
    entries : method
        Returns the images.

    Attributes
    ----------
    found : signal
        Emits samples by key, and notices.
    failed : signal
        Emits what went wrong.
    """

    found = Signal(object, object)
    failed = Signal(str)

    def __init__(self, entries: Callable[[], Sequence[ImageEntry]]) -> None:
        super().__init__("&Fill biopsies")
        self._entries = WeakMethod(entries)
        self.setToolTip(
            "Say for all images which biopsy, glomerulus and group they are of. Or double-click a "
            "cell in the table of images."
        )
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for text, tooltip, slot in (
            (
                "From a table…",
                "CSV with the columns image, biopsy, glomerulus, group.",
                self.ask_table,
            ),
            (
                "From folders",
                "biopsy/image, biopsy/glomerulus/image or group/biopsy/glomerulus/image.",
                self.from_folders,
            ),
            ("From names…", "By a pattern of the names of files.", self.ask_pattern),
        ):
            action = menu.addAction(text, slot)
            action.setToolTip(tooltip)
        self.setMenu(menu)

    def ask_table(self) -> None:
        """Ask for a table and take it."""
        name, _ = QFileDialog.getOpenFileName(self, "Table of samples", "", "Tables (*.csv *.tsv)")
        if name:
            self.from_table(Path(name))

    def ask_pattern(self) -> None:
        """Ask for a pattern and take it."""
        pattern, is_given = QInputDialog.getText(self, "Names of images", _ASK, text=_PATTERN)
        if is_given:
            self._take(lambda names: samples_from_names(names, pattern))

    def from_table(self, path: Path) -> None:
        """Take the samples of a table."""
        self._take(lambda names: samples_of(read_samples(path), names))

    def from_folders(self) -> None:
        """Take the folders that the images are in."""
        self._take(samples_from_folders)

    def _take(self, read: Callable[[Sequence[str]], SamplesOfImages]) -> None:
        method = self._entries()
        entries = () if method is None else method()
        names = names_of(entries)
        try:
            found = read(names)
        except (SamplesError, OSError) as error:
            self.failed.emit(str(error))
            return
        pairs = zip(entries, names, strict=True)
        samples: dict[int, Sample] = {
            entry.key: found.samples[name]
            for entry, name in pairs
            if name in found.samples and found.samples[name].is_known
        }
        self.found.emit(samples, found.notices)
