"""What an evaluation found: one row an image, and all images together."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_slitseg.core.metrics import ImageScores, PooledScores, pool_scores


@dataclass(frozen=True)
class EvaluatedImage:
    """Scores of one image.

    Attributes
    ----------
    path, annotation : Path
        The image and the annotation it was compared with.
    prediction : Path or None
        The predicted slits; None where the model was run.
    scores : ImageScores
    """

    path: Path
    annotation: Path
    prediction: Path | None
    scores: ImageScores

    def to_dict(self) -> dict[str, Any]:
        """Return image, files and every figure, as plain values."""
        return {
            "image": self.path.name,
            **self.scores.to_dict(),
            "file": str(self.path),
            "annotation": str(self.annotation),
            "prediction": None if self.prediction is None else str(self.prediction),
        }


@dataclass(frozen=True)
class EvaluationTable:
    """Result of an evaluation.

    Attributes
    ----------
    images : tuple of EvaluatedImage
        In the order of the images.
    skipped, failed : mapping
        Reasons by image name.
    """

    images: tuple[EvaluatedImage, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def pooled(self) -> PooledScores | None:
        """All images together; None where there are none."""
        return pool_scores([image.scores for image in self.images]) if self.images else None

    def to_csv(self) -> str:
        """Return the rows as CSV; figures that are not defined are empty cells."""
        return rows_as_csv([image.to_dict() for image in self.images])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values; NaN and infinity are kept."""
        pooled = self.pooled
        return {
            "images": [image.to_dict() for image in self.images],
            "skipped": dict(self.skipped),
            "failed": dict(self.failed),
            "pooled": None if pooled is None else pooled.to_dict(),
        }


def rows_as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows with the same columns as CSV, "" where there are none.

    Parameters
    ----------
    rows : sequence of mapping
        From column to value; None and NaN become empty cells, other floats keep all digits.
    """
    text = io.StringIO(newline="")
    if rows:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    """Empty for None and NaN; all digits otherwise."""
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    return "" if value is None else value
