"""The bundled model still finds slits as its card says."""

from __future__ import annotations

import numpy as np
import pytest

from napari_slitseg.core.bundled import DEFAULT_MODEL, resolve_model
from napari_slitseg.core.checkpoint import load_checkpoint
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.inference import Predictor
from napari_slitseg.core.metrics.pooling import pool_scores
from napari_slitseg.core.metrics.scores import ImageScores, score_image
from napari_slitseg.core.simulate import SceneOptions, simulate
from napari_slitseg.pipelines.predict import predict_image

TEST_SEEDS = range(60_000, 60_006)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(*load_checkpoint(resolve_model(DEFAULT_MODEL)), device="cpu")


def score(seed: int, predictor: Predictor) -> ImageScores:
    scene = simulate(seed, SceneOptions())
    steps = predict_image(predictor, Micrograph(scene.image, 10.0, "simulation", str(seed)))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found = end.value.table.yx
            break
    return score_image(
        found, scene.slits, shape=scene.image.shape, pixel_size_nm=10.0, tolerance_px=5.0
    )


def test_f1_at_50_nm_on_test_scenes_is_at_least_nine_tenths(predictor: Predictor) -> None:
    pooled = pool_scores([score(seed, predictor) for seed in TEST_SEEDS])
    assert pooled.f1 >= 0.9


def test_the_card_tells_scores_of_simulated_and_real_images(predictor: Predictor) -> None:
    scores = predictor.info.card["scores"]
    assert scores["simulated_test"]["f1"] >= 0.9
    real = [scores[key] for key in ("real_held_out", "real_seen_in_training") if key in scores]
    assert real
    assert all(0 < each["f1"] < 1 for each in real)
    assert np.isclose(predictor.info.threshold, scores["threshold"])
