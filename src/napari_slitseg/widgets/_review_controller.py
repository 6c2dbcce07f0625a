"""A review without Qt: every action by its name, on the images of one viewer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from psygnal import Signal, SignalInstance

from napari_slitseg.core.review import Record
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._review_hand import Hand
from napari_slitseg.widgets._review_look import Look
from napari_slitseg.widgets._review_mouse import Mouse
from napari_slitseg.widgets._review_target import Target
from napari_slitseg.widgets._review_tour import Tour
from napari_slitseg.widgets._review_walk import Walk
from napari_slitseg.widgets._session import Session

if TYPE_CHECKING:
    from napari import Viewer

_TOUR: Final = ("next", "previous", "show", "next_image", "previous_image", "done")
_HAND: Final = (
    *("accept", "reject", "uncertain", "accept_above", "move_here", "move", "stay", "snap"),
    *("project", "add", "delete", "merge", "split", "undo", "redo", "lines", "taken_away"),
)
_NUDGES: Final = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
_FAR: Final = 5


class Reviewer:
    """Walks, judges and shows; a dock calls `do` and listens.

    Signals: `told(text, bad)` for news, `changed()` when anything to show is another,
    `help_wanted()`.

    Parameters
    ----------
    viewer : Viewer
        Where the images are shown.
    session : Session
        Of that viewer.
    confirm : callable
        Asks the person a question; True for yes.
    """

    told = Signal(str, bool)
    changed = Signal()
    help_wanted = Signal()

    def __init__(self, viewer: Viewer, session: Session, confirm: Callable[[str], bool]) -> None:
        self.workspace = session.workspace
        self.look = Look(viewer, session.layers)
        self.walk = Walk(session.workspace)
        self.tour = Tour(session, self.walk, self.look)
        self.hand = Hand(session.workspace, self.walk, self.tour, confirm)
        self.mouse = Mouse(self.look, self.hand.click)
        self._target = Target(session.workspace, self.walk)
        self._seen = True
        self._connect()
        self.tour.images.reload()
        self.walk.follow()

    def _connect(self) -> None:
        for signal, slot in self._subscriptions():
            signal.connect(slot)
        self.walk.changed.connect(self._on_walk)
        self.tour.images.changed.connect(self.changed.emit)
        self.hand.moving_changed.connect(self._on_moving)
        for part in (self.tour, self.hand):
            part.told.connect(self.told.emit)
        self.mouse.begin()

    def _subscriptions(self) -> tuple[tuple[SignalInstance, Callable[..., object]], ...]:
        return (
            (self.workspace.current_changed, self._on_current),
            (self.workspace.entry_changed, self._on_entry),
            (self.workspace.entries_changed, self._on_entries),
            (self.workspace.settings_changed, self.walk.follow),
            (self.workspace.recorded, self._on_recorded),
        )

    def close(self) -> None:
        """Let go of the workspace and the viewer."""
        for signal, slot in self._subscriptions():
            signal.disconnect(slot, missing_ok=True)

    def set_seen(self, *, seen: bool) -> None:
        """Show the marks of a review, or take them away while nobody reviews."""
        if self.look.is_gone or seen == self._seen:
            return
        self._seen = seen
        if seen:
            self.mouse.begin()
        else:
            self.mouse.end()
            self.tour.stop()
        self.hand.stay()
        self._mark()
        self.look.gone(self.entry if seen else None)

    @property
    def entry(self) -> ImageEntry | None:
        """The image that is shown."""
        return self.workspace.current

    def do(self, action: str) -> None:
        """Do an action of `BINDINGS`; what was told before is over."""
        if not self.hand.moving:
            self.told.emit("", False)  # noqa: FBT003
        if action in _TOUR:
            self.hand.stay()
            getattr(self.tour, action)()
        elif action in _HAND:
            getattr(self.hand, action)()
        elif action == "help":
            self.help_wanted.emit()
        else:
            down, right = _NUDGES[action.removesuffix("_far")]
            far = _FAR if action.endswith("_far") else 1
            self.hand.nudge(far * down, far * right)

    def possible(self) -> frozenset[str]:
        """Return the actions that can do something now."""
        entry, can = self.entry, {"help", "next_image", "previous_image"}
        if not self.workspace.entries:
            return frozenset({"help"})
        if entry is None or not entry.shape[0]:
            return frozenset(can)
        can |= {"add", "done", "next", "previous"}
        history = entry.history
        can |= {"undo"} if history.can_undo else set()
        can |= {"redo"} if history.can_redo else set()
        can |= {"accept_above"} if entry.prediction is not None else set()
        chosen = bool(self.look.selected_ids())
        item = self.walk.item
        if chosen or item is not None:
            can |= {"accept", "reject", "uncertain", "move", "move_here", "show"}
        if chosen or (item is not None and item.annotation_id is not None):
            can |= {"delete", "merge", "split", "project", "snap"}
        return frozenset(can)

    # -- what follows

    def _on_current(self, _key: int | None) -> None:
        self.hand.stay()
        self.told.emit("", False)  # noqa: FBT003
        self.walk.follow()
        self.look.lines()
        self.look.gone(self.entry)
        self.tour.arrived()

    def _on_entry(self, key: int) -> None:
        if self.entry is not None and self.entry.key == key:
            self.walk.follow()
            self.look.gone(self.entry)

    def _on_entries(self) -> None:
        self.tour.images.reload()

    def _on_recorded(self, key: int, _record: Record) -> None:
        self.tour.images.begin(key)

    def _on_walk(self) -> None:
        self._mark()
        self.changed.emit()

    def _mark(self) -> None:
        self.look.ring(self.entry, self._target.place() if self._seen else None)

    def _on_moving(self, moving: bool) -> None:  # noqa: FBT001
        self.mouse.always = moving
        self.changed.emit()
