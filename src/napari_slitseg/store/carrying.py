"""What one journal came to, carried over to another that went its own way. Pure; no file.

What changed there since the two parted is compared with what is here. A row is taken over where
the point is still as it was then. Where both people did the same, nothing is to be done. Where
they did different things to the same point, both versions stay: the one that is here, and the
other one as a point of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.points_table import PointTable
from napari_slitseg.core.review import Annotation, Edit, StripeChange, apply

MERGE: Final = "merge"
"""Kind of an edit that takes points over."""


@dataclass(frozen=True)
class Row:
    """A point without its id."""

    y: float
    x: float
    score: float
    status: str
    origin: str
    uncertain: bool
    editor: str
    time: str

    def says_as(self, other: Row) -> bool:
        """Whether two rows say the same, whoever said it and when."""
        return self._said == other._said

    @property
    def _said(self) -> tuple[float, float, str, bool]:
        status = "accepted" if self.status in ("added", "moved") else self.status
        return self.y, self.x, status, self.uncertain


class Carrier:
    """Takes edits of another journal over, one after the other.

    Parameters
    ----------
    state : Annotation
        What this journal has come to.
    base : Annotation
        What it began with.
    ids : dict
        Id here of each id there, as far as known.

    Attributes
    ----------
    edits : list of Edit
        To be done here.
    conflicts : list of str
        What was said differently in both, in words.
    """

    def __init__(self, state: Annotation, base: Annotation, ids: dict[int, int]) -> None:
        self.state = state
        self.edits: list[Edit] = []
        self.conflicts: list[str] = []
        self._rows: dict[int, Row] = {}
        self._at: dict[tuple[float, float], list[int]] = {}
        self._place(rows_of(state.points))
        self.ids = {there: here for there, here in ids.items() if here in self._rows}
        self._taken = set(self.ids.values())
        self._first = rows_of(base.points)
        self._next = max(self._rows, default=-1) + 1

    def know_base(self, points: PointTable | None) -> dict[int, Row]:
        """Recognise points with which both journals began; return them by their id there."""
        first = {(row.y, row.x): (here, row) for here, row in self._first.items()}
        known = {}
        for number, row in rows_of(points).items():
            here, mine = first.get((row.y, row.x), (None, row))
            if here in self._rows and mine.says_as(row):
                self._know(number, here)
                known[number] = row
        return known

    def carry(self, then: dict[int, Row], now: dict[int, Row], last: Edit) -> None:
        """Take over what became of the points there, signed as the edit that did it last."""
        changes: dict[int, Row] = {}
        for number, row in now.items():
            before = then.get(number)
            if before is None or not before.says_as(row):
                self._decide(number, before, row, changes)
        for number in then.keys() - now.keys():
            self._take_back(number, then[number], changes)
        if changes:
            self._do(changes, last)

    def carry_membrane(
        self, before: NDArray[np.bool_] | None, after: NDArray[np.bool_] | None, last: Edit
    ) -> None:
        """Take over the pixels of the membrane that changed, signed as the edit that did it last.

        Pixels have two values only, so two people cannot change one in different ways.
        """
        if after is None:
            return
        was = np.zeros(after.shape, np.bool_) if before is None else before
        here = self.state.membrane
        mine = np.zeros(after.shape, np.bool_) if here is None else here
        if not was.shape == after.shape == mine.shape:
            self.conflicts.append(f"the membrane was drawn on an image of {after.shape} px")
            return
        stripe = StripeChange.between(mine, np.where(was != after, after, mine))
        if stripe.flipped.size:
            edit = Edit("merge membrane", stripe=stripe, editor=last.editor, time=last.time)
            self.edits.append(edit)
            self.state = apply(self.state, edit)

    def _decide(
        self, number: int, before: Row | None, becomes: Row, changes: dict[int, Row]
    ) -> None:
        here = self.ids.get(number, self._same_place(becomes))
        if here is None:
            self._add(number, becomes, changes)
            return
        self._know(number, here)
        mine = changes.get(here) or self._rows[here]
        if mine.says_as(becomes) or (before is None and becomes.status == "proposed"):
            return
        if mine.status in ("deleted", "proposed") if before is None else mine.says_as(before):
            changes[here] = becomes
            return
        self.conflicts.append(
            f"the point at ({mine.y:g}, {mine.x:g}) is {mine.status} here, and "
            f"{becomes.status} at ({becomes.y:g}, {becomes.x:g}) there; both are kept"
        )
        self._taken.discard(here)
        self._add(number, becomes, changes)

    def _take_back(self, number: int, before: Row, changes: dict[int, Row]) -> None:
        """Take a point away that was undone there, unless it was changed here."""
        here = self.ids.get(number)
        mine = None if here is None else self._rows[here]
        if here is not None and mine is not None and mine.says_as(before):
            changes[here] = replace(mine, status="deleted")

    def _know(self, number: int, here: int) -> None:
        self.ids[number] = here
        self._taken.add(here)

    def _same_place(self, row: Row) -> int | None:
        """Point at the very same place that no other point there stands for."""
        for number in self._at.get((row.y, row.x), ()):
            if number not in self._taken and self._rows[number].status != "deleted":
                return number
        return None

    def _add(self, number: int, row: Row, changes: dict[int, Row]) -> None:
        self._know(number, self._next)
        changes[self._next] = row
        self._next += 1

    def _do(self, changes: dict[int, Row], last: Edit) -> None:
        known = {here: self._rows[here] for here in changes if here in self._rows}
        before, after = table_of(known), table_of(changes)
        edit = Edit(MERGE, before, after, editor=last.editor, time=last.time)
        self.state = apply(self.state, edit)
        self.edits.append(edit)

    def _place(self, rows: dict[int, Row]) -> None:
        for number, row in rows.items():
            self._at.setdefault((row.y, row.x), []).append(number)
        self._rows.update(rows)


def rows_of(table: PointTable | None) -> dict[int, Row]:
    """Return the points of a table by their id."""
    if table is None:
        return {}
    columns = (table.score, table.status, table.origin, table.uncertain, table.editor, table.time)
    rows = zip(table.yx.tolist(), *(column.tolist() for column in columns), strict=True)
    return {
        number: Row(*yx, *rest)
        for number, (yx, *rest) in zip(table.ids.tolist(), rows, strict=True)
    }


def table_of(rows: dict[int, Row]) -> PointTable:
    """Return the table of such points."""
    each = list(rows.values())
    return PointTable(
        ids=np.array(list(rows), np.int64),
        yx=np.array([(row.y, row.x) for row in each], np.float64).reshape(-1, 2),
        score=np.array([row.score for row in each], np.float64),
        status=np.array([row.status for row in each], np.str_),
        origin=np.array([row.origin for row in each], np.str_),
        uncertain=np.array([row.uncertain for row in each], np.bool_),
        editor=np.array([row.editor for row in each], np.str_),
        time=np.array([row.time for row in each], np.str_),
    )
