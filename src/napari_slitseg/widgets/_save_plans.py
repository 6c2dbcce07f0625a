"""What saving would write for the images of a window, and doing it. Knows no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from napari_slitseg.core.review import History, Signature
from napari_slitseg.pipelines.save_plan import PointsPlan, plan_points, write_plan
from napari_slitseg.pipelines.save_plan_file import PointsFile
from napari_slitseg.pipelines.save_plan_kinds import Plan
from napari_slitseg.pipelines.save_plan_known import in_our_ids, states_of
from napari_slitseg.pipelines.save_plan_membrane import (
    MembraneFile,
    MembranePlan,
    plan_membrane,
    write_membrane,
)
from napari_slitseg.widgets._editing import history_of
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._workspace import Workspace

Answer = Literal["save", "merge", "read back", "other", "leave"]
"""What becomes of a file: written, put together with ours, taken over, left, or ours elsewhere."""


@dataclass(frozen=True, eq=False)
class Draft:
    """A file that saving would write.

    Attributes
    ----------
    key : int
        Its image.
    title : str
        What to call it.
    plan : Plan
        What would become of it.
    """

    key: int
    title: str
    plan: Plan

    @property
    def needs_answer(self) -> bool:
        """Whether the person must be asked: a file would lose something, or stands in the way."""
        return self.is_risky or self.plan.takes_away

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What may be answered, the proposal first."""
        plan = self.plan
        if plan.refusal:
            return ("leave", "other")
        if not plan.is_changed_elsewhere:
            return ("save", "leave", "other")
        if not plan.can_merge:
            return ("leave", "other")
        if plan.conflicts or plan.is_unknown or plan.losses_anyway:
            return ("leave", "merge", "read back", "other")
        return ("merge", "leave", "read back", "other")

    @property
    def is_risky(self) -> bool:
        """Whether something would be lost, or must be decided."""
        plan = self.plan
        return bool(plan.losses or plan.refusal or plan.is_changed_elsewhere)


def drafts_of(entry: ImageEntry, path: Path | None) -> list[Draft]:
    """Return what saving an image would write; `path` is the file of its points, if it has one."""
    plans: list[Plan] = []
    if path is not None and entry.annotation is not None:
        history = history_of(entry)
        points = plan_points(path, entry.annotation, entry.seen)
        points = replace(points, seen=_points_known(points, history))
        if _differs(points):
            plans.append(points)
    if entry.membrane is not None and entry.path is not None:
        stripe = plan_membrane(entry.path, entry.membrane, entry.seen_membrane, entry.page)
        if stripe is not None:
            plans.append(replace(stripe, seen=_stripe_known(stripe, entry.history)))
    return [Draft(entry.key, plan.path.name, plan) for plan in plans]


def carry_out(workspace: Workspace, draft: Draft, answer: Answer) -> None:
    """Do what was answered, but for another name and for leaving the file.

    Raises
    ------
    OSError
        If the file cannot be written, or changed meanwhile; it is as before.
    EditConflict
        If the annotation was changed while the person was asked.
    """
    plan = draft.plan
    by = Signature.now(workspace.editor)
    if answer == "read back":
        workspace.apply(draft.key, plan.read_back(by))
        _remember(workspace, draft.key, plan, _found(plan))
        return
    if answer == "merge":
        workspace.apply(draft.key, plan.merge(by))
        plan = _with_merged(plan, workspace.entry(draft.key))
    _remember(workspace, draft.key, plan, _write(plan))


def settle(workspace: Workspace, keys: Iterable[int]) -> None:
    """Mark images whose files all say what we say as saved."""
    for key in keys:
        if workspace.entry(key).edited:
            workspace.update(key, edited=False)


def _differs(plan: PointsPlan) -> bool:
    """Whether there is anything to write, or to ask."""
    return not plan.found.exists or plan.is_changed_elsewhere or not plan.changes.are_none


def _with_merged(plan: Plan, entry: ImageEntry) -> Plan:
    if isinstance(plan, PointsPlan) and entry.annotation is not None:
        return replace(plan, table=entry.annotation, seen=plan.found)
    if isinstance(plan, MembranePlan) and entry.membrane is not None:
        return replace(plan, mask=entry.membrane, seen=plan.found)
    return plan


def _write(plan: Plan) -> PointsFile | MembraneFile:
    if isinstance(plan, PointsPlan):
        return write_plan(plan)
    if isinstance(plan, MembranePlan):
        return write_membrane(plan)
    raise TypeError(f"There is no way to write {type(plan).__name__}.")


def _found(plan: Plan) -> PointsFile | MembraneFile:
    if isinstance(plan, PointsPlan | MembranePlan):
        return plan.found
    raise TypeError(f"There is no way to read {type(plan).__name__}.")


def _remember(workspace: Workspace, key: int, plan: Plan, seen: PointsFile | MembraneFile) -> None:
    values: dict[str, Any] = {"seen_membrane": seen}
    if isinstance(seen, PointsFile):
        values = {"seen": seen, "annotation_path": plan.path}
    workspace.update(key, **values)


def _points_known(plan: PointsPlan, history: History) -> PointsFile | None:
    """How the file was last; where that is not known, as it is if it holds what we once said."""
    found = plan.found
    if plan.seen is not None:
        return in_our_ids(plan.seen, history)
    if found.table is None or found.unknown_columns:
        return None
    for state in states_of(history):
        said = state.points
        if said is not None and said.living.equals(found.table):
            return found
    return None


def _stripe_known(plan: MembranePlan, history: History) -> MembraneFile | None:
    found = plan.found
    if plan.seen is not None or found.mask is None:
        return plan.seen
    for state in states_of(history):
        if state.membrane is not None and (state.membrane == found.mask).all():
            return found
    return None
