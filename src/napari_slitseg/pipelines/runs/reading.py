"""Read the events of a run, also while they are written."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError

from napari_slitseg.events import Event
from napari_slitseg.pipelines.runs.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterable


class Read(NamedTuple):
    """Some events, and from where to read on.

    Attributes
    ----------
    events : list of events
    offset : int
        Place in the file, in bytes, behind the last whole line.
    n_skipped : int
        Lines that are no events.
    """

    events: list[Event]
    offset: int
    n_skipped: int = 0


def read_events(folder: RunFolder, offset: int = 0) -> Read:
    """Return the events behind a place in the file, and the next place.

    A last line that is only half written waits for the next time. Lines that are no events are
    left out and counted. A file that is shorter than the place is read from its beginning.

    Parameters
    ----------
    folder : RunFolder
    offset : int
        As the last reading returned it; 0 to begin with.
    """
    lines, offset = read_lines(folder, offset)
    return parse_lines(lines)._replace(offset=offset)


def read_lines(folder: RunFolder, offset: int = 0) -> tuple[list[bytes], int]:
    """Return the whole lines behind a place in the file of events, and the next place."""
    try:
        with folder.events.open("rb") as file:
            if offset and file.seek(0, 2) < offset:
                offset = 0
            file.seek(offset)
            content = file.read()
    except OSError:
        return [], offset
    whole, newline, _ = content.rpartition(b"\n")
    return whole.split(b"\n") if newline else [], offset + len(whole) + len(newline)


def parse_lines(lines: Iterable[bytes]) -> Read:
    """Return the events of lines; those that are none are left out and counted."""
    found: list[Event] = []
    n_skipped = 0
    parse = _adapter().validate_json
    for line in lines:
        if not line.strip():
            continue
        try:
            found.append(parse(line))
        except ValidationError:
            n_skipped += 1
    return Read(found, 0, n_skipped)


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(Annotated[Event, Field(discriminator="kind")])
