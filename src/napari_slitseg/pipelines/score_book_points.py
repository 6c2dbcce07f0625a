"""Every point of every image: where it is, who says so, and what it was matched with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.matching import match
from napari_slitseg.core.points import TOMBSTONES, PointTable
from napari_slitseg.pipelines.score_book_sheet import Sheet

POINT_COLUMNS: Final = MappingProxyType(
    {
        "Image": "Image the point is of.",
        "Side": "found: the slits of the prediction at the threshold. annotated: what people say.",
        "Point": "Number of the point in its table, kept through edits.",
        "y (px)": "Row; pixel centres at whole numbers.",
        "x (px)": "Column.",
        "y (nm)": "Row times the pixel size; empty where that is unknown.",
        "x (nm)": "Column times the pixel size; empty where that is unknown.",
        "Score": "Probability; empty for points that a person set.",
        "Status": "proposed by a model; then accepted, rejected, moved, or added by a person; "
        "deleted: set by mistake and withdrawn.",
        "Tombstone": "yes for rejected and deleted points: they are kept, and count for nothing.",
        "Uncertain": "yes where the annotator was not sure: never missed.",
        "Origin": "human, or the model with the first letters of its fingerprint, and the detector "
        "where it is not the default one.",
        "Editor": "Who set, moved or judged the point last; empty where nobody is known to have.",
        "Time (UTC)": "When that was; empty where it is not known.",
        "Match": "true positive, false positive or set aside for found points; matched, missed, "
        "uncertain or left out for annotated ones.",
        "Distance (px)": "To the partner of the pair; empty without one.",
        "Distance (nm)": "To the partner of the pair; empty without one or without pixel size.",
    }
)
"""Headings of the sheet of points, and what they mean."""

MOST_ROWS: Final = 1_000_000
"""Points on one sheet; spreadsheets hold 1,048,576 rows."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ImagePoints:
    """Points of one image, and how they are compared.

    Attributes
    ----------
    name : str
        Of the image.
    found, annotated : PointTable
        With tombstones.
    tolerance_px, ignore_radius_px : float
        As the scores were made with.
    pixel_size_nm : float or None
    """

    name: str
    found: PointTable
    annotated: PointTable
    tolerance_px: float
    ignore_radius_px: float
    pixel_size_nm: float | None = None

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Rows of the sheet: found points, then annotated ones."""
        for side, table, (kinds, distances) in zip(
            ("found", "annotated"), (self.found, self.annotated), self._matched(), strict=True
        ):
            for number in range(len(table)):
                yield self._row(side, table, number, (kinds[number], float(distances[number])))

    def _row(
        self, side: str, table: PointTable, number: int, matched: tuple[str, float]
    ) -> tuple[Any, ...]:
        size = np.nan if self.pixel_size_nm is None else self.pixel_size_nm
        (y, x), (kind, distance) = table.yx[number].tolist(), matched
        status = str(table.status[number])
        return (
            *(self.name, side, int(table.ids[number]), y, x, y * size, x * size),
            *(float(table.score[number]), status, _yes(status in TOMBSTONES)),
            *(_yes(bool(table.uncertain[number])), str(table.origin[number])),
            *(str(table.editor[number]), str(table.time[number])),
            *(kind, distance, distance * size),
        )

    def _matched(self) -> tuple[tuple[list[str], NDArray[np.float64]], ...]:
        """Kinds and distances of found and of annotated points."""
        counted = np.flatnonzero(~np.isin(self.found.status, TOMBSTONES))
        slits, unsure = self.annotated.is_slit, self.annotated.uncertain
        certain = np.flatnonzero(slits & ~unsure)
        pairs = match(
            self.found.yx[counted],
            self.annotated.yx[certain],
            self.tolerance_px,
            uncertain_yx=self.annotated.yx[slits & unsure],
            ignore_radius_px=self.ignore_radius_px,
        )
        found, there = _empty(self.found, "left out"), _empty(self.annotated, "left out")
        _name(found[0], counted, "false positive")
        _name(found[0], counted[pairs.true_positive], "true positive")
        _name(found[0], counted[pairs.set_aside], "set aside")
        _name(there[0], np.flatnonzero(slits & unsure), "uncertain")
        _name(there[0], certain, "matched")
        _name(there[0], certain[pairs.missed], "missed")
        found[1][counted[pairs.pairs[:, 0]]] = pairs.distance_px
        there[1][certain[pairs.pairs[:, 1]]] = pairs.distance_px
        return found, there


def point_sheets(images: Sequence[ImagePoints]) -> Iterator[Sheet]:
    """Return as many sheets as the points need, one at least."""
    total = sum(len(each.found) + len(each.annotated) for each in images)
    rows = (row for image in images for row in image.rows())
    for number in range(max(1, -(-total // MOST_ROWS))):
        title = "Points" if number == 0 else f"Points {number + 1}"
        yield Sheet(title, tuple(POINT_COLUMNS), islice(rows, MOST_ROWS))


def _empty(table: PointTable, kind: str) -> tuple[list[str], NDArray[np.float64]]:
    return [kind] * len(table), np.full(len(table), np.nan)


def _name(kinds: list[str], rows: NDArray[np.intp], kind: str) -> None:
    for row in rows.tolist():
        kinds[row] = kind


def _yes(value: bool) -> str:  # noqa: FBT001
    return "yes" if value else "no"
