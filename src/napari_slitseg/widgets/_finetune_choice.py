"""Which images of a window can be trained with, and why others cannot. Knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from napari_slitseg.core.points import find_annotation
from napari_slitseg.widgets._entry import ImageEntry, Status
from napari_slitseg.widgets._overlay import certain_and_uncertain

_NOT_SAVED: Final = "annotation is not saved"
_ONLY_HERE: Final = "only in napari"


@dataclass(frozen=True)
class Choice:
    """An image of the list.

    Attributes
    ----------
    key : int
        Of its entry.
    text : str
        Name, with the number of slits or why it cannot be taken.
    tooltip : str
    path : Path or None
        Its file, None where it cannot be taken.
    to_save : bool
        Whether saving its annotation would make it one that can be taken.
    is_only_here : bool
        Whether it is no file.
    """

    key: int
    text: str
    tooltip: str
    path: Path | None
    to_save: bool = False
    is_only_here: bool = False


def choice_of(entry: ImageEntry) -> Choice:
    """Return an image as the list shows it."""
    name = entry.path.name if entry.path else entry.name
    where = str(entry.path or "")
    why = why_not(entry)
    if why:
        about = {"to_save": why == _NOT_SAVED, "is_only_here": why == _ONLY_HERE}
        return Choice(entry.key, f"{name}: {why}", f"{where}\n{why}".strip(), None, **about)
    slits = n_slits(entry)
    told = "no slits" if not slits else f"{slits} slit{'s' * (slits > 1)}"
    return Choice(entry.key, f"{name}: {told}", where, entry.path)


def n_slits(entry: ImageEntry) -> int:
    """Return how many slits are annotated for sure."""
    return 0 if entry.annotation is None else len(certain_and_uncertain(entry.annotation)[0])


def why_not(entry: ImageEntry) -> str:
    """Say why an image cannot be trained with, "" if it can."""
    if entry.status is Status.WAITING:
        return "not read yet"
    if entry.status is Status.FAILED and not entry.shape[0]:
        return "could not be read"
    if entry.path is None:
        return _ONLY_HERE
    if entry.page:
        return "not the first page of its file"
    if entry.edited:
        return _NOT_SAVED
    return "not annotated" if entry.annotation is None else ""


def not_found_text(entries: Sequence[ImageEntry], found: set[tuple[Path, Path]]) -> str:
    """Name images whose annotation a training would not find by its name, "" for none.

    Parameters
    ----------
    entries : sequence of ImageEntry
    found : set of (Path, Path)
        Images with annotations that were found before, which are not looked for again: a look
        reads whole folders. Those that are found are added.
    """
    pairs = [(each.path, each.annotation_path) for each in entries]
    known = [(image, points) for image, points in pairs if image and points]
    found.update(pair for pair in known if pair not in found and _is_found(*pair))
    lost = [
        f"{image.name} ({points.name})" for image, points in known if (image, points) not in found
    ]
    if not lost:
        return ""
    return (
        f"The annotation of {', '.join(lost)} would not be found: name it like its image, beside "
        "it or in a folder called annotations."
    )


def _is_found(image: Path, points: Path) -> bool:
    found = find_annotation(image)
    return found is not None and found.resolve() == points.resolve()


def sizes_of(entries: Sequence[ImageEntry]) -> dict[str, Any]:
    """Return what a job says of the pixel sizes that the window shows.

    One number where all are the same; nothing where a file knows its own; a table belongs in a
    file, which the form writes from `{"pixel_sizes": ...}` of this answer.
    """
    sizes = {entry.path: entry.pixel_size_nm for entry in entries if entry.path}
    known = set(sizes.values())
    if known == {None} or not known:
        return {}
    return {"pixel_size_nm": known.pop()} if len(known) == 1 else {"pixel_sizes": sizes}
