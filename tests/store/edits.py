"""Projects and edits for the tests of the store."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import (
    Annotation,
    Edit,
    History,
    Record,
    StripeChange,
    points_edit,
)
from napari_slitseg.store import SHARED, Project

SHAPE = (24, 32)


def added(table: PointTable | None, yx: tuple[float, float], editor: str = "Ada") -> Edit:
    """Edit that adds a point."""
    before = PointTable.empty() if table is None else table
    number = int(before.ids.max()) + 1 if len(before) else 0
    new = PointTable(
        ids=[*before.ids, number],
        yx=[*before.yx, yx],
        score=[*before.score, np.nan],
        status=[*before.status, "added"],
        origin=[*before.origin, "human"],
        uncertain=[*before.uncertain, False],
        editor=[*before.editor, editor],
        time=[*before.time, "2026-01-01T00:00:00Z"],
    )
    return points_edit("add", before, new, editor=editor, time="2026-01-01T00:00:00Z")


def changed(table: PointTable, row: int, editor: str = "Ada", **values: object) -> Edit:
    """Edit that changes a row."""
    columns = {
        name: getattr(table, name).astype(object)
        for name in ("ids", "yx", "score", "status", "origin", "uncertain", "editor", "time")
    }
    for name, value in values.items():
        columns[name][row] = value
    return points_edit("change", table, PointTable(**columns), editor=editor, time="")


def painted(rng: random.Random) -> Edit:
    """Edit that changes a few pixels of the membrane."""
    height, width = rng.randint(1, 6), rng.randint(1, 6)
    corner = rng.randint(0, SHAPE[0] - height), rng.randint(0, SHAPE[1] - width)
    flipped = np.array([[rng.random() < 0.7 for _ in range(width)] for _ in range(height)])
    flipped[0, 0] = True
    return Edit("paint", stripe=StripeChange(SHAPE, corner, flipped), editor="Ada")


def some_record(history: History, rng: random.Random) -> Record:
    """Whatever a person could do next."""
    table = history.state.points
    does = rng.choice(["add", "add", "move", "reject", "paint", "undo", "redo"])
    if does == "undo" and history.can_undo:
        return Record("undo", history.undoes)
    if does == "redo" and history.can_redo:
        return Record("redo", history.redoes)
    if does == "paint":
        return Record("edit", painted(rng))
    if table is None or not len(table) or does == "add":
        return Record("edit", added(table, (rng.uniform(0, 24), rng.uniform(0, 32))))
    row = rng.randrange(len(table))
    if does == "reject" and table.status[row] != "rejected":
        return Record("edit", changed(table, row, status="rejected"))
    place = np.array([rng.uniform(0, 24), rng.uniform(0, 32)])
    return Record("edit", changed(table, row, yx=place, status="moved"))


def same(one: History, other: History) -> bool:
    """Whether two histories agree in everything a person can see or undo."""
    if one.position != other.position or len(one.edits) != len(other.edits):
        return False
    edits = zip(one.edits, other.edits, strict=True)
    return (
        one.state.equals(other.state)
        and one.base.equals(other.base)
        and all(a.before.equals(b.before) and a.after.equals(b.after) for a, b in edits)
    )


def project_with_image(folder: Path, name: str = "a.tif") -> tuple[Project, int]:
    """Project with an image whose journal has begun."""
    project = Project.open_or_create(folder)
    image = project.add_image(folder / name, 0, SHAPE, 2.5, "")
    project.begin(image, SHARED, Annotation())
    return project, image


def edit_at_random(project: Project, image: int, count: int, rng: random.Random) -> History:
    """Append records to a journal; return what follows from them."""
    history, head = project.history(image, SHARED)
    for _ in range(count):
        record = some_record(history, rng)
        head = project.append(image, SHARED, record, head)
        history = history.follow(record)
    return history
