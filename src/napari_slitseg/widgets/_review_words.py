"""What a review says about items, images and edits."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review.edit import Edit
from napari_slitseg.core.review.walk import Item, Kind
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._review_walk import Walk

TITLES: Final[dict[Kind, str]] = {
    "false positive": "False positive",
    "missed": "Missed slit",
    "far match": "Far match",
    "proposal": "Proposal",
    "uncertain": "Uncertain",
}
"""Kinds of item as one of them is called."""

SHORT: Final[dict[Kind, str]] = {
    "false positive": "False pos.",
    "missed": "Missed",
    "far match": "Far",
    "proposal": "Proposals",
    "uncertain": "Uncertain",
}
"""Kinds of item as a small button calls them."""

MEANINGS: Final[dict[Kind, str]] = {
    "false positive": "Found by the model, not annotated.",
    "missed": "Annotated, not found by the model.",
    "far match": "Annotated and found, but farther apart than 60 % of the tolerance.",
    "proposal": "Found by the model where there was no annotation to compare with.",
    "uncertain": "Annotated by somebody who was not sure.",
}


def length(entry: ImageEntry, px: float) -> str:
    """Say a length in nm, or in px where the size of a pixel is not known."""
    if entry.pixel_size_nm is None:
        return f"{px:.1f} px"
    return f"{px * entry.pixel_size_nm:.0f} nm"


def item_title(walk: Walk) -> str:
    """Say which item is under review, such as "False positive 3 of 9"."""
    item = walk.item
    if item is None:
        return ""
    number, of = walk.place()
    if not item.kind or not of:
        return _thing(walk.entry, item)
    return f"{TITLES[item.kind]} {number} of {of}"


def _thing(entry: ImageEntry | None, item: Item) -> str:
    """Say what a place is that is no item."""
    table = None if entry is None else entry.annotation
    if table is None or item.annotation_id is None:
        return "Detection"
    status = str(table.status[table.ids == item.annotation_id][0])
    return {"rejected": "Rejected", "deleted": "Deleted slit"}.get(status, "Annotated slit")


def item_facts(entry: ImageEntry, item: Item) -> str:
    """Say what is known of an item: score, distances, who judged it."""
    facts = [] if math.isnan(item.score) else [f"score {item.score:.2f}"]
    if item.kind == "far match":
        facts.append(f"{length(entry, item.distance_px)} from its annotation")
    elif item.kind in ("false positive", "proposal") and item.annotation_id is None:
        facts += _nearest(entry, item, _slits(entry.annotation), "annotation")
    elif item.annotation_id is not None and entry.prediction is not None:
        facts += _nearest(entry, item, entry.prediction.table, "detection")
    facts += _judged(entry, item)
    text = ", ".join(facts)
    return text[:1].upper() + text[1:]


def _slits(table: PointTable | None) -> PointTable:
    return PointTable.empty() if table is None else table.take(table.is_slit)


def _nearest(entry: ImageEntry, item: Item, others: PointTable, name: str) -> list[str]:
    if not len(others):
        return []
    px = float(np.hypot(*(others.yx - item.yx).T).min())
    return [f"nearest {name} {length(entry, px)} away"]


def _judged(entry: ImageEntry, item: Item) -> list[str]:
    table = entry.annotation
    if table is None or item.annotation_id is None:
        return ["judged"] if item.judged else []
    row = np.flatnonzero(table.ids == item.annotation_id)
    if not len(row):
        return []
    status, editor = str(table.status[row[0]]), str(table.editor[row[0]])
    told = [f"{status} by {editor}" if editor else status] if table.time[row[0]] else []
    is_unsure = bool(table.uncertain[row[0]]) and item.kind != "uncertain"
    return [*told, "uncertain"] if is_unsure else told


def edit_text(edit: Edit) -> str:
    """Say an edit in a list, such as "Accept, 1 point, Ada, 14:03"."""
    count = max(len(edit.before), len(edit.after))
    what = [edit.kind.capitalize()]
    if count:
        what.append("1 point" if count == 1 else f"{count} points")
    if edit.changes_stripe:
        what.append("membrane")
    return ", ".join([*what, *filter(None, [edit.editor, clock(edit.time)])])


def clock(time: str) -> str:
    """Time of day of an ISO time in UTC, as clocks show it here; "" for none."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(time).astimezone().strftime("%H:%M")
    except ValueError:
        return ""


def empty_text(entry: ImageEntry | None) -> str:
    """Say why an image has nothing to review, and what to do; "" where it may have."""
    if entry is None:
        return "No image is open. Open a folder in Load images."
    if not entry.shape[0]:
        return f"{entry.name} is being read…"
    if entry.prediction is None and entry.annotation is None:
        return f"{entry.message}\n".lstrip() + (
            "Nothing to review yet: no annotation and no prediction. Let the model propose slits "
            "in Predict slits, or set slits yourself: point with the mouse and press {add}."
        )
    return ""


def nothing_open_text(entry: ImageEntry, n_items: int) -> str:
    """Say that an image has nothing open."""
    if entry.prediction is None:
        return "No prediction to compare with; uncertain slits apart, nothing is open."
    if not n_items:
        return "No errors: the model and the annotation agree here."
    return "Well done: nothing is left open in this image."
