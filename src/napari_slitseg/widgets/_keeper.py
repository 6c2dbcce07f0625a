"""Keep every edit in the project of its images before it is drawn. Knows neither Qt nor napari."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Mapping
from typing import Any, Final
from weakref import finalize

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.review import Annotation
from napari_slitseg.store import SHARED, Project, Review, Stale, StoreError
from napari_slitseg.widgets._keeper_journals import Journals, followed
from napari_slitseg.widgets._keeper_measuring import KeptMeasuring
from napari_slitseg.widgets._keeper_projects import Projects
from napari_slitseg.widgets._keeper_results import KeptResults
from napari_slitseg.widgets._keeper_reviews import KeptReviews
from napari_slitseg.widgets._keeper_scales import KeptScales
from napari_slitseg.widgets._keeper_slot import Slot
from napari_slitseg.widgets._keeper_state import KeeperState, state_of
from napari_slitseg.widgets._keeper_window import ShownLast
from napari_slitseg.widgets._memory import Memory
from napari_slitseg.widgets._workspace import Workspace

_LOOKING: Final = "This window only looks, because another one edits this project."


class Keeper(Journals, Memory):
    """Keeps annotations and review status of a workspace, and finds them again.

    A project begins in the folder of an image at the first edit; what is there already is found
    when an image is read. Signals: `state_changed()` when `state` may be another than before.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._reviews = KeptReviews(self._projects)
        self.scales = KeptScales(workspace, self._projects)
        self.measuring = KeptMeasuring(workspace, self._projects)
        self._said = (self.scales, self.measuring)
        for said in self._said:
            said.changed.connect(self.state_changed.emit)
        self._shown_last = ShownLast(workspace, self._projects)
        self._results = KeptResults(workspace, self._projects)
        workspace.memory = self
        workspace.entry_changed.connect(self._on_entry)
        workspace.entries_changed.connect(self._on_entries)
        workspace.current_changed.connect(self._on_current)
        finalize(self, _let_go, self._projects)

    @property
    def state(self) -> KeeperState:
        """How keeping stands."""
        current = self._workspace.current
        waiting = sum(len(slot.waiting) for slot in self._slots.values())
        waiting += sum(said.n_waiting for said in self._said)
        trouble = self._trouble or self.scales.trouble or self.measuring.trouble
        if current is None:
            return state_of(None, None, waiting, trouble, self._told)
        slot = self._slots.get((current.key, self._workspace.track))
        entry = self._workspace.unblinded(current.key)
        return state_of(entry, slot, waiting, trouble, self._told)

    def is_kept(self, key: int) -> bool:
        """Whether everything that was said of an image is on the disk."""
        slots = [slot for (of, _), slot in self._slots.items() if of == key]
        return any(slot.has_journal for slot in slots) and not any(s.waiting for s in slots)

    @property
    def unkept_images(self) -> tuple[str, ...]:
        """Names of images that left the list before all was kept, and what else is not kept."""
        left = [slot for (key, _), slot in self._slots.items() if not self._workspace.has(key)]
        names = [slot.image.name for slot in left if slot.is_behind and slot.image is not None]
        return (*names, *self.scales.unkept, *self.measuring.unkept)

    def retry(self) -> None:
        """Try again to keep what is not kept, and to read what could not be read."""
        was_busy, current = self._is_busy, self._workspace.current
        for said in self._said:
            said.retry()
        self._keep_all()
        if was_busy and current is not None:
            self.catch_up(current.key)

    @property
    def is_busy(self) -> bool:
        """Whether another program held a project when it was needed last."""
        return self._is_busy or any(said.is_busy for said in self._said)

    def scale_of(self, key: int, of_file: Scale | None) -> Scale | None:
        """Return the scale of an image whose file says `of_file`."""
        return self.scales.of(self._workspace.unblinded(key), of_file)

    def say_scale(self, key: int, scale: Scale | None) -> None:
        """Keep the scale of an image; None takes back what was said of it."""
        self.scales.say([key], scale)

    def set_look_only(self, *, look_only: bool = True) -> None:
        """Let the window only look while another one edits the project, or edit again."""
        self._workspace.locked = _LOOKING if look_only else ""
        self.state_changed.emit()

    def catch_up(self, key: int) -> None:
        """Take in what another window kept of an image meanwhile."""
        track = self._workspace.track
        slot = self._slots.get((key, track))
        if slot is None or slot.waiting:
            return
        if slot.project is None:
            self._look_again(key, slot, track)
            return
        try:
            newer = slot.project.records_since(slot.image_id, track, slot.head)
            if not newer:
                return
            self._take_in(key, Stale(newer, slot.head + len(newer)), track)
        except Stale as stale:
            self._take_in(key, stale, track)
        except StoreError as error:
            self._fail(slot, str(error), is_gone=error.is_gone)

    def _take_in(self, key: int, stale: Stale, track: str) -> None:
        slot = self._slots[key, track]
        self._put_theirs_first(slot, self._workspace.unblinded(key), stale, track)
        if slot.waiting:
            self._keep_all()

    def _look_again(self, key: int, slot: Slot, track: str) -> None:
        """Look for a journal that another window began meanwhile."""
        self._projects.look_again()
        self._find(slot, self._workspace.unblinded(key), track)
        if slot.has_journal:
            self._workspace.restore(key, slot.kept, edited=True)

    def set_review(self, key: int, status: Any) -> None:
        """Tell where the review of an image stands: "open", "in progress" or "done"."""
        entry = self._workspace.unblinded(key)
        try:
            self._reviews.put(entry, self._workspace.track, status, self._workspace.editor)
        except (StoreError, OSError) as error:
            self._trouble = str(error)
        self._trouble = self._results.put([key]) or self._trouble
        self.state_changed.emit()

    def review_of(self, key: int) -> str:
        """Return where the review of an image stands: "open", "in progress" or "done"."""
        review = self._reviews.of(self._workspace.unblinded(key), self._workspace.track)
        return "open" if review is None else review.status

    @property
    def reviews(self) -> dict[int, Review]:
        """Where the review of each image stands, by key; images nobody began are missing."""
        keys = [entry.key for entry in self._workspace.entries]
        track = self._workspace.track
        found = {key: self._reviews.of(self._workspace.unblinded(key), track) for key in keys}
        return {key: review for key, review in found.items() if review is not None}

    def recall(self, key: int, values: Mapping[str, Any], track: str) -> dict[str, Any]:
        """Return what is kept of an image that is being read; a reader's track begins empty."""
        slot = self._slots.get((key, track)) or self._left_behind(key, track)
        if slot is None or not slot.is_behind:
            said = (values.get("annotation"), values.get("membrane")) if track == SHARED else ()
            slot = self._slots[key, track] = Slot(base=Annotation(*said))
            self._find(slot, self._workspace.unblinded(key), track)
            self.measuring.look_again_at(key)
        if not slot.has_journal and not slot.is_behind:
            return {}
        history = followed(slot.kept if slot.has_journal else slot.begun, slot.waiting)
        found: dict[str, Any] = {
            "history": history,
            "annotation": history.state.points,
            "membrane": history.state.membrane,
        }
        if track == SHARED and slot.project is not None:
            found |= self._files.compared(slot.project, values, history)
        if slot.project is not None:
            entry, told = self._workspace.unblinded(key), {**values, **found}
            found |= self._files.content_told(slot.project, slot.image_id, entry, told)
        return found

    def project_of(self, key: int) -> Project | None:
        """Return the project that is there for an image, None where there is none yet.

        Raises
        ------
        StoreError
            If it cannot be read.
        """
        path = self._workspace.unblinded(key).path
        return None if path is None else self._projects.of(path)

    def begun_project(self, key: int) -> Project:
        """Return the project of an image that has a file, begun where there is none.

        Raises
        ------
        StoreError
            If it cannot be read, or none can be made.
        """
        entry = self._workspace.unblinded(key)
        if entry.path is None:
            raise StoreError(f"{entry.name} has no file, so no project can keep it.")
        return self._projects.begun(entry.path)

    def close(self) -> None:
        """Let go of all projects; they are opened again when something is to be kept."""
        self._remember_window()
        self._results.put({key for key, _ in self._slots})
        for slot in self._slots.values():
            slot.project = None
        self._projects.close()

    def _on_entry(self, key: int) -> None:
        """Remember a file that was saved or read."""
        slot = self._slots.get((key, SHARED))
        if slot is None or slot.project is None or slot.project.is_read_only:
            return
        try:
            self._files.remember(slot.project, slot.image_id, self._workspace.unblinded(key))
        except StoreError as error:
            self._trouble = str(error)

    def _on_entries(self) -> None:
        """Find what the window showed last of a project whose images were listed."""
        self._files.look_again()
        for said in self._said:
            said.look_again()
        self._forget_left()
        try:
            self._shown_last.go_on()
        except StoreError as error:
            self._trouble = str(error)

    def _on_current(self, key: int | None) -> None:
        self._trouble = self._results.put_last(key) or self._trouble
        if key is not None:
            self.catch_up(key)
            self._remember_window()
        self.state_changed.emit()

    def _remember_window(self) -> None:
        current = self._workspace.current
        slot = None if current is None else self._slots.get((current.key, self._workspace.track))
        self._shown_last.remember(None if slot is None else slot.project)


def _let_go(projects: Projects) -> None:
    with contextlib.suppress(sqlite3.Error):
        projects.close()
