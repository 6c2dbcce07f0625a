"""A precision-recall curve with what it covers; part of an evaluation's result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from napari_slitseg.core.metrics.curves import PrecisionRecall


@dataclass(frozen=True, eq=False)
class Curve:
    """Precision, recall and F1 at every threshold, all images pooled.

    Attributes
    ----------
    points : PrecisionRecall
    covers_from : float
        Lowest threshold the curve knows of: 0 where a model was run; with files of predictions the
        threshold they were made with, as they hold no slits below it.
    """

    points: PrecisionRecall
    covers_from: float = 0.0

    @property
    def is_whole(self) -> bool:
        """Whether it covers all thresholds, so that its average precision is no lower bound."""
        return self.covers_from == 0

    def rows(self) -> list[dict[str, float]]:
        """Return one row a threshold, falling: fractions and counts."""
        points = self.points
        right, found = points.true_positive, points.n_predicted
        columns = {
            "threshold": points.threshold,
            "precision": points.precision,
            "recall": points.recall,
            "f1": points.f1,
            "true_positive": right,
            "false_positive": found - right,
            "missed": points.n_annotated - right,
        }
        return [
            dict(zip(columns, row, strict=True))
            for row in zip(*(each.tolist() for each in columns.values()), strict=True)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return summary and points as plain values."""
        points, best = self.points, self.points.best()
        return {
            "average_precision": points.average_precision(),
            "best_threshold": best.threshold,
            "best_f1": best.f1,
            "best_from": best.lowest,
            "best_to": best.highest,
            "covers_from": self.covers_from,
            "n_annotated": points.n_annotated,
            "threshold": points.threshold.tolist(),
            "true_positive": points.true_positive.tolist(),
            "n_predicted": points.n_predicted.tolist(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build it from what `to_dict` returned."""
        points = PrecisionRecall(
            threshold=np.array(values["threshold"], np.float64),
            true_positive=np.array(values["true_positive"], np.int64),
            n_predicted=np.array(values["n_predicted"], np.int64),
            n_annotated=values["n_annotated"],
        )
        return cls(points, values["covers_from"])
