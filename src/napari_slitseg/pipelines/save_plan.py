"""What saving would do to a file, before it is done: for the person, who then decides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from napari_slitseg.core.points import COLUMNS, PointTable, write_points
from napari_slitseg.core.review import Edit, Signature
from napari_slitseg.pipelines.save_plan_changes import Changes, changes_to
from napari_slitseg.pipelines.save_plan_file import (
    PointsFile,
    check_writable,
    is_protected,
    look_at,
)
from napari_slitseg.pipelines.save_plan_merge import merged, read_back

_MOST: Final = 0.5


@dataclass(frozen=True, eq=False)
class PointsPlan:
    """What saving the points of an image would do to a CSV file.

    Attributes
    ----------
    table : PointTable
        The annotation with its tombstones; living points are written.
    found : PointsFile
        The file as it is.
    seen : PointsFile or None
        The file as it was read or written by us last; None if it never was.
    """

    table: PointTable
    found: PointsFile
    seen: PointsFile | None = None

    @property
    def path(self) -> Path:
        """The file."""
        return self.found.path

    @property
    def base(self) -> PointTable | None:
        """Points that file and annotation come from."""
        known = self.seen is not None and self.seen.path == self.path
        return self.seen.table if known and self.seen is not None else None

    @property
    def takes_away(self) -> bool:
        """Whether a file is there that would lose points, or that others wrote."""
        ours = self.found.columns == COLUMNS
        return self.found.exists and (not ours or len(self.changes.gone) > 0)

    @property
    def is_changed_elsewhere(self) -> bool:
        """Whether a file is there that was never read here, or was changed since."""
        return self.found.exists and not self.found.is_still(self.seen)

    @property
    def is_unknown(self) -> bool:
        """Whether a file is there that was never read here."""
        return self.found.exists and self.base is None

    @cached_property
    def changes(self) -> Changes:
        """What becomes of the points of the file."""
        return changes_to(self.found.table, self.table, self.base, self.found.columns)

    @property
    def ours(self) -> Changes:
        """What we changed since the file was read."""
        columns = self.seen.columns if self.seen is not None else ()
        return changes_to(self.base, self.table, self.base, columns)

    @property
    def theirs(self) -> Changes | None:
        """What others changed in the file since it was read; None where that is not known."""
        if self.base is None or self.found.table is None:
            return None
        return changes_to(self.base, self.found.table, None, self.found.columns)

    @property
    def words(self) -> str:
        """What would change, in a line."""
        if not self.found.exists:
            return f"new file, {_points(len(self.table.living))}"
        return self.changes.words

    @property
    def details(self) -> tuple[str, ...]:
        """One line for each point that changes."""
        return self.changes.details

    @property
    def losses(self) -> tuple[str, ...]:
        """What would be lost, a sentence each."""
        return (*self.losses_anyway, *filter(None, (_unread(self), _many(self))))

    @property
    def losses_anyway(self) -> tuple[str, ...]:
        """Those of them that putting both together does not save."""
        return tuple(filter(None, [_columns(self.found)]))

    @property
    def refusal(self) -> str:
        """Why it cannot be written whatever the person says, "" if it can."""
        if self.found.exists and is_protected(self.path):
            return "The file is write-protected."
        if not self.path.parent.is_dir():
            return f"There is no folder {self.path.parent}."
        return ""

    @property
    def can_merge(self) -> bool:
        """Whether what the file holds can be read."""
        return self.found.table is not None

    @property
    def conflicts(self) -> tuple[str, ...]:
        """What both sides changed, where merging keeps ours."""
        if not self.can_merge:
            return ()
        return merged(self.table, self.found, self.base, Signature()).conflicts

    def merge(self, by: Signature) -> Edit:
        """Return the edit that adds what others changed in the file since it was read."""
        return merged(self.table, self.found, self.base, by).edit

    def read_back(self, by: Signature) -> Edit:
        """Return the edit that makes the annotation what the file says."""
        return read_back(self.table, self.found, self.base, by)


def plan_points(path: Path, table: PointTable | None, seen: PointsFile | None = None) -> PointsPlan:
    """Look at a file that is to be written, and tell what that would do.

    Parameters
    ----------
    path : Path
        The CSV file, which may be there or not.
    table : PointTable or None
        The annotation with its tombstones; None for none.
    seen : PointsFile or None
        The file as it was read or written last, see `look_at`.
    """
    return PointsPlan(PointTable.empty() if table is None else table, look_at(path), seen)


def write_plan(plan: PointsPlan) -> PointsFile:
    """Write the living points of a plan, whole or not at all; return the file as it is then.

    Raises
    ------
    ChangedMeanwhile
        If the file is not, at this moment, as the plan found it.
    OSError
        If it cannot be written.
    """
    check_writable(plan.found, plan.refusal)
    write_points(plan.path, plan.table.living)
    return look_at(plan.path)


def _columns(found: PointsFile) -> str:
    lost = found.unknown_columns
    what = f"column {lost[0]}" if len(lost) == 1 else f"columns {', '.join(lost)}"
    return f"Its {what} would be lost." if lost else ""


def _unread(plan: PointsPlan) -> str:
    if plan.found.problem:
        return f"Its rows cannot be read, and would be lost: {plan.found.n_rows}."
    lost = plan.changes.n_unexplained
    return f"{_points(lost)} of it that nobody took away here would be lost." if lost else ""


def _many(plan: PointsPlan) -> str:
    changes = plan.changes
    gone = len(changes.gone) - changes.n_unexplained
    if gone <= _MOST * changes.n_before or gone < 2:
        return ""
    return f"{gone} of its {_points(changes.n_before)} would leave it."


def _points(count: int) -> str:
    return "1 point" if count == 1 else f"{count} points"
