"""Run a model on images whose truth is known, as ``slitseg predict`` runs it, and score it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from model_lines import LineError, compare_membrane
from model_truths import Truth
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from napari_slitseg.core.bundled import resolve_model
from napari_slitseg.core.checkpoint import load_checkpoint
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.inference import Predictor
from napari_slitseg.core.matching import Matching, match
from napari_slitseg.core.metrics.bootstrap import Interval, interval_of_sums
from napari_slitseg.core.metrics.figures import FIGURES
from napari_slitseg.core.metrics.pooling import PooledScores, pool_scores
from napari_slitseg.core.metrics.scores import ImageScores, score_matching
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.pipelines.predict_one import predict_image

TOLERANCE_NM: Final = 50.0
UNCERTAIN_NM: Final = 100.0
TRACED_NM: Final = 400.0
THRESHOLDS: Final = (*(round(0.05 * i, 2) for i in range(2, 20)), 0.97, 0.98, 0.99)


@dataclass(frozen=True, eq=False)
class Case:
    """One image with its truth and what a model made of it."""

    truth: Truth
    prediction: Prediction

    def slits(self, threshold: float | None = None) -> NDArray[np.float64]:
        """Return the slits found where the image is annotated; None: the model's threshold."""
        yx = self.prediction.at(threshold).table.yx
        if self.truth.is_whole or not len(yx):
            return yx
        traced = cKDTree(np.concatenate(self.truth.lines))
        return np.asarray(yx[traced.query(yx)[0] <= TRACED_NM / self.truth.nm])

    def matching(self, threshold: float | None = None) -> Matching:
        """Match the slits found with the annotated ones, 50 nm apart at most."""
        return match(
            self.slits(threshold),
            self.truth.slits,
            TOLERANCE_NM / self.truth.nm,
            uncertain_yx=self.truth.uncertain,
            ignore_radius_px=UNCERTAIN_NM / self.truth.nm,
        )

    def score(self, threshold: float | None = None) -> ImageScores:
        """Score; what is found within 100 nm of an uncertain slit counts neither way."""
        return score_matching(
            self.matching(threshold),
            self.slits(threshold),
            self.truth.slits,
            shape=self.truth.image.shape,
            n_uncertain=len(self.truth.uncertain),
            pixel_size_nm=self.truth.nm,
        )

    def line_error(self) -> LineError | None:
        """Compare the membrane lines; None where nobody drew them."""
        membrane = np.asarray(self.prediction.membrane, np.float32)
        lines = self.truth.lines
        return compare_membrane(membrane, lines, self.truth.nm) if lines else None


def predictor_of(model: str | Path, views: int | None = None) -> Predictor:
    """Open a bundled model or a file; None: it sees images from as many sides as it says."""
    network, info = load_checkpoint(resolve_model(model))
    return Predictor(network, replace(info, views=views or info.views), device="cpu")


def find(truths: Iterable[Truth], predictor: Predictor) -> list[Case]:
    """Run a model on images."""
    return [Case(truth, predict(predictor, truth.image)) for truth in truths]


def predict(predictor: Predictor, image: Micrograph) -> Prediction:
    """Run a model on one image, as ``slitseg predict`` does."""
    steps = predict_image(predictor, image)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Prediction = end.value
            return found


def pooled(cases: Iterable[Case], threshold: float | None = None) -> PooledScores:
    """Return the scores of images together."""
    return pool_scores([case.score(threshold) for case in cases])


def f1_interval(scores: Sequence[ImageScores]) -> Interval:
    """Return pooled F1 with its bootstrap interval over images."""
    figure = FIGURES["f1"]
    return interval_of_sums(figure.rows(scores), figure.value)


def choose_threshold(sets: Sequence[Sequence[Case]]) -> float:
    """Return the threshold of the highest mean of the sets' pooled F1; empty sets do not count."""
    judges = [part for part in sets if part]

    def worth(threshold: float) -> float:
        return float(np.mean([pooled(part, threshold).f1 for part in judges]))

    return max(THRESHOLDS, key=worth)


def figures(cases: Sequence[Case], threshold: float | None = None) -> dict[str, Any]:
    """Return pooled figures of a set, rounded for a card."""
    scores = [case.score(threshold) for case in cases]
    together, interval = pool_scores(scores), f1_interval(scores)
    chamfer = FIGURES["mean_image_chamfer_nm"].pooled(scores)
    limits = [_rounded(interval.low), _rounded(interval.high)]
    return {
        "images": len(scores),
        "slits": together.n_annotated,
        "detections": together.n_predicted,
        "precision": _rounded(together.precision),
        "recall": _rounded(together.recall),
        "f1": _rounded(together.f1),
        "f1_interval": None if None in limits else limits,
        "mean_chamfer_nm": _rounded(chamfer, 1),
    }


def _rounded(value: float, digits: int = 3) -> float | None:
    """Return a number for a card; None for one that is not defined, which JSON lacks."""
    return round(value, digits) if np.isfinite(value) else None
