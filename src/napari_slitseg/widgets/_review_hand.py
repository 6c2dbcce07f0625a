"""What a person does, by the name of the action."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from psygnal import Signal

from napari_slitseg.core.review import Edit
from napari_slitseg.widgets._review_acts import Acts
from napari_slitseg.widgets._review_membrane import membrane_lines
from napari_slitseg.widgets._review_tour import Tour
from napari_slitseg.widgets._review_walk import Walk, nearest_thing
from napari_slitseg.widgets._scoring import assumed_nm
from napari_slitseg.widgets._workspace import Workspace

_APART_NM: Final = 60.0
_NO_MOUSE: Final = "Point at a place in the image with the mouse, then press the key."
_MOVING: Final = "Click where it belongs, or use the arrow keys (with Shift 5 px). Esc ends."


class Hand:
    """Judges, moves, adds and undoes; after a decision it goes on.

    Signals: `told(text, bad)`, `moving_changed(moving)`.

    Attributes
    ----------
    goes_on : bool
        Whether a decision leads to the next open item.
    moving : bool
        Whether a click or arrow keys move the point under review.
    """

    told = Signal(str, bool)
    moving_changed = Signal(bool)

    def __init__(
        self, workspace: Workspace, walk: Walk, tour: Tour, confirm: Callable[[str], bool]
    ) -> None:
        self._workspace = workspace
        self._walk = walk
        self._tour = tour
        self._look = tour.look
        self._confirm = confirm
        self.acts = Acts(workspace, walk)
        self.acts.told.connect(self.told.emit)
        self.goes_on = True
        self.moving = False

    # -- decisions

    def accept(self) -> None:
        """Accept the selected points, or the item under review."""
        self._decide(self.acts.accept)

    def reject(self) -> None:
        """Reject them."""
        self._decide(self.acts.reject)

    def uncertain(self) -> None:
        """Say that one is not sure of them, or is after all."""
        self._decide(self.acts.uncertain)

    def delete(self) -> None:
        """Withdraw them."""
        self._decide(self.acts.delete)

    def merge(self) -> None:
        """Make one of the selected points, or of the one under review and its neighbour."""
        self._decide(self.acts.merge)

    def project(self) -> None:
        """Put them onto the membrane line."""
        entry = self._workspace.current
        lines = () if entry is None else membrane_lines(entry)
        self._decide(lambda ids: self.acts.project(lines, ids))

    def snap(self) -> None:
        """Move the annotated slit onto its detection."""
        self._decide(lambda _: self.acts.snap())

    def _decide(self, act: Callable[[Sequence[int]], bool]) -> None:
        """Act on what is selected or under review; then on to the next open item."""
        self.stay()
        selected = self._look.selected_ids()
        if act(selected) and self.goes_on and not selected:
            self._go_on()

    def _go_on(self) -> None:
        self._rest()
        if self._walk.n_open:
            self._tour.next()

    def _rest(self) -> None:
        """Review nothing more where nothing is open."""
        if not self._walk.n_open:
            self._walk.go_to(None)

    def accept_above(self) -> None:
        """Accept everything above the threshold that nobody judged, if the person agrees."""
        entry = self._workspace.current
        if entry is None or entry.prediction is None:
            self._tell("There is no prediction yet.", bad=True)
            return
        score = entry.prediction.threshold
        number = self.acts.count_above(score)
        slits = "1 slit" if number == 1 else f"{number} slits"
        if not number:
            self._tell(f"Everything with a score of at least {score:g} is judged already.")
        elif self._confirm(
            f"Accept {slits} with a score of at least {score:g} that nobody judged?"
        ) and self.acts.accept_above(score):
            self._tell(f"Accepted {slits}.")
            self._rest()

    # -- placing

    def move(self) -> None:
        """Let the next click, or arrow keys, move the point under review; or end that."""
        if self.moving:
            self.stay()
        elif self._walk.item is None:
            self._tell("No item is under review. Go to the next one, or click on a slit.", bad=True)
        else:
            self._set_moving(moving=True)
            self._tell(_MOVING)

    def stay(self) -> None:
        """End moving."""
        if self.moving:
            self._set_moving(moving=False)
            self._tell("")

    def _set_moving(self, *, moving: bool) -> None:
        self.moving = moving
        self.moving_changed.emit(moving)

    def move_here(self) -> None:
        """Move the point under review to the mouse."""
        self._at_mouse(lambda yx: self._decide(lambda _: self.acts.move(yx)))

    def nudge(self, down_px: float, right_px: float) -> None:
        """Move the point under review a little."""
        if self.acts.nudge(down_px, right_px):
            self._walk.follow()

    def add(self) -> None:
        """Set a slit at the mouse."""
        self._at_mouse(self.acts.add)

    def _at_mouse(self, act: Callable[[tuple[float, float]], object]) -> None:
        entry = self._workspace.current
        yx = None if entry is None else self._look.pointer(entry)
        if yx is None:
            self._tell(_NO_MOUSE, bad=True)
        else:
            act(yx)

    def click(self, y: float, x: float) -> None:
        """Take a click on the image: it moves the point, or chooses what is under review."""
        if self.moving:
            self._decide(lambda _: self.acts.move((y, x)))
        else:
            self._walk.pick((y, x), self._look.radius_px())

    def split(self) -> None:
        """Make two of the point under review."""
        entry = self._workspace.current
        size_nm = 1.0 if entry is None else entry.pixel_size_nm or assumed_nm(entry)
        self.acts.split(_APART_NM / size_nm)

    # -- undoing

    def undo(self) -> None:
        """Take back the last edit of the image and show where it was."""
        self._show_edit(self.acts.undo())

    def redo(self) -> None:
        """Do it again and show where it is."""
        self._show_edit(self.acts.redo())

    def _show_edit(self, edit: Edit | None) -> None:
        entry = self._workspace.current
        if edit is None or entry is None or not edit.changes_points:
            return
        rows = edit.before if len(edit.before) else edit.after
        y, x = np.asarray(rows.yx[0]).tolist()
        thing = nearest_thing(entry, self._walk.items, (y, x), np.inf)
        if thing is not None:
            self._tour.go_to(thing)

    # -- what is shown

    def lines(self) -> None:
        """Show the lines of matched pairs, or hide them."""
        self._look.shows_lines = not self._look.shows_lines
        self._look.lines()
        self._walk.changed.emit()

    def taken_away(self) -> None:
        """Show the points that were taken away, or hide them."""
        self._look.shows_gone = not self._look.shows_gone
        self._look.gone(self._workspace.current)
        self._walk.changed.emit()

    def _tell(self, text: str, *, bad: bool = False) -> None:
        self.told.emit(text, bad)
