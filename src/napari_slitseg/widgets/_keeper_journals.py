"""The journals of the images of a window: what is on the disk, and what still has to get there."""

from __future__ import annotations

from collections.abc import Iterable

from psygnal import Signal

from napari_slitseg.core.review import History, Record
from napari_slitseg.store import Project, Stale, StoreError
from napari_slitseg.widgets._editing import history_of
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._keeper_files import FileWatch
from napari_slitseg.widgets._keeper_projects import Projects
from napari_slitseg.widgets._keeper_slot import Slot, bare, journal_of, missing_in, with_theirs
from napari_slitseg.widgets._workspace import Workspace

_LOST = (
    "Not done: {edits}. Another window changed the same points of {name} first; its changes are "
    "shown now. Do it again where it is still needed."
)
_STAND_IN = "{folder} cannot be written, so edits are kept in {path}."
_CONTENDED = "Another window edits {name} all the time. It is tried again in a moment."
_OTHERWISE = (
    "What was done to {name} does not fit what its project says, so it was not written there. Save "
    "the annotations to a file."
)
_TRIES = 5


class Journals:
    """Appends every edit of a workspace to the journal of its image.

    Signals: `state_changed()` when something was kept, or could not be.
    """

    state_changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._projects = Projects()
        self._files = FileWatch()
        self._slots: dict[tuple[int, str], Slot] = {}
        self._trouble = ""
        self._told = ""
        self._is_busy = False
        workspace.recorded.connect(self._on_recorded)

    def _on_recorded(self, key: int, record: Record) -> None:
        """Keep what was done; what waits from before goes first."""
        track, entry = self._workspace.track, self._workspace.unblinded(key)
        slot = self._slots.setdefault((key, track), Slot())
        history = history_of(entry)
        slot.image = bare(entry)
        if not slot.waiting and (slot.is_new or history is not entry.history):
            slot.begin_with(history)
        slot.waiting.append(record)
        self._told = ""
        self._keep_all()

    def _keep_all(self) -> None:
        self._trouble = ""
        self._is_busy = False
        for (key, track), slot in list(self._slots.items()):
            entry = self._workspace.unblinded(key) if self._workspace.has(key) else slot.image
            if slot.is_behind and entry is not None and entry.path is not None:
                self._keep(slot, entry, track)
            if self._is_busy:
                break
        self.state_changed.emit()

    def _keep(self, slot: Slot, entry: ImageEntry, track: str) -> None:
        """Bring what waits to the disk, after what other windows brought there."""
        try:
            for _ in range(_TRIES):
                try:
                    self._append(slot, entry, track)
                    return
                except Stale as stale:
                    self._put_theirs_first(slot, entry, stale, track)
            self._trouble = _CONTENDED.format(name=entry.name)
        except StoreError as error:
            self._is_busy = error.is_busy
            self._fail(slot, str(error), is_gone=error.is_gone or error.is_read_only)
        except OSError as error:
            self._fail(slot, f"{error.filename}: {error.strerror}.", is_gone=False)

    def _append(self, slot: Slot, entry: ImageEntry, track: str) -> None:
        project = self._journal_for(slot, entry, track)
        while slot.waiting:
            try:
                kept = slot.kept.follow(slot.waiting[0])
            except ValueError as error:
                raise StoreError(_OTHERWISE.format(name=entry.name)) from error
            slot.head = project.append(slot.image_id, track, slot.waiting[0], slot.head)
            slot.kept = kept
            del slot.waiting[0]
        self._files.remember(project, slot.image_id, entry)

    def _journal_for(self, slot: Slot, entry: ImageEntry, track: str) -> Project:
        """Project that has a journal of the image, begun if need be."""
        if slot.project is None and slot.has_journal:
            self._open_again(slot, entry, track)
        if slot.project is None or slot.project.is_read_only:
            slot.base = slot.base if slot.is_new or slot.is_anew else slot.kept.base
            slot.kept = History.of(slot.base) if slot.is_anew else slot.kept
            self._begin(slot, entry, track)
        elif slot.is_anew:
            slot.head = slot.project.begin(slot.image_id, track, slot.base, slot.head)
            slot.kept = History.of(slot.base)
        slot.is_anew = False
        if slot.project is None:
            raise StoreError(f"There is no project for {entry.name}.")
        return slot.project

    def _open_again(self, slot: Slot, entry: ImageEntry, track: str) -> None:
        """Open the project of a journal, unless another one took its place meanwhile."""
        project = None if entry.path is None else self._projects.of(entry.path)
        if project is not None and self._files.image_id(project, entry) == slot.image_id:
            has_begun = project.base(slot.image_id, track) is not None
            slot.project = project if has_begun else None

    def _begin(self, slot: Slot, entry: ImageEntry, track: str) -> None:
        if entry.path is None:
            return
        project = self._projects.begun(entry.path)
        image_id = project.add_image(
            entry.path, entry.page, entry.shape, entry.file_size_nm, self._files.sha256(entry.path)
        )
        try:
            slot.head = project.begin(image_id, track, slot.base)
        except Stale:
            slot.project, slot.image_id = project, image_id
            theirs, _ = project.history(image_id, track)
            slot.waiting = [*missing_in(theirs, slot.kept), *slot.waiting]
            raise
        slot.project, slot.image_id = project, image_id
        slot.waiting = [*journal_of(slot.kept), *slot.waiting]
        slot.kept = History.of(slot.base)
        if not entry.path.absolute().is_relative_to(project.folder.absolute()):
            self._told = _STAND_IN.format(folder=entry.path.parent, path=project.folder)

    def _put_theirs_first(self, slot: Slot, entry: ImageEntry, stale: Stale, track: str) -> None:
        """Take in what another window kept, then what was done here where it still fits."""
        if slot.project is None:
            return
        self._take_theirs(slot, stale, track)
        slot.is_anew = False
        slot.waiting, lost = with_theirs(slot.kept, slot.waiting)
        if lost:
            shown = self._workspace.has(entry.key)
            name = self._workspace.entry(entry.key).name if shown else entry.name
            self._told = _LOST.format(edits=", ".join(lost), name=name)
        if track == self._workspace.track and self._workspace.has(entry.key):
            self._workspace.restore(entry.key, followed(slot.kept, slot.waiting), edited=True)

    def _take_theirs(self, slot: Slot, stale: Stale, track: str) -> None:
        if slot.project is None:
            return
        try:
            if stale.is_restarted or not stale.records:
                raise ValueError
            for record in stale.records:
                slot.kept = slot.kept.follow(record)
            slot.head = stale.head
        except ValueError:
            own = slot.kept
            slot.kept, slot.head = slot.project.history(slot.image_id, track)
            if not stale.is_restarted:
                slot.waiting = [*missing_in(slot.kept, own), *slot.waiting]

    def _fail(self, slot: Slot, why: str, *, is_gone: bool) -> None:
        """Say what went wrong; a project that is gone is looked for again next time."""
        self._trouble = why
        project = slot.project
        if is_gone and project is not None:
            for each in self._slots.values():
                if each.project is project:
                    each.base, each.project, each.image_id = each.kept.base, None, -1
            self._projects.drop(project)

    def _find(self, slot: Slot, entry: ImageEntry, track: str) -> None:
        """Look for a journal of the image; one that cannot be read is told."""
        if entry.path is None:
            return
        try:
            project = self._projects.of(entry.path)
            image_id = None if project is None else self._files.image_id(project, entry)
            if project is None or image_id is None:
                return
            if (base := project.base(image_id, track)) is not None:
                slot.base = base
                slot.kept, slot.head = project.history(image_id, track)
                slot.project, slot.image_id = project, image_id
        except StoreError as error:
            self._trouble = str(error)
            self._is_busy = self._is_busy or error.is_busy

    def _left_behind(self, key: int, track: str) -> Slot | None:
        """Take over what waits of an image that left the list and is there again."""
        entry = self._workspace.unblinded(key)
        for (other, of), slot in list(self._slots.items()):
            image = None if self._workspace.has(other) else slot.image
            same = image is not None and (image.path, image.page) == (entry.path, entry.page)
            if same and of == track and slot.is_behind:
                self._slots[key, track] = self._slots.pop((other, of))
                return slot
        return None

    def _forget_left(self) -> None:
        """Let go of images that left the list, unless something of them is to be kept yet."""
        for (key, track), slot in list(self._slots.items()):
            can_wait = slot.is_behind and slot.image is not None and slot.image.path is not None
            if not self._workspace.has(key) and not can_wait:
                del self._slots[key, track]


def followed(history: History, records: Iterable[Record]) -> History:
    """Return a history after more records."""
    for record in records:
        history = history.follow(record)
    return history
