"""Review status, results, model runs and people of a project."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

from napari_slitseg.store.base import Part
from napari_slitseg.store.naming import new_uid
from napari_slitseg.store.schema import now, now_or_after

ReviewStatus = Literal["open", "in progress", "done"]

REVIEW_STATUSES: Final[tuple[ReviewStatus, ...]] = ("open", "in progress", "done")
"""Where the review of an image stands."""


@dataclass(frozen=True)
class Review:
    """Where the review of an image stands.

    Attributes
    ----------
    status : str
        "open", "in progress" or "done".
    editor : str
        Who said so.
    time : str
        When, ISO 8601 in UTC.
    """

    status: str
    editor: str
    time: str


@dataclass(frozen=True)
class Result:
    """Figures of an image.

    Attributes
    ----------
    scores, settings : dict
        The figures, and how they were computed.
    time : str
        When, ISO 8601 in UTC.
    """

    scores: dict[str, Any]
    settings: dict[str, Any]
    time: str


@dataclass(frozen=True)
class ModelRun:
    """A model that looked for slits in this project.

    Attributes
    ----------
    model, sha256 : str
        Its name and the SHA-256 of its file.
    detector : str
        What made candidates of its map.
    threshold : float
        Lowest probability that counted.
    more : dict
        What else there is to know.
    editor, time : str
        Who ran it, and when.
    """

    model: str
    sha256: str
    detector: str
    threshold: float
    more: dict[str, Any]
    editor: str
    time: str


class Reviews(Part):
    """The part of a project that knows how far the review is and what came of it."""

    def set_review(self, image_id: int, track: str, status: ReviewStatus, editor: str = "") -> None:
        """Tell where the review of an image stands; earlier ones are kept.

        A word is never older than the one before it, even where the clock was wrong then.

        Raises
        ------
        ValueError
            If the status is unknown.
        StoreError
            If it cannot be written.
        """
        if status not in REVIEW_STATUSES:
            raise ValueError(f"Unknown status '{status}'; known are {list(REVIEW_STATUSES)}.")
        with self._database.transaction():
            last = self._database.value(
                "SELECT max(time) FROM reviews WHERE image = ? AND track = ?", (image_id, track)
            )
            time = now() if last is None else now_or_after(last)
            values = (new_uid(), image_id, track, status, editor or self.editor, time)
            self._database.run(
                "INSERT INTO reviews (uid, image, track, status, editor, time) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                values,
            )

    def reviews(self) -> dict[tuple[int, str], Review]:
        """Return where the review of each image and track stands."""
        rows = self._database.rows(
            "SELECT image, track, status, editor, time FROM reviews ORDER BY time, uid"
        )
        return {(image, track): Review(*review) for image, track, *review in rows}

    def put_result(
        self, image_id: int, track: str, scores: dict[str, Any], settings: dict[str, Any]
    ) -> None:
        """Keep the figures of an image in place of earlier ones.

        Raises
        ------
        TypeError
            If they are not made of plain values.
        StoreError
            If they cannot be written.
        """
        values = (image_id, track, json.dumps(scores), json.dumps(settings), now())
        with self._database.transaction():
            self._database.run("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?)", values)

    def results(self) -> dict[tuple[int, str], Result]:
        """Return the figures of each image and track."""
        rows = self._database.rows("SELECT image, track, scores, settings, time FROM results")
        return {
            (image, track): Result(json.loads(scores), json.loads(settings), time)
            for image, track, scores, settings, time in rows
        }

    def add_model_run(
        self, model: str, sha256: str, detector: str, threshold: float, **more: Any
    ) -> None:
        """Tell that a model looked for slits.

        Parameters
        ----------
        model, sha256, detector, threshold
            As in `ModelRun`.
        **more
            Plain values: what else there is to know.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        told = (model, sha256, detector, threshold, json.dumps(more), self.editor, now())
        with self._database.transaction():
            self._database.run(
                "INSERT INTO model_runs (uid, model, sha256, detector, threshold, more, editor, "
                "time) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (new_uid(), *told),
            )

    def model_runs(self) -> tuple[ModelRun, ...]:
        """Return all runs, oldest first."""
        rows = self._database.rows(
            "SELECT model, sha256, detector, threshold, more, editor, time FROM model_runs "
            "ORDER BY id"
        )
        return tuple(
            ModelRun(model, sha256, detector, threshold, json.loads(more), editor, time)
            for model, sha256, detector, threshold, more, editor, time in rows
        )

    def add_annotator(self, name: str) -> None:
        """Tell of a person who annotates; one who is known is left alone.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        with self._database.transaction():
            self._database.run("INSERT OR IGNORE INTO annotators VALUES (?, ?)", (name, now()))

    def annotators(self) -> tuple[str, ...]:
        """Return the names of all who annotate, in alphabetical order."""
        return tuple(name for (name,) in self._database.rows("SELECT name FROM annotators"))
