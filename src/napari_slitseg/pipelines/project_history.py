"""What was done in a project, edit by edit, in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_slitseg.core.points import TOMBSTONES
from napari_slitseg.core.review import Edit
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.save_plan_match import rows_by_id
from napari_slitseg.store import Project, StoredImage

_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Step:
    """An edit of a project.

    Attributes
    ----------
    image : str
        Name of the image file, with its page where it has several.
    track : str
        "shared", or the name of a reader.
    time, editor, kind : str
        When, who, and what it is called.
    words : str
        What it changed, in numbers.
    is_undone : bool
        Whether it was taken back.
    """

    image: str
    track: str
    time: str
    editor: str
    kind: str
    words: str
    is_undone: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def steps_of(project: Project, image: Path | None = None, limit: int = 0) -> list[Step]:
    """List the edits of a project, oldest first; of one image, or of all.

    Parameters
    ----------
    project : Project
        An open project.
    image : Path or None
        File of an image, or its name with or without its ending; None for all.
    limit : int
        Only the last so many; 0 for all.

    Raises
    ------
    JobError
        If the project has no such image.
    napari_slitseg.store.StoreError
        If a journal cannot be read.
    """
    known = {each.id: each for each in project.images()}
    wanted = set(known) if image is None else {each.id for each in find_stored(project, image)}
    steps = [
        step
        for number, track in project.tracks()
        if number in wanted
        for step in _steps(project, known[number], track)
    ]
    steps.sort(key=lambda step: step.time)
    return steps[-limit:] if limit else steps


def find_stored(project: Project, image: Path) -> list[StoredImage]:
    """Return the images of a project that a file or a name means.

    Raises
    ------
    JobError
        If there are none.
    """
    wanted = (image.name.casefold(), image.stem.casefold())
    images = project.images()
    exact = [each for each in images if each.path.resolve() == image.resolve()]
    found = exact or [
        each
        for each in images
        if each.path.name.casefold() == wanted[0] or each.path.stem.casefold() == wanted[0]
    ]
    if not found:
        raise JobError(
            f"The project {project.path} has no image {image} among its {len(images)}. Give the "
            "name of a file, with or without its ending."
        )
    return found


def name_of(image: StoredImage) -> str:
    """Name of the file of an image, with its page unless that is the first."""
    page = f" [page {image.page + 1}]" if image.page else ""
    return f"{image.path.name}{page}"


def words_of(edit: Edit) -> str:
    """Say what an edit changes, such as "+1 added, ~1 moved, -1 rejected"."""
    rows = rows_by_id(edit.before, edit.after.ids)
    new, old = edit.after.take(rows < 0), edit.after.take(rows >= 0)
    was = edit.before.take(rows[rows >= 0])
    became = old.status != was.status
    moved = (old.yx != was.yx).any(axis=1)
    parts = [f"+{count} {status}" for status, count in sorted(Counter(new.status).items())]
    parts += [_one("~", int(moved.sum()), "moved")]
    for status, count in sorted(Counter(old.status[became & ~moved]).items()):
        parts.append(f"{_MINUS if status in TOMBSTONES else ''}{count} {status}")
    parts.append(_one("", int((~became & ~moved).sum()), "changed otherwise"))
    if edit.stripe is not None and edit.changes_stripe:
        parts.append(f"{int(np.count_nonzero(edit.stripe.flipped))} px of the membrane")
    return ", ".join(filter(None, parts)) or "nothing"


def _steps(project: Project, image: StoredImage, track: str) -> list[Step]:
    history, _ = project.history(image.id, track)
    return [
        Step(
            image=name_of(image),
            track=track,
            time=edit.time,
            editor=edit.editor,
            kind=edit.kind,
            words=words_of(edit),
            is_undone=number >= history.position,
        )
        for number, edit in enumerate(history.edits)
    ]


def _one(sign: str, count: int, what: str) -> str:
    return f"{sign}{count} {what}" if count else ""
