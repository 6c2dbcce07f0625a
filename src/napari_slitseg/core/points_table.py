"""PointTable: an immutable list of slits with their score, status and origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_slitseg.core.points_frame import columns_of, frame_of

if TYPE_CHECKING:
    import pandas as pd

STATUSES: Final[tuple[str, ...]] = (
    *("proposed", "accepted", "rejected", "added", "moved"),
    "deleted",
)
"""What has become of a point: proposed by a model, then judged, or set by a person."""

TOMBSTONES: Final[tuple[str, ...]] = ("rejected", "deleted")
"""Points that a person looked at and took away: judged to be no slit, or set by mistake."""

NOT_SLITS: Final[tuple[str, ...]] = ("proposed", *TOMBSTONES)
"""Points that nobody says are slits."""

COLUMNS: Final[tuple[str, ...]] = (
    "index",
    "axis-0",
    "axis-1",
    "score",
    "status",
    "origin",
    "uncertain",
    "editor",
    "time",
)
"""Columns of a table on disk; the first three are napari's own points format."""


_NOBODY: Final = np.zeros(0, np.str_)


@dataclass(frozen=True, eq=False)
class PointTable:
    """Slits of one image.

    All arrays are copied in and read-only; an edit makes a new table.

    Attributes
    ----------
    ids : (N,) int64
        Names of the points, each once, kept through edits.
    yx : (N, 2) float64
        Row and column, pixel centres at integers; may lie outside the image.
    score : (N,) float64
        Probability in [0, 1]; NaN for a point set by a person.
    status : (N,) str
        One of `STATUSES`.
    origin : (N,) str
        "human" or "model:<name>@<first letters of its hash>".
    uncertain : (N,) bool
        Points whose annotator was not sure: neither right nor wrong when scoring.
    editor : (N,) str
        Who judged, set or moved the point last; "" where nobody is known to have.
    time : (N,) str
        When, ISO 8601 in UTC; "" where it is not known.

    Raises
    ------
    ValueError
        If lengths differ, a coordinate is not finite, an id occurs twice, a score is
        out of range or a status unknown.
    """

    ids: NDArray[np.int64]
    yx: NDArray[np.float64]
    score: NDArray[np.float64]
    status: NDArray[np.str_]
    origin: NDArray[np.str_]
    uncertain: NDArray[np.bool_]
    editor: NDArray[np.str_] = field(default_factory=lambda: _NOBODY)
    time: NDArray[np.str_] = field(default_factory=lambda: _NOBODY)

    def __post_init__(self) -> None:
        self._own("ids", np.array(self.ids, np.int64))
        yx = np.array(self.yx, np.float64)
        self._own("yx", yx.reshape(0, 2) if yx.size == 0 else yx)
        self._own("score", np.array(self.score, np.float64))
        self._own("status", np.array(self.status, np.str_))
        self._own("origin", np.array(self.origin, np.str_))
        self._own("uncertain", np.array(self.uncertain, np.bool_))
        for name in ("editor", "time"):
            texts = getattr(self, name)
            self._own(name, np.full(len(self.yx), "") if texts is _NOBODY else _texts(texts))
        self._check_lengths()
        self._check_values()

    def _own(self, name: str, array: NDArray[Any]) -> None:
        array.flags.writeable = False
        object.__setattr__(self, name, array)

    def _check_lengths(self) -> None:
        shapes = {field.name: getattr(self, field.name).shape for field in fields(self)}
        if shapes.pop("yx") != (len(self.yx), 2) or set(shapes.values()) != {(len(self.yx),)}:
            raise ValueError(f"A table of {len(self.yx)} points has columns of shapes {shapes}.")

    def _check_values(self) -> None:
        if not np.isfinite(self.yx).all():
            row = int(np.flatnonzero(~np.isfinite(self.yx).all(axis=1))[0])
            raise ValueError(f"Point {row} has a coordinate that is no finite number.")
        if _repeats(self.ids):
            raise ValueError("Two points have the same id.")
        if (bad := ~(np.isnan(self.score) | ((self.score >= 0) & (self.score <= 1)))).any():
            raise ValueError(f"The score {self.score[bad][0]} is not between 0 and 1.")
        if unknown := set(self.status.tolist()) - set(STATUSES):
            raise ValueError(f"Unknown status {sorted(unknown)}; known are {list(STATUSES)}.")

    def __len__(self) -> int:
        return len(self.yx)

    @property
    def is_slit(self) -> NDArray[np.bool_]:
        """Which points somebody says are slits, certain or not: (N,) bool."""
        return ~np.isin(self.status, NOT_SLITS)

    @property
    def living(self) -> PointTable:
        """The points without tombstones."""
        gone = np.isin(self.status, TOMBSTONES)
        return self.take(~gone) if gone.any() else self

    def equals(self, other: PointTable) -> bool:
        """Whether two tables agree in every value; NaN scores count as equal."""
        return all(
            np.array_equal(
                getattr(self, field.name),
                getattr(other, field.name),
                equal_nan=field.name == "score",
            )
            for field in fields(self)
        )

    def take(self, rows: ArrayLike) -> PointTable:
        """Table of some rows: a boolean mask or row numbers."""
        index = np.asarray(rows)
        index = index if index.dtype == np.bool_ else index.astype(np.intp)
        taken = {f.name: getattr(self, f.name)[index] for f in fields(self)}
        if index.ndim != 1 or (index.dtype != np.bool_ and _repeats(taken["ids"])):
            return PointTable(**taken)
        return PointTable.of_checked(taken)

    @classmethod
    def of_checked(cls, columns: Mapping[str, NDArray[Any]]) -> PointTable:
        """Table of columns whose every value comes from tables, neither copied nor checked again.

        Parameters
        ----------
        columns : mapping of str to (N,) and (N, 2) arrays
            All columns by name, of the right types and one length, each id once; they become
            read-only.
        """
        table = cls.__new__(cls)
        for each in fields(cls):
            table._own(each.name, columns[each.name])
        return table

    @classmethod
    def empty(cls) -> PointTable:
        """Table without points."""
        return cls.from_yx(np.empty((0, 2)))

    @classmethod
    def from_yx(
        cls,
        yx: ArrayLike,
        *,
        score: ArrayLike | None = None,
        status: str | Sequence[str] = "added",
        origin: str | Sequence[str] = "human",
        uncertain: ArrayLike | None = None,
    ) -> PointTable:
        """Table of new points with ids 0, 1, 2, ...

        Parameters
        ----------
        yx : (N, 2) array
            Row and column, pixel centres at integers.
        score : (N,) array or None
            Probabilities; None for points without one.
        status, origin : str or N of them
            The same for all points, or one each.
        uncertain : (N,) array of bool or None
            None for points that are all certain.

        Raises
        ------
        ValueError
            If a value is impossible or lengths differ.
        """
        coordinates = np.asarray(yx, np.float64)
        if coordinates.size and (coordinates.ndim != 2 or coordinates.shape[1] != 2):
            raise ValueError(
                f"Points need a row and a column each, shape (N, 2), not {coordinates.shape}."
            )
        coordinates = coordinates.reshape(-1, 2)
        count = len(coordinates)
        return cls(
            ids=np.arange(count),
            yx=coordinates,
            score=np.full(count, np.nan) if score is None else np.asarray(score, np.float64),
            status=_each(status, count),
            origin=_each(origin, count),
            uncertain=np.zeros(count, bool) if uncertain is None else np.asarray(uncertain, bool),
        )

    def to_frame(self) -> pd.DataFrame:
        """Lay the table out as a data frame with the columns `COLUMNS`."""
        return frame_of(self)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> PointTable:
        """Inverse of `to_frame`.

        Raises
        ------
        ValueError
            If a column is missing or a value impossible.
        """
        if missing := [name for name in COLUMNS if name not in frame.columns]:
            raise ValueError(f"The table lacks the columns {missing}.")
        return cls(**columns_of(frame))


def _repeats(ids: NDArray[np.int64]) -> bool:
    """Whether any id occurs twice."""
    ascending = np.sort(ids, kind="stable")
    return bool((ascending[1:] == ascending[:-1]).any())


def _texts(values: ArrayLike) -> NDArray[np.str_]:
    return np.array(values, np.str_)


def _each(value: str | Sequence[str], count: int) -> NDArray[np.str_]:
    """One text a point."""
    return np.full(count, value) if isinstance(value, str) else np.array(value, np.str_)
