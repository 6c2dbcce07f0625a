"""Which images are reviewed, and which comes next. Knows neither Qt nor napari."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Literal
from weakref import WeakKeyDictionary

from psygnal import Signal

from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._review_walk import Walk, items_of
from napari_slitseg.widgets._workspace import Workspace

if TYPE_CHECKING:
    from napari_slitseg.widgets._keeper import Keeper

Which = Literal["with open items", "not reviewed", "doubtful first", "all"]

WHICH: Final[tuple[Which, ...]] = ("with open items", "not reviewed", "doubtful first", "all")
"""Images that a walk from image to image stops at."""


class Images:
    """The images of a window as something to review, and where the review of each stands.

    Signals: `changed()` when an image was marked as done, or is no longer.

    Attributes
    ----------
    which : str
        One of `WHICH`; "doubtful first" are those not reviewed in another order.
    """

    changed = Signal()

    def __init__(
        self, workspace: Workspace, walk: Walk, keeper: Keeper, ranked: Callable[[], list[int]]
    ) -> None:
        self._workspace = workspace
        self._walk = walk
        self._keeper = keeper
        self._ranked = ranked
        self._open: WeakKeyDictionary[ImageEntry, tuple[object, int]] = WeakKeyDictionary()
        self._status: dict[int, str] = {}
        self.which: Which = "with open items"

    def reload(self) -> None:
        """Take what the projects of the images say; the window alone knows of those without."""
        kept = {key: review.status for key, review in self._keeper.reviews.items()}
        own = {e.key: self._status.get(e.key) for e in self._workspace.entries if e.path is None}
        self._status = {**kept, **{key: status for key, status in own.items() if status}}
        self.changed.emit()

    def is_done(self, key: int) -> bool:
        """Whether an image is reviewed."""
        return self._status.get(key) == "done"

    def set_done(self, key: int, *, done: bool) -> None:
        """Say that an image is reviewed, or is not after all."""
        if done != self.is_done(key):
            self._put(key, "done" if done else "in progress")

    def begin(self, key: int) -> None:
        """Say that somebody began to review an image."""
        if self._status.get(key, "open") == "open":
            self._put(key, "in progress")

    def _put(self, key: int, status: str) -> None:
        self._status[key] = status
        if self._workspace.entry(key).path is not None:
            self._keeper.set_review(key, status)
        self.changed.emit()

    @property
    def n_done(self) -> int:
        """How many of the images are reviewed."""
        return sum(self.is_done(entry.key) for entry in self._workspace.entries)

    def n_open(self, entry: ImageEntry) -> int:
        """How many items of an image nobody judged yet."""
        settings = (self._workspace.tolerance_nm, self._walk.kinds)
        known = self._open.get(entry)
        if known is None or known[0] != settings:
            found = items_of(entry, self._workspace.tolerance_nm)
            number = sum(item.kind in self._walk.kinds and not item.judged for item in found)
            known = self._open[entry] = (settings, number)
        return known[1]

    def neighbour(self, by: int = 1) -> int | None:
        """Key of the next (+1) or previous (-1) image to stop at; from the end to the beginning."""
        entries, current = self._in_order(), self._workspace.current
        rows = [row for row, entry in enumerate(entries) if entry is current]
        here = rows[0] if rows else (-1 if by > 0 else 0)
        for step in range(1, len(entries) + 1):
            entry = entries[(here + by * step) % len(entries)]
            if entry is not current and self._stops_at(entry):
                return entry.key
        return None

    def _in_order(self) -> Sequence[ImageEntry]:
        if self.which != "doubtful first":
            return self._workspace.entries
        return [self._workspace.entry(key) for key in self._ranked()]

    def _stops_at(self, entry: ImageEntry) -> bool:
        if self.which == "all":
            return True
        if self.is_done(entry.key):
            return False
        return self.which != "with open items" or self.n_open(entry) > 0
