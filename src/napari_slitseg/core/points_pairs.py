"""Find the annotation that belongs to an image, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_TABLES: Final = (".csv", ".roi", ".zip")
_MASKS: Final = (".png", ".tif", ".tiff")
_ENDINGS: Final = ("", "_annotations", "_points", "_slits")
_FOLDERS: Final = ("slits", "annotations", "points")


def find_annotation(image_path: Path | str, folder: Path | str | None = None) -> Path | None:
    """File with the slits of an image, None where there is none.

    Looked for, in this order and without regard to capitals: ``<stem>.csv``, then the stem
    followed by ``_annotations``, ``_points`` or ``_slits`` (what a person saved goes before
    what a model found); then ``.roi`` and ``.zip`` with such a name; then masks (``.png``,
    ``.tif``, ``.tiff``). In a folder named slits, annotations or points a mask may be called
    ``<stem>.png`` too. An image is never its own annotation.

    Parameters
    ----------
    image_path : Path or str
        The image file; it need not exist.
    folder : Path, str or None
        Where to look. None looks beside the image and in folders named slits,
        annotations or points beside it, in its folder or next to that folder.
    """
    image = Path(image_path)
    folders = _around(image.parent) if folder is None else [Path(folder)]
    for place in folders:
        if (found := _in_folder(image, place, named=folder is not None)) is not None:
            return found
    return None


def _around(home: Path) -> list[Path]:
    """Folder of the image and the annotation folders in it and next to it."""
    folders = [home]
    for parent in (home, home.parent):
        inside = sorted(parent.iterdir()) if parent.is_dir() else []
        folders += [entry for name in _FOLDERS for entry in inside if entry.name.lower() == name]
    return folders


def _in_folder(image: Path, folder: Path, *, named: bool) -> Path | None:
    """First match in one folder; `named` folders may hold masks called like the image."""
    if not folder.is_dir():
        return None
    files = {entry.name.lower(): entry for entry in sorted(folder.iterdir()) if entry.is_file()}
    bare_masks = named or folder.name.lower() in _FOLDERS
    for name in annotation_names(image, bare_masks=bare_masks):
        found = files.get(name)
        if found is not None and found.resolve() != image.resolve():
            return found
    return None


def annotation_names(image: Path, *, bare_masks: bool) -> list[str]:
    """Return names that the annotation of an image may have, in lower case, the best first.

    OME files are also known without their .ome; `bare_masks` may be called like the image.
    """
    stem = image.stem.lower()
    stems = dict.fromkeys((stem, stem.removesuffix(".ome")))
    tables = [s + end + suffix for suffix in _TABLES for s in stems for end in _ENDINGS]
    ends = _ENDINGS if bare_masks else _ENDINGS[1:]
    return tables + [s + end + suffix for s in stems for end in ends for suffix in _MASKS]
