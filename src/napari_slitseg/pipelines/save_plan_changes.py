"""What writing a table does to the points of a file, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.points import TOMBSTONES, PointTable
from napari_slitseg.pipelines.save_plan_match import ROUNDING_PX, distances_px, pair_rows

VALUES: Final = ("score", "status", "origin", "uncertain", "editor", "time")
"""Columns that say something of a point besides its place."""


@dataclass(frozen=True, eq=False)
class Changes:
    """What becomes of the points of one table in another.

    Attributes
    ----------
    added : PointTable
        Points that are new.
    moved : PointTable
        Points that moved, where they are now.
    moved_px : (M,) float64
        How far each of them moved, px.
    gone : PointTable
        Points that leave, as they were.
    gone_as : tuple of str
        Why each of them leaves: "rejected", "deleted", or "" where nobody is known to have taken
        it away.
    altered : PointTable
        Points that stay in place and change otherwise, such as from certain to uncertain.
    n_before : int
        How many points there were.
    """

    added: PointTable
    moved: PointTable
    moved_px: NDArray[np.float64]
    gone: PointTable
    gone_as: tuple[str, ...]
    altered: PointTable
    n_before: int

    @property
    def are_none(self) -> bool:
        """Whether nothing changes."""
        return not (len(self.added) or len(self.moved) or len(self.gone) or len(self.altered))

    @property
    def n_unexplained(self) -> int:
        """How many points leave although nobody took them away."""
        return self.gone_as.count("")

    @property
    def words(self) -> str:
        """Say it in a line, such as "+3 added, ~1 moved (4.2 px), -2 deleted"."""
        parts = [_part("+", len(self.added), "added")]
        if len(self.moved):
            parts.append(f"~{len(self.moved)} moved ({_how_far(self.moved_px)})")
        parts += [_part("\N{MINUS SIGN}", self.gone_as.count(why), why) for why in TOMBSTONES]
        parts.append(_part("\N{MINUS SIGN}", self.n_unexplained, "removed"))
        parts.append(_part("", len(self.altered), "changed otherwise"))
        return ", ".join(filter(None, parts)) or "no change"

    @property
    def details(self) -> tuple[str, ...]:
        """One line for each point that changes."""
        lines = [f"added at {_place(yx)}" for yx in self.added.yx]
        for yx, far in zip(self.moved.yx, self.moved_px, strict=True):
            lines.append(f"moved by {far:.1f} px to {_place(yx)}")
        for yx, why in zip(self.gone.yx, self.gone_as, strict=True):
            lines.append(f"{why or 'removed'} at {_place(yx)}")
        lines += [f"changed at {_place(yx)}" for yx in self.altered.yx]
        return tuple(lines)


def changes_to(
    before: PointTable | None,
    after: PointTable,
    base: PointTable | None = None,
    columns: tuple[str, ...] = VALUES,
) -> Changes:
    """Return what becomes of the points of a file when a table is written to it.

    Parameters
    ----------
    before : PointTable or None
        Points of the file; None for none.
    after : PointTable
        The table with its tombstones, which are not written.
    base : PointTable or None
        Points that both come from, with the ids of `after`.
    columns : tuple of str
        Which columns the file has; others do not count as changed.
    """
    before = PointTable.empty() if before is None else before
    rows = pair_rows(before, after, base)
    living = ~np.isin(after.status, TOMBSTONES)
    stays = np.append(living, values=False)[rows]
    partners = rows[stays]
    far_px = distances_px(before.yx[stays], after.yx[partners])
    moved = far_px > ROUNDING_PX
    altered = ~moved & values_differ(before.take(stays), after.take(partners), columns)
    new = living.copy()
    new[partners] = False
    return Changes(
        added=after.take(new),
        moved=after.take(partners[moved]),
        moved_px=far_px[moved],
        gone=before.take(~stays),
        gone_as=tuple(_why(after, row) for row in rows[~stays]),
        altered=after.take(partners[altered]),
        n_before=len(before),
    )


def values_differ(
    one: PointTable, other: PointTable, columns: tuple[str, ...] = VALUES
) -> NDArray[np.bool_]:
    """Return which rows differ in anything but their place; scores to six digits."""
    differs = np.zeros(len(one), np.bool_)
    for name in set(VALUES) & set(columns):
        a, b = getattr(one, name), getattr(other, name)
        same = np.isclose(a, b, rtol=0, atol=1e-6, equal_nan=True) if name == "score" else a == b
        differs |= ~same
    return differs


def _why(table: PointTable, row: int) -> str:
    return str(table.status[row]) if row >= 0 else ""


def _part(sign: str, count: int, what: str) -> str:
    return f"{sign}{count} {what}" if count else ""


def _how_far(moved_px: NDArray[np.float64]) -> str:
    most = f"{moved_px.max():.1f} px"
    return most if len(moved_px) == 1 else f"at most {most}"


def _place(yx: NDArray[np.float64]) -> str:
    return f"row {yx[0]:.1f}, column {yx[1]:.1f}"
