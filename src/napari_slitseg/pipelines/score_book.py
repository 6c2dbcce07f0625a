"""A workbook of scores: images, all together, every point, and how it all was computed."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from napari_slitseg.core.atomic import open_atomically
from napari_slitseg.core.metrics.result import EvaluationResult
from napari_slitseg.pipelines.outputs import writing
from napari_slitseg.pipelines.score_book_images import image_sheet, pooled_sheet
from napari_slitseg.pipelines.score_book_points import ImagePoints, point_sheets
from napari_slitseg.pipelines.score_book_sheet import Sheet, is_score_book, write_sheets
from napari_slitseg.pipelines.score_book_words import how_sheet

__all__ = ["SUFFIX", "ImagePoints", "ScoreBook", "is_score_book", "write_score_book"]

SUFFIX: Final = ".xlsx"


@dataclass(frozen=True, eq=False)
class ScoreBook:
    """What goes into a workbook of scores.

    Attributes
    ----------
    result : EvaluationResult
    points : tuple of ImagePoints
        Of the images of the result, in the same order.
    reviews : tuple of str
        Review status of each image; empty where none is kept.
    """

    result: EvaluationResult
    points: tuple[ImagePoints, ...] = ()
    reviews: tuple[str, ...] = ()

    def sheets(self) -> list[Sheet]:
        """Return the sheets in their order; rows are made as they are written."""
        return [
            image_sheet(self.result, self.reviews),
            pooled_sheet(self.result),
            *point_sheets(self.points),
            how_sheet(self.result, self.points),
        ]


def write_score_book(path: Path, book: ScoreBook) -> Generator[str, None, None]:
    """Write a workbook, as a whole or not at all.

    Parameters
    ----------
    path : Path
        A file there is replaced; `is_score_book` tells whether it is one of these.
    book : ScoreBook

    Yields
    ------
    str
        Name of the sheet that is written next, and of the same again after each 1000 rows. Nothing
        is written where the generator is closed before its end.

    Raises
    ------
    OutputError
        If it cannot be written; an earlier file is untouched.
    """
    with writing(path), open_atomically(path) as file:
        yield from write_sheets(file, book.sheets())
