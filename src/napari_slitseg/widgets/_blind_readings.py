"""Blinded readings of a window: begun, left, resumed and ended. Knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_slitseg.core.blinding import ReadingSettings
from napari_slitseg.core.review import History
from napari_slitseg.pipelines import readers_plans as plans
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.readers_plans import StoredReading
from napari_slitseg.store import SHARED, Project, StoreError
from napari_slitseg.widgets._blind import Blind
from napari_slitseg.widgets._blind_files import can_be_read, name_in
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._workspace import Workspace

if TYPE_CHECKING:
    from napari_slitseg.widgets._keeper import Keeper


class Readings:
    """The reading that a window shows, if it shows one.

    Signals: `changed()` when one begins or ends.

    Attributes
    ----------
    shown : StoredReading or None
        The reading that goes on in this window.
    trouble : str
        Why a reading that was cut off could not be found; "" where nothing is wrong.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace, keeper: Keeper) -> None:
        self.shown: StoredReading | None = None
        self.trouble = ""
        self._workspace = workspace
        self._keeper = keeper
        self._editor = ""
        self._looked: set[object] = set()
        workspace.entries_changed.connect(self._on_entries)
        workspace.current_changed.connect(self._on_current)

    def here(self) -> dict[str, StoredReading]:
        """Return the readings of the project of the image that is shown, by reader.

        Raises
        ------
        JobError, StoreError
            If they cannot be read.
        """
        project = self.project
        return {} if project is None else plans.readings(project)

    @property
    def project(self) -> Project | None:
        """The project of the image that is shown, or of the first one; None without one.

        Raises
        ------
        StoreError
            If it cannot be read.
        """
        first = self._first_file()
        return None if first is None else self._keeper.project_of(first)

    def readable(self) -> tuple[ImageEntry, ...]:
        """Images that a reading can have: read from files in the folder of the one shown."""
        first = self._first_file()
        path = None if first is None else self._workspace.unblinded(first).path
        folder = None if path is None else path.parent
        return tuple(e for e in self._workspace.entries if can_be_read(e, folder))

    def begin(self, reader: str, keys: Sequence[int], settings: ReadingSettings) -> None:
        """Blind the window for a reader.

        Raises
        ------
        JobError
            If the reader or the images make no sense, or something would be lost.
        StoreError
            If the project cannot be written.
        """
        self._refuse_while_shown()
        wanted = set(keys)
        chosen = [entry for entry in self.readable() if entry.key in wanted]
        if not chosen:
            raise JobError("A reading needs images that were read from files of one folder.")
        lost = [e for e in self._workspace.entries if e.edited and not self._keeper.is_kept(e.key)]
        if lost:
            raise JobError(
                f"Save the annotations of {lost[0].name} first: during a reading nothing but the "
                "reader's own points is there."
            )
        project = self._keeper.begun_project(chosen[0].key)
        names = [name_in(project, entry) for entry in chosen]
        for entry in chosen:
            if entry.path is not None:
                project.add_image(entry.path, entry.page, entry.shape, entry.file_size_nm)
        self._show(project, plans.begin_reading(project, reader, names, settings))

    def resume(self, reader: str) -> None:
        """Go on with a reading that was left.

        Raises
        ------
        JobError
            If it is over, or none of its images is in the list.
        StoreError
            If the project cannot be written.
        """
        self._refuse_while_shown()
        project, reading = self.project, self.here().get(reader)
        if project is None or reading is None or reading.plan.is_over:
            raise JobError(f"There is no reading of {reader} to go on with.")
        if not self._keys(project, reading):
            raise JobError(f"None of the images that {reader} reads is in the list.")
        self._show(project, plans.resume_reading(project, reading))

    def leave(self) -> None:
        """Stop showing the reading; it can be resumed. This is written down, or raised as `end`."""
        project, reading = self._kept()
        plans.leave_reading(project, reading, reading.plan.reader)
        self._unblind()

    def end(self, by: str) -> StoredReading:
        """Unblind the reading for good; who did it is written down.

        Raises
        ------
        JobError
            If nobody says who, or edits are not kept yet.
        StoreError
            If it cannot be written; the reading goes on.
        """
        project, reading = self._kept()
        over = plans.end_reading(project, reading, by)
        self._unblind()
        return over

    def place(self) -> tuple[int, int]:
        """Return the number of the image that is shown, from 1, and how many there are."""
        keys = [entry.key for entry in self._workspace.entries]
        current = self._workspace.current
        number = 0 if current is None else keys.index(current.key) + 1
        return number, len(keys)

    def _first_file(self) -> int | None:
        current = self._workspace.current
        entries = [*filter(None, [current]), *self._workspace.entries]
        every = (self._workspace.unblinded(entry.key) for entry in entries)
        return next((entry.key for entry in every if entry.path is not None), None)

    def _refuse_while_shown(self) -> None:
        if self.shown is not None:
            raise JobError(f"The reading of {self.shown.plan.reader} goes on. End or leave it.")

    def _kept(self) -> tuple[Project, StoredReading]:
        """Return the reading that is shown, with all its edits kept."""
        project = self.project
        if self.shown is None or project is None:
            raise JobError("No reading goes on in this window.")
        self._keeper.retry()
        entries = self._workspace.every_entry()
        unkept = [e for e in entries if e.edited and not self._keeper.is_kept(e.key)]
        if unkept:
            raise JobError(
                "Points of this reading are not kept yet, so it goes on. See what Review says "
                "about keeping, and try again."
            )
        return project, self.shown

    def _show(self, project: Project, reading: StoredReading) -> None:
        workspace, reader = self._workspace, reading.plan.reader
        workspace.open(None)
        self._editor, workspace.editor, workspace.track = workspace.editor, reader, reader
        workspace.blind = Blind(reading.plan)
        self.shown, self.trouble = reading, ""
        self._take_in(self._keys(project, reading))
        workspace.entries_changed.emit()
        workspace.open(workspace.blind.first_open(workspace.entries))
        self.changed.emit()

    def _take_in(self, keys: dict[str, int]) -> None:
        """Put aside what others say of images, and show what the reader said."""
        blind, workspace = self._workspace.blind, self._workspace
        for image, key in keys.items():
            if blind is not None and not blind.has(key):
                blind.take_away(image, workspace.unblinded(key))
                nothing = {"history": History(), "annotation": None, "membrane": None}
                found = nothing | self._keeper.recall(key, {}, workspace.track)
                own = {name: found[name] for name in nothing}
                workspace.update(key, **own, annotation_path=None, edited=False)

    def _unblind(self) -> None:
        workspace, blind = self._workspace, self._workspace.blind
        workspace.open(None)
        self.shown, self.trouble = None, ""
        workspace.blind, workspace.track, workspace.editor = None, SHARED, self._editor
        for key, values in ({} if blind is None else blind.aside).items():
            if workspace.has(key):
                workspace.update(key, **values)
        workspace.entries_changed.emit()
        workspace.open(next((entry.key for entry in workspace.entries), None))
        self.changed.emit()

    def _keys(self, project: Project, reading: StoredReading) -> dict[str, int]:
        """Images of a reading that are in the list: keys by what the plan calls them."""
        wanted = {showing.image for showing in reading.plan.showings}
        named = {
            name_in(project, entry): entry.key
            for entry in self._workspace.every_entry()
            if entry.path is not None and not entry.layer_slice
        }
        return {name: key for name, key in named.items() if name in wanted}

    def _on_current(self, key: int | None) -> None:
        """Note that the reader has opened an image: it counts as read, also without points."""
        if self.shown is not None and key is not None and self._keeper.review_of(key) == "open":
            self._keeper.set_review(key, "in progress")

    def _on_entries(self) -> None:
        """Take further images into the reading, or resume one that a crash cut off."""
        try:
            if self.shown is None:
                self._resume_after_crash()
            elif (project := self.project) is not None:
                self._take_in(self._keys(project, self.shown))
        except (JobError, StoreError) as error:
            self.trouble = str(error)
            self.changed.emit()

    def _resume_after_crash(self) -> None:
        folders = {e.path.parent: e.key for e in self._workspace.every_entry() if e.path}
        for folder, key in folders.items():
            if folder in self._looked:
                continue
            self._looked.add(folder)
            project = self._keeper.project_of(key)
            reading = None if project is None else plans.shown_here(project)
            if project is not None and reading is not None:
                self._show(project, reading)
                return
