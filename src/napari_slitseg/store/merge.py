"""Two projects become one: nothing is lost, and doing it again changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_slitseg.store.errors import StoreError
from napari_slitseg.store.images import StoredImage
from napari_slitseg.store.merging import JournalMerge
from napari_slitseg.store.merging_rest import RestMerge
from napari_slitseg.store.merging_statements import StatementMerge
from napari_slitseg.store.project import Project
from napari_slitseg.store.schema import now


@dataclass(frozen=True)
class MergeReport:
    """What merging did, or would do.

    Attributes
    ----------
    images : int
        Images of the other project that are known here too.
    new_images : int
        Images that were added.
    records : int
        Lines that were added to journals.
    reviews : int
        Words on the review of an image that were added.
    settings : int
        Settings, such as plans of blinded readings, that were added or brought up to date.
    statements : int
        Statements on scales, excluded stretches and samples that were added.
    conflicts : tuple of str
        What both said differently; each is kept in both versions.
    is_dry_run : bool
        Whether nothing was written.
    """

    images: int
    new_images: int
    records: int
    reviews: int
    settings: int
    statements: int
    conflicts: tuple[str, ...]
    is_dry_run: bool

    @property
    def changes_anything(self) -> bool:
        """Whether there was anything to take over."""
        taken = (self.new_images, self.records, self.reviews, self.settings, self.statements)
        return any(taken)


class _OnlyTried(Exception):
    """Takes everything back after a dry run."""


def merge(into: Path, other: Path, *, dry_run: bool = False) -> MergeReport:
    """Take over what another project has and this one lacks.

    Images are matched by their name in copies of one project, by content, by place and size.

    Parameters
    ----------
    into : Path
        Folder of the project that grows.
    other : Path
        Folder, or file, of the other one; it is only read.
    dry_run : bool
        Whether to tell only what would be done.

    Raises
    ------
    StoreError
        If one cannot be used, or they are the same; nothing was changed then.
    """
    with Project.open(into) as growing, Project.open(other, read_only=True) as giving:
        if os.path.samefile(growing.path, giving.path):
            raise StoreError(f"{other} is the very project it would be merged into.")
        merging = _Merge(growing, giving)
        try:
            with growing._database.transaction():
                merging.run()
                if dry_run:
                    raise _OnlyTried
        except _OnlyTried:
            pass
        return merging.report(is_dry_run=dry_run)


class _Merge:
    def __init__(self, into: Project, other: Project) -> None:
        self._into, self._other = into, other
        self._known: dict[tuple[object, ...], list[StoredImage]] = {}
        for image in into.images():
            for name in _names(into, image):
                self._known.setdefault(name, []).append(image)
        self._numbers: dict[int, int] = {}
        self._new = self._records = self._reviews = self._settings = self._statements = 0
        self._conflicts: list[str] = []

    def run(self) -> None:
        """Take everything over, inside a transaction."""
        images = {image.id: image for image in self._other.images()}
        for image in images.values():
            self._numbers[image.id] = self._number_of(image)
        for there, track in self._other.tracks():
            journal = JournalMerge(self._into, self._other, self._numbers[there], there, track)
            count, conflicts = journal.run()
            self._records += count
            name = images[there].path.name
            self._conflicts += [f"{name} ({track}): {conflict}." for conflict in conflicts]
        self._take_reviews()
        self._take_people()
        both = (self._into, self._other, self._numbers)
        self._settings, conflicts = RestMerge(*both).run()
        self._statements, more = StatementMerge(*both).run()
        self._conflicts += [*conflicts, *more]

    def report(self, *, is_dry_run: bool) -> MergeReport:
        """Tell what was done."""
        known = len(self._numbers) - self._new
        counts = (known, self._new, self._records, self._reviews, self._settings)
        return MergeReport(*counts, self._statements, tuple(self._conflicts), is_dry_run)

    def _number_of(self, image: StoredImage) -> int:
        """Return the number here of an image there; it is added where it is not known."""
        for name in _names(self._other, image):
            found = self._known.get(name, [])
            if len(found) == 1 and _may_be_same(name, found[0], image):
                return found[0].id
        self._new += 1
        size = (image.page, *image.shape, image.pixel_size_nm, image.sha256)
        return self._into._database.run(
            "INSERT INTO images (path, uid, time, page, height, width, pixel_size_nm, sha256) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self._into.stored_path(image.path), image.uid, now(), *size),
        )

    def _take_reviews(self) -> None:
        rows = self._other.query("SELECT image, uid, track, status, editor, time FROM reviews")
        known = {uid for (uid,) in self._into.query("SELECT uid FROM reviews")}
        for there, uid, *rest in rows:
            if uid not in known:
                self._reviews += 1
                self._into._database.run(
                    "INSERT INTO reviews (image, uid, track, status, editor, time) "
                    "VALUES (?, ?, ?, ?, ?, ?)",
                    (self._numbers[there], uid, *rest),
                )

    def _take_people(self) -> None:
        for row in self._other.query("SELECT name, time FROM annotators"):
            self._into._database.run("INSERT OR IGNORE INTO annotators VALUES (?, ?)", row)
        columns = "uid, model, sha256, detector, threshold, more, editor, time"
        for row in self._other.query(f"SELECT {columns} FROM model_runs ORDER BY id"):
            self._into._database.run(
                f"INSERT OR IGNORE INTO model_runs ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row
            )


def _names(project: Project, image: StoredImage) -> Iterator[tuple[object, ...]]:
    """Whatever an image could be known by, the surest first."""
    yield "uid", image.uid
    yield "file", str(image.path), image.page
    if image.sha256:
        yield "content", image.sha256, image.page
    yield "place", project.stored_path(image.path), image.page, image.shape


def _may_be_same(name: tuple[object, ...], mine: StoredImage, image: StoredImage) -> bool:
    """Whether two images of the same place in two folders may have the same content."""
    known = {mine.sha256, image.sha256} - {""}
    return name[0] != "place" or len(known) < 2
