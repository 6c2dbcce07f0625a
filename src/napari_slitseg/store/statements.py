"""What people said of scales, excluded stretches and samples; never changed and never removed.

The newest statement on an image counts; where two are equally new, their names decide, so that
all copies of a project agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from napari_slitseg.core.calibration import FolderScale, Scale, resolve_scale
from napari_slitseg.core.morphometry import Sample
from napari_slitseg.store.base import Part
from napari_slitseg.store.connection import Database
from napari_slitseg.store.errors import StoreError
from napari_slitseg.store.naming import new_uid
from napari_slitseg.store.schema import now, now_or_after
from napari_slitseg.store.statement_text import (
    polygons_from_text,
    polygons_to_text,
    read_statement,
    sample_from_text,
    sample_to_text,
    scale_from_text,
    scale_to_text,
)
from napari_slitseg.store.statement_types import Excluded, KeptScale

LISTED: Final = "in a window of napari"
"""Source of a pixel size that the list of images has and nobody made a statement of."""

Topic = Literal["scale", "excluded", "sample"]

_ALL: Final = "SELECT image, track, content, editor, time FROM statements WHERE topic = ?"
_IN_ORDER: Final = " ORDER BY time, uid"
_INSERT: Final = (
    "INSERT INTO statements (uid, topic, image, track, content, editor, time) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_UNREAD: Final = {
    "scale": "scales of images",
    "excluded": "excluded stretches",
    "sample": "samples of images",
}


class Statements(Part):
    """The part of a project that knows scales, excluded stretches and samples."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._unread: dict[str, int] = {}

    @property
    def unread(self) -> tuple[str, ...]:
        """What could not be read of statements that were asked for, a sentence each."""
        return tuple(
            f"{count} of the statements about {_UNREAD[topic]} cannot be read; what was said "
            f"before counts. 'slitseg project check' tells more."
            for topic, count in self._unread.items()
            if count
        )

    def set_scale(
        self,
        scale: Scale,
        image_ids: Sequence[int] | None,
        *,
        before_file: bool = False,
        editor: str = "",
    ) -> None:
        """Tell the scale of images, or of the folder; what was said before is kept.

        Parameters
        ----------
        scale : Scale
            Side of a pixel, and where it comes from.
        image_ids : sequence of int or None
            None for the whole folder, with images that come later.
        before_file : bool
            Whether it holds even where the file of an image says another.
        editor : str
            Who says so; "" for the editor of this window.

        Raises
        ------
        StoreError
            If the project has no such image, or it cannot be written; nothing was then.
        """
        self._say_scale(scale_to_text(scale, before_file=before_file), image_ids, editor)

    def unset_scale(self, image_ids: Sequence[int] | None, editor: str = "") -> None:
        """Tell that the scale said of images, or of the folder (None), no longer holds.

        Raises
        ------
        StoreError
            As `set_scale`.
        """
        self._say_scale(scale_to_text(None), image_ids, editor)

    def scales(self) -> dict[int | None, KeptScale]:
        """Return the scale of each image that has one of its own, and of the folder (None)."""
        found: dict[int | None, KeptScale] = {}
        for image, _, content, editor, time in self._said("scale"):
            said = read_statement(scale_from_text, content)
            if said is None:
                self._unread["scale"] += 1
            elif said.scale is None:
                found.pop(image, None)
            else:
                found[image] = KeptScale(said.scale, said.before_file, editor, time)
        return found

    def scales_of_images(self) -> dict[int, Scale]:
        """Return the scale of each image: its own, the folder's, or that of the list of images."""
        kept = self.scales()
        whole = kept.get(None)
        folder = None if whole is None else FolderScale(whole.scale, whole.before_file)
        found = {}
        for image, size in self._database.rows("SELECT id, pixel_size_nm FROM images"):
            own = kept.get(image)
            scale = resolve_scale(None if own is None else own.scale, folder, _listed(size))
            if scale is not None:
                found[image] = scale
        return found

    def set_excluded(
        self, image_id: int, track: str, polygons: Sequence[ArrayLike], editor: str = ""
    ) -> None:
        """Tell which stretches of an image are not measured, in place of those told before.

        Parameters
        ----------
        image_id : int
            Number of the image.
        track : str
            "shared", or the name of a reader.
        polygons : sequence of (K, 2) array-like
            Corners (y, x) in px, at least three each; none at all to measure everything again.
        editor : str
            Who says so; "" for the editor of this window.

        Raises
        ------
        ValueError
            If a polygon has fewer than three corners, or one that is no place.
        StoreError
            If the project has no such image, or it cannot be written; nothing was then.
        """
        corners = [np.asarray(polygon, np.float64) for polygon in polygons]
        self._say("excluded", [(image_id, polygons_to_text(corners))], editor, track)

    def excluded(self) -> dict[tuple[int, str], Excluded]:
        """Return what is not measured, for each image and track of which it was told."""
        return {key: stretches[-1] for key, stretches in self._excluded().items()}

    def excluded_history(self, image_id: int, track: str) -> tuple[Excluded, ...]:
        """Return all that was told of an image and track, oldest first."""
        return tuple(self._excluded(image_id, track).get((image_id, track), ()))

    def set_samples(self, samples: Mapping[int, Sample], editor: str = "") -> None:
        """Tell what images belong to; where that is known already, nothing is written.

        Parameters
        ----------
        samples : mapping of int to Sample
            Of each image, by its number; an empty one says that it belongs to nothing.
        editor : str
            Who says so; "" for the editor of this window.

        Raises
        ------
        StoreError
            If the project has no such image, or it cannot be written; nothing was then.
        """
        known = self.samples()
        new = [
            (image, sample_to_text(sample))
            for image, sample in samples.items()
            if sample != known.get(image, Sample())
        ]
        self._say("sample", new, editor)

    def samples(self) -> dict[int, Sample]:
        """Return what each image belongs to, of those of which it was told."""
        found = {}
        for image, _, content, _, _ in self._said("sample"):
            sample = read_statement(sample_from_text, content)
            self._unread["sample"] += sample is None
            if sample is not None:
                found[image] = sample
        return found

    def _excluded(self, *key: object) -> dict[tuple[int, str], list[Excluded]]:
        found: dict[tuple[int, str], list[Excluded]] = {}
        for image, track, content, editor, time in self._said("excluded", *key):
            polygons = read_statement(polygons_from_text, content)
            self._unread["excluded"] += polygons is None
            if polygons is not None:
                found.setdefault((image, track), []).append(Excluded(polygons, editor, time))
        return found

    def _said(self, topic: Topic, *key: object) -> list[Any]:
        """Return all statements on a topic, or on an image and track of it, oldest first."""
        self._unread[topic] = 0
        where = " AND image = ? AND track = ?" if key else ""
        return self._database.rows(f"{_ALL}{where}{_IN_ORDER}", (topic, *key))

    def _say_scale(self, content: str, image_ids: Sequence[int] | None, editor: str) -> None:
        images: Sequence[int | None] = (None,) if image_ids is None else image_ids
        self._say("scale", [(image, content) for image in images], editor)

    def _say(
        self, topic: Topic, contents: Sequence[tuple[int | None, str]], editor: str, track: str = ""
    ) -> None:
        with self._database.transaction():
            self._check_known(image for image, _ in contents if image is not None)
            signed = (editor or self.editor, self._next_time(topic))
            for image, content in contents:
                values = (new_uid(), topic, image, track, content.encode(), *signed)
                self._database.run(_INSERT, values)

    def _check_known(self, image_ids: Iterable[int]) -> None:
        for image in image_ids:
            if not self._database.rows("SELECT 1 FROM images WHERE id = ?", (image,)):
                raise StoreError(f"The project {self.path} has no image of number {image}.")

    def _next_time(self, topic: Topic) -> str:
        """Return the present time, later than what was said before even if a clock was wrong."""
        last = self._database.value("SELECT max(time) FROM statements WHERE topic = ?", (topic,))
        try:
            return now() if last is None else now_or_after(last)
        except ValueError:
            return now()


def _listed(size_nm: float | None) -> Scale | None:
    try:
        return None if size_nm is None else Scale(size_nm, "typed", LISTED)
    except ValueError:
        return None
