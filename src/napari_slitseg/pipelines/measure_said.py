"""What people say of an image that is measured: slits, membrane, review, excluded stretches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.morphometry.people import editors_of, moved_from
from napari_slitseg.core.points import PointTable, find_annotation
from napari_slitseg.core.review import Annotation, History
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.fingerprints import sha256_of
from napari_slitseg.pipelines.import_annotations_pairs import Sources
from napari_slitseg.pipelines.import_annotations_read import read_sources
from napari_slitseg.pipelines.measure_items import Item
from napari_slitseg.pipelines.membrane import find_membrane, read_membrane
from napari_slitseg.store import SHARED, Project, Review

_DONE: Final = "done"
_DAMAGED: Final = (
    "{} of its edits cannot be read, and are missing here. 'slitseg project check' tells more."
)
_ANOTHER: Final = (
    "The file holds another picture than the one that was annotated. Compare the two before using "
    "its figures."
)
_NOT_DONE: Final = "{} has not marked it as done: slits that are still missing are not counted."


class NothingSaid(JobError):
    """There is nothing to measure in an image; it is passed over."""


@dataclass(frozen=True, eq=False)
class Said:
    """What people say of one image.

    Attributes
    ----------
    points : PointTable or None
        With tombstones; None where nobody said anything.
    membrane : (H, W) bool or None
        None where nobody drew it.
    review : str
        "open", "in progress" or "done"; "" for an image that no project knows.
    editors : frozenset of str
        Who edited.
    excluded : sequence of (K, 2) arrays
        Polygons (y, x), px, in which nothing is measured.
    moved_from : (K, 2) float64
        Where points were before a person moved them, px.
    notices : tuple of str
    """

    points: PointTable | None = None
    membrane: NDArray[np.bool_] | None = None
    review: str = ""
    editors: frozenset[str] = frozenset()
    excluded: Sequence[NDArray[np.float64]] = ()
    moved_from: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    notices: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether a person marked the review of it as done."""
        return self.review == _DONE


@dataclass(frozen=True)
class Sayings:
    """What a project, and the files beside the images, say of all images.

    Attributes
    ----------
    project : Project or None
        None for a folder without one.
    track : str
        Whose annotation.
    reviews : mapping
        Where the review of each image and track stands.
    excluded : mapping
        Excluded polygons of each image and track.
    tracks : frozenset
        Image and track of every journal.
    """

    project: Project | None
    track: str
    reviews: Mapping[tuple[int, str], Review] = field(default_factory=dict)
    excluded: Mapping[tuple[int, str], Any] = field(default_factory=dict)
    tracks: frozenset[tuple[int, str]] = frozenset()

    @classmethod
    def of(cls, project: Project | None, track: str) -> Sayings:
        """Look into a project.

        Raises
        ------
        JobError
            If it has no such track.
        napari_slitseg.store.StoreError
            If it cannot be read.
        """
        tracks = frozenset() if project is None else frozenset(project.tracks())
        if track != SHARED and track not in {each for _, each in tracks}:
            there = ", ".join(sorted({each for _, each in tracks})) or "none"
            raise JobError(f"There is no track {track} in the project; it has: {there}.")
        if project is None:
            return cls(None, track)
        return cls(project, track, project.reviews(), project.excluded(), tracks)

    def of_image(self, item: Item, shape: tuple[int, int]) -> Said:
        """Return what is said of an image.

        Parameters
        ----------
        item : Item
        shape : (int, int)
            Rows and columns of the image.

        Raises
        ------
        NothingSaid
            If the reader whose track is measured has not read it.
        ValueError, OSError, StoreError
            If something cannot be read, or is of an image of another size.
        """
        history = self._history(item, self.track)
        if history is None and self.track != SHARED:
            raise NothingSaid(f"{self.track} has not read it.")
        said = Annotation() if history is None else history.state
        beside = self._beside(item, said, shape)
        membrane = self._membrane(item, said, beside, shape)
        _check_size(membrane, shape)
        points = said.points if said.points is not None else beside.points
        key = (item.image_id or 0, self.track)
        excluded = self.excluded.get(key)
        return Said(
            points=points,
            membrane=membrane,
            review=self._review(item),
            editors=editors_of(points, history),
            excluded=() if excluded is None else excluded.polygons,
            moved_from=moved_from(history),
            notices=self._notices(item, history),
        )

    def _history(self, item: Item, track: str) -> History | None:
        number = item.image_id
        if self.project is None or number is None or (number, track) not in self.tracks:
            return None
        return self.project.history(number, track)[0]

    def _beside(self, item: Item, said: Annotation, shape: tuple[int, int]) -> Annotation:
        """Return what files beside the image say of what the project is silent about."""
        if item.page or self.track != SHARED:
            return Annotation()
        points = find_annotation(item.path) if said.points is None else None
        membrane = find_membrane(item.path) if said.membrane is None else None
        found = read_sources(Sources(points=points, membrane=membrane), shape)
        return Annotation(found.points, found.membrane)

    def _membrane(
        self, item: Item, said: Annotation, beside: Annotation, shape: tuple[int, int]
    ) -> NDArray[np.bool_] | None:
        """Return the drawn membrane; readers of slits share the one of everybody."""
        if said.membrane is not None or self.track == SHARED:
            return said.membrane if said.membrane is not None else beside.membrane
        shared = self._history(item, SHARED)
        if shared is not None and shared.state.membrane is not None:
            return shared.state.membrane
        file = None if item.page else find_membrane(item.path)
        return None if file is None else read_membrane(file, shape)

    def _review(self, item: Item) -> str:
        if item.image_id is None:
            return ""
        review = self.reviews.get((item.image_id, self.track))
        return "open" if review is None else review.status

    def _notices(self, item: Item, history: History | None) -> tuple[str, ...]:
        texts = []
        damaged = 0 if history is None else sum(e.kind == "unreadable" for e in history.edits)
        if damaged:
            texts.append(_DAMAGED.format(damaged))
        if self.track != SHARED and self._review(item) != _DONE:
            texts.append(_NOT_DONE.format(self.track))
        if history is not None and _is_another(item):
            texts.append(_ANOTHER)
        return tuple(texts)


def _check_size(membrane: NDArray[np.bool_] | None, shape: tuple[int, int]) -> None:
    if membrane is not None and membrane.shape != shape:
        there, here = (" x ".join(map(str, each)) for each in (membrane.shape, shape))
        raise JobError(
            f"Its membrane was drawn on {there} px, but the file is {here} px now. Put the file "
            "back that was annotated."
        )


def _is_another(item: Item) -> bool:
    stored = item.stored
    return stored is not None and stored.sha256 not in ("", sha256_of(item.path))
