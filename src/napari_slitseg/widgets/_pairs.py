"""Which image an annotation file belongs to, where two images have the same name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from napari_slitseg.widgets._entry import ImageEntry


def other_owner(
    path: Path | None,
    entry: ImageEntry,
    entries: Iterable[ImageEntry],
    targets: Mapping[int, Path],
) -> ImageEntry | None:
    """Return the other image that a file belongs to.

    Parameters
    ----------
    path : Path or None
        An annotation file.
    entry : ImageEntry
        The image that would like to have it.
    entries : iterable of ImageEntry
        All images; of several whose annotations were read from the file the first owns it.
    targets : mapping
        Files that are about to be written, by the key of their image.
    """
    for each in entries:
        if _is_same(path, each.annotation_path) or _is_same(path, targets.get(each.key)):
            return None if each.key == entry.key else each
    return None


def refusal(path: Path, entry: ImageEntry, owner: ImageEntry) -> str:
    """Say why the annotations of an image were not saved, and what to do."""
    return (
        f"{file_name(entry)} was not saved: {path.name} holds the annotations of "
        f"{file_name(owner)}. The annotations are still here. Save again and choose another "
        "file name."
    )


def pairing_notice(path: Path | None, entry: ImageEntry, entries: Iterable[ImageEntry]) -> str:
    """Say that an annotation file was read for another image too, "" if it was not."""
    owner = other_owner(path, entry, (e for e in entries if e.key != entry.key), {})
    if path is None or owner is None:
        return ""
    return (
        f"{path.name} was read for {file_name(owner)} and for {file_name(entry)}, which have the "
        "same name. If it belongs to one of them only, rename the other and open it again."
    )


def file_name(entry: ImageEntry) -> str:
    """Name that tells an image from others of the same stem."""
    return entry.name if entry.path is None or entry.page else entry.path.name


def _is_same(one: Path | None, other: Path | None) -> bool:
    """Whether two paths are one file, or would be where capitals make no difference."""
    if one is None or other is None or one.name.casefold() != other.name.casefold():
        return False
    return str(one.resolve()).casefold() == str(other.resolve()).casefold()
