"""Annotations and records of their journal as text, exact to the last bit, and back.

The text is one line of JSON in plain ASCII. Numbers are written so that reading gives the same
bits; a score that is not known is null; a column whose rows all agree is one value. A mask is its
bits, packed, compressed and in base 64. A checksum comes first, so that a damaged text is noticed
and never read as something else. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
import zlib
from typing import Any, Final

import numpy as np

from napari_slitseg.core.review.annotation import Annotation
from napari_slitseg.core.review.edit import Edit
from napari_slitseg.core.review.history import Record
from napari_slitseg.core.review.text_parts import (
    mask_from_json,
    mask_to_json,
    points_from_json,
    points_to_json,
    stripe_from_json,
    stripe_to_json,
    text_of,
)

VERSION: Final = 1
"""Of the format that is written."""

_CHECKED_FROM: Final = len('{"crc32":"00000000",')
_UNREADABLE: Final = (KeyError, TypeError, ValueError, OverflowError, RecursionError, zlib.error)


def record_to_text(record: Record) -> str:
    """Write a line of the journal; a step back or forward is short, without its edit."""
    content: dict[str, Any] = {"does": record.does}
    if record.does == "edit" and record.edit is not None:
        content["edit"] = _edit_to_json(record.edit)
    return _sealed(content)


def record_from_text(text: str) -> Record:
    """Read a line of the journal.

    Raises
    ------
    ValueError
        If the text is damaged or of a version that is not known; the message is for the person.
    """
    what = "A record of the journal"
    content = _opened(text, what)
    try:
        does = content["does"]
        if does == "undo" or does == "redo":
            return Record(does)
        if does == "edit":
            return Record("edit", _edit_from_json(content["edit"]))
        raise ValueError(f"nobody knows what '{does}' does")
    except _UNREADABLE as error:
        raise _damaged(what, error) from error


def annotation_to_bytes(annotation: Annotation) -> bytes:
    """Write a whole annotation, compressed."""
    points, membrane = annotation.points, annotation.membrane
    content = {
        "points": None if points is None else points_to_json(points),
        "membrane": None if membrane is None else mask_to_json(membrane),
    }
    return zlib.compress(_sealed(content).encode("ascii"), 1)


def annotation_from_bytes(written: bytes) -> Annotation:
    """Read a whole annotation.

    Raises
    ------
    ValueError
        If the bytes are damaged or of a version that is not known; the message is for the person.
    """
    what = "An annotation"
    try:
        text = zlib.decompress(written).decode("ascii")
    except (TypeError, ValueError, zlib.error) as error:
        raise _damaged(what, error) from error
    content = _opened(text, what)
    try:
        points, membrane = content["points"], content["membrane"]
        return Annotation(
            None if points is None else points_from_json(points),
            None if membrane is None else _frozen(mask_from_json(membrane)),
        )
    except _UNREADABLE as error:
        raise _damaged(what, error) from error


def _edit_to_json(edit: Edit) -> dict[str, Any]:
    return {
        "kind": edit.kind,
        "editor": edit.editor,
        "time": edit.time,
        "before": points_to_json(edit.before),
        "after": points_to_json(edit.after),
        "stripe": None if edit.stripe is None else stripe_to_json(edit.stripe),
    }


def _edit_from_json(content: dict[str, Any]) -> Edit:
    stripe = content["stripe"]
    return Edit(
        kind=text_of(content["kind"]),
        before=points_from_json(content["before"]),
        after=points_from_json(content["after"]),
        stripe=None if stripe is None else stripe_from_json(stripe),
        editor=text_of(content["editor"]),
        time=text_of(content["time"]),
    )


def _frozen(mask: np.ndarray[Any, np.dtype[np.bool_]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    mask.flags.writeable = False
    return mask


def _sealed(content: dict[str, Any]) -> str:
    """Write the content with version and checksum."""
    versioned = {"version": VERSION, **content}
    body = json.dumps(versioned, separators=(",", ":"), allow_nan=False)[1:]
    return f'{{"crc32":"{zlib.crc32(body.encode("ascii")):08x}",{body}'


def _opened(text: str, what: str) -> dict[str, Any]:
    """Read the content, sure that it is what was written."""
    try:
        content = json.loads(text)
        version, checksum = content["version"], content["crc32"]
        body = text[_CHECKED_FROM:].encode("ascii")
    except _UNREADABLE as error:
        raise _damaged(what, error) from error
    if type(version) is int and version > VERSION:
        raise ValueError(
            f"{what} was written by a newer napari-slitseg (format {version}; this one reads up to "
            f"{VERSION}). Update napari-slitseg to read it."
        )
    if version != VERSION:
        raise _damaged(what, f"format {version!r} never existed")
    if checksum != f"{zlib.crc32(body):08x}":
        raise _damaged(what, "its checksum does not fit")
    return dict(content)


def _damaged(what: str, why: object) -> ValueError:
    return ValueError(f"{what} is damaged and cannot be read ({_told(why)}).")


def _told(why: object) -> str:
    return f"it lacks {why}" if isinstance(why, KeyError) else str(why)
