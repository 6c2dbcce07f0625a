"""How keeping stands, for a window to show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_slitseg.store import Presence, StoreError
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._keeper_slot import Slot

_NO_FILE = (
    "{name} has no file: its annotation is in this window only, until you save it (Save in Load "
    "images)."
)


@dataclass(frozen=True)
class KeeperState:
    """How keeping stands.

    Attributes
    ----------
    project : Path or None
        File of the project that keeps the current image; None before its first edit.
    kept : bool
        Whether every edit of every image is on the disk, as far as it can be.
    unkept : int
        Edits that are not.
    message : str
        What the person should know, "" for nothing.
    is_bad : bool
        Whether that is something to see to: it is shown in red.
    others : tuple of Presence
        Other windows that have the project open.
    """

    project: Path | None = None
    kept: bool = True
    unkept: int = 0
    message: str = ""
    is_bad: bool = False
    others: tuple[Presence, ...] = ()


def state_of(
    entry: ImageEntry | None, slot: Slot | None, unkept: int, trouble: str, told: str
) -> KeeperState:
    """Put together how keeping stands.

    Parameters
    ----------
    entry, slot : ImageEntry and Slot, or None
        The current image, and what is kept of it.
    unkept : int
        Edits of all images that are not on the disk.
    trouble, told : str
        What went wrong last, and what else is to be told.
    """
    project = None if slot is None else slot.project
    lines = [trouble, told]
    if entry is not None and entry.path is None and slot is not None and slot.waiting:
        lines.append(_NO_FILE.format(name=entry.name))
    others: tuple[Presence, ...] = ()
    if project is not None:
        try:
            others = project.others
            lines += project.notices
        except StoreError as error:
            lines.append(str(error))
    if unkept and trouble:
        lines.insert(0, f"{_edits(unkept)} not kept yet, only in this window.")
    return KeeperState(
        project=None if project is None else project.path,
        kept=not unkept,
        unkept=unkept,
        message="\n".join(dict.fromkeys(line for line in lines if line)),
        is_bad=bool(trouble),
        others=others,
    )


def _edits(number: int) -> str:
    return "1 edit is" if number == 1 else f"{number} edits are"
