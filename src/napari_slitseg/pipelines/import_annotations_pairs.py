"""Which annotation files belong to which image."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from napari_slitseg.core.points import POINT_SUFFIXES, find_annotation
from napari_slitseg.core.points_pairs import annotation_names
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.membrane import find_membrane
from napari_slitseg.pipelines.tables import read_column

_MASKS: Final = (".png", ".tif", ".tiff")
_MEMBRANE: Final = "_membrane"


@dataclass(frozen=True)
class Sources:
    """Files with the annotation of an image.

    Attributes
    ----------
    points, membrane : Path or None
        The files; None for none.
    others : tuple of Path
        Files that would belong to the image too, and are not read.
    problem : str
        Why the image gets none of them, "" if it does.
    """

    points: Path | None = None
    membrane: Path | None = None
    others: tuple[Path, ...] = ()
    problem: str = ""

    @property
    def is_none(self) -> bool:
        """Whether there is nothing to read."""
        return self.points is None and self.membrane is None and not self.problem


@dataclass(frozen=True)
class Pairing:
    """Files by image, and files that belong to no image."""

    sources: Mapping[Path, Sources]
    unmatched: tuple[Path, ...] = ()


@dataclass
class _Offer:
    """Files that were given, by folder and name in lower case."""

    files: dict[Path, dict[str, Path]] = field(default_factory=dict)

    def add(self, file: Path) -> None:
        """Take a file in."""
        self.files.setdefault(file.parent.resolve(), {})[_key(file.name)] = file

    def of(self, image: Path, names: Iterable[str]) -> list[Path]:
        """Files with one of these names, best names first; never the image itself."""
        wanted = list(map(_key, names))
        found = [here[name] for name in wanted for here in self.files.values() if name in here]
        return [file for file in found if file.resolve() != image.resolve()]


def _key(name: str) -> str:
    """Name without regard to capitals, and to how a Mac writes umlauts."""
    return unicodedata.normalize("NFC", name.lower())


def pair_files(images: Sequence[Path], given: Sequence[Path], table: Path | None = None) -> Pairing:
    """Find the annotation files of each image.

    Parameters
    ----------
    images : sequence of Path
        The images.
    given : sequence of Path
        Files and folders of annotations; none: what lies beside the images.
    table : Path or None
        CSV table of pairs with the columns image and file, which go before names. A file without
        a folder is looked for beside the table.

    Raises
    ------
    JobError
        If a file or folder is not there, or the table is none.
    """
    told = {} if table is None else _told_pairs(table)
    files = _listed(given, images)
    points, membranes = _Offer(), _Offer()
    for file in files:
        (membranes if _is_membrane(file) else points).add(file)
    if given or table is not None:
        sources = {image: _sources(image, points, membranes, told) for image in images}
    else:
        sources = {image: Sources(find_annotation(image), find_membrane(image)) for image in images}
    sources = _without_shared(sources)
    used = {each.resolve() for one in sources.values() for each in _all_of(one)}
    return Pairing(sources, tuple(file for file in files if file.resolve() not in used))


def _sources(image: Path, points: _Offer, membranes: _Offer, told: Mapping[str, Path]) -> Sources:
    explicit = told.get(image.name.casefold()) or told.get(image.stem.casefold())
    found = points.of(image, annotation_names(image, bare_masks=True))
    if explicit is not None:
        found = [explicit, *found]
    masks = membranes.of(image, _membrane_names(image))
    first = next(iter(found), None)
    return Sources(first, next(iter(masks), None), (*found[1:], *masks[1:]))


def _is_membrane(file: Path) -> bool:
    """Whether a file is a mask of the membrane, by its name or its folder's."""
    is_mask = file.suffix.lower() in _MASKS
    return is_mask and (
        file.stem.lower().endswith(_MEMBRANE) or file.resolve().parent.name.lower() == "membrane"
    )


def _membrane_names(image: Path) -> list[str]:
    stem = image.stem.lower()
    return [f"{stem}{end}{suffix}" for end in (_MEMBRANE, "") for suffix in _MASKS]


def _without_shared(sources: Mapping[Path, Sources]) -> dict[Path, Sources]:
    """Leave out images that share a file with another one: nobody can tell whose it is."""
    owners: dict[Path, list[Path]] = {}
    for image, one in sources.items():
        for file in filter(None, {one.points, one.membrane}):
            owners.setdefault(file.resolve(), []).append(image)
    result = dict(sources)
    for file, images in owners.items():
        for image in images if len(images) > 1 else ():
            names = " and ".join(each.name for each in images)
            text = (
                f"{file.name} fits {names}. Tell which with a table of pairs (--pairs), or rename "
                "one of the images."
            )
            result[image] = Sources(others=_all_of(sources[image]), problem=text)
    return result


def _all_of(one: Sources) -> tuple[Path, ...]:
    return tuple(each for each in (one.points, one.membrane, *one.others) if each is not None)


def _listed(given: Sequence[Path], images: Sequence[Path]) -> list[Path]:
    """Annotation files among what was given; a folder stands for the files in it."""
    known = {image.resolve() for image in images}
    found: dict[Path, Path] = {}
    for path in given:
        if not path.exists():
            raise JobError(f"There is no file or folder {path}. Check its name.")
        try:
            files = sorted(path.iterdir()) if path.is_dir() else [path]
        except OSError as error:
            raise JobError(f"The folder {path} cannot be listed: {error.strerror}.") from error
        for file in files:
            if not file.is_file():
                continue
            if file.suffix.lower() in POINT_SUFFIXES and file.resolve() not in known:
                found.setdefault(file.resolve(), file)
            elif not path.is_dir():
                raise JobError(
                    f"{file} is no annotation: known endings are {', '.join(POINT_SUFFIXES)}, and "
                    "an image is none of itself."
                )
    return list(found.values())


def _told_pairs(table: Path) -> dict[str, Path]:
    cells = read_column(table, "file", what="pairs")
    pairs = {name: table.parent / Path(cell).expanduser() for name, (cell, _) in cells.items()}
    for name, (_, line) in cells.items():
        if not pairs[name].is_file():
            raise JobError(f"{table}, line {line}: there is no file {pairs[name]}.")
    return pairs
