"""Blinded readings as a project keeps them: who reads what in which order, and what became of it.

A reader's points are a track of the project, named after the reader.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from napari_slitseg.core.blinding import ReadingPlan, ReadingSettings, check_reader, plan_reading
from napari_slitseg.core.review import Signature
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.store import Project

_LIST: Final = "readings"
_KEY: Final = "reading of "


@dataclass(frozen=True)
class Happening:
    """Something that happened to a reading.

    Attributes
    ----------
    what : str
        "begun", "left", "resumed" or "ended".
    by, time : str
        Who did it, and when, ISO 8601 in UTC.
    """

    what: str
    by: str
    time: str


@dataclass(frozen=True)
class StoredReading:
    """A blinded reading in a project.

    Attributes
    ----------
    plan : ReadingPlan
    machine : str
        Where a window shows it; "" while it is left, or over.
    log : tuple of Happening
        Oldest first.
    """

    plan: ReadingPlan
    machine: str = ""
    log: tuple[Happening, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return a document of plain values."""
        log = [[each.what, each.by, each.time] for each in self.log]
        return {"plan": self.plan.to_dict(), "machine": self.machine, "log": log}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build it from what `to_dict` returned.

        Raises
        ------
        ValueError
            If it is damaged.
        """
        try:
            plan = ReadingPlan.from_dict(values["plan"])
            log = tuple(Happening(*map(str, each)) for each in values["log"])
            return cls(plan, str(values["machine"]), log)
        except (KeyError, TypeError) as error:
            raise ValueError(f"The plan of a reading is damaged: {error}.") from error


def readings(project: Project) -> dict[str, StoredReading]:
    """Return all readings of a project by reader, in the order in which they began.

    Raises
    ------
    JobError
        If one of them is damaged.
    """
    found = {}
    for reader in project.get(_LIST, []):
        try:
            found[reader] = StoredReading.from_dict(project.get(_KEY + reader, {}))
        except ValueError as error:
            raise JobError(f"The reading of {reader} in {project.path}: {error}") from error
    return found


def begin_reading(
    project: Project, reader: str, images: Sequence[str], settings: ReadingSettings
) -> StoredReading:
    """Plan a reading and keep it in the project; the reader is blinded from now on.

    Raises
    ------
    JobError
        If the reader's name or the images make no sense, or the reader has a reading here.
    StoreError
        If it cannot be written.
    """
    by = Signature.now(reader)
    try:
        check_reader(reader)
        plan = plan_reading(reader, images, settings, begun=by.time)
    except ValueError as error:
        raise JobError(str(error)) from error
    names = project.get(_LIST, [])
    if known := [name for name in names if name.casefold() == reader.casefold()]:
        raise JobError(
            f"{known[0]} has a reading in this project already. Resume it, or give another name, "
            f"such as {known[0]} 2."
        )
    begun = StoredReading(plan, platform.node(), (Happening("begun", reader, by.time),))
    project.put(_KEY + reader, begun.to_dict())
    project.put(_LIST, [*names, reader])
    project.add_annotator(reader)
    return begun


def leave_reading(project: Project, reading: StoredReading, by: str) -> StoredReading:
    """Leave a reading for now: it is not over, and the window is no longer blinded."""
    return _note(project, replace(reading, machine=""), "left", by)


def resume_reading(project: Project, reading: StoredReading) -> StoredReading:
    """Take up a reading where it was left, on this machine."""
    again = replace(reading, machine=platform.node())
    return _note(project, again, "resumed", reading.plan.reader)


def end_reading(project: Project, reading: StoredReading, by: str) -> StoredReading:
    """Unblind a reading for good; who did it, and when, is kept.

    Raises
    ------
    JobError
        If nobody says who did it.
    """
    if not by.strip():
        raise JobError("Say who ends the reading: it is kept with the reading.")
    time = Signature.now(by).time
    over = replace(reading.plan, ended=time, ended_by=by)
    return _note(project, replace(reading, plan=over, machine=""), "ended", by)


def shown_here(project: Project) -> StoredReading | None:
    """Return the reading that this machine was showing when it was last seen, if any."""
    found = [each for each in readings(project).values() if each.machine == platform.node()]
    return found[-1] if found and platform.node() else None


def _note(project: Project, reading: StoredReading, what: str, by: str) -> StoredReading:
    happening = Happening(what, by, Signature.now(by).time)
    noted = replace(reading, log=(*reading.log, happening))
    project.put(_KEY + reading.plan.reader, noted.to_dict())
    return noted
