"""Figures from sums are those of the pool, whatever the images."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_slitseg.core.metrics import FIGURES, pool_scores, score_image
from napari_slitseg.core.metrics.figures import POOLINGS, has_figure

SHAPE = (200, 150)


def scores_of(rng: np.random.Generator, n_predicted: int, n_annotated: int, size_nm=5.0):
    draw = lambda n: rng.uniform(0, 60, (n, 2))  # noqa: E731
    return score_image(
        draw(n_predicted),
        draw(n_annotated),
        shape=SHAPE,
        tolerance_px=50 / size_nm if size_nm else 8,
        pixel_size_nm=size_nm,
    )


def same(a, b) -> bool:
    return (a is None and b is None) or math.isclose(a, b) or (math.isnan(a) and math.isnan(b))


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize(
    "numbers",
    [
        [(5, 7), (9, 4), (1, 0), (0, 3), (0, 0)],
        [(0, 0), (0, 0)],
        [(0, 4), (0, 2)],
        [(3, 0), (1, 0)],
        [(6, 6)],
    ],
)
def test_the_same_as_pooling(name, numbers) -> None:
    rng = np.random.default_rng(0)
    scores = [scores_of(rng, *each) for each in numbers]
    assert same(FIGURES[name].pooled(scores), getattr(pool_scores(scores), name))


@pytest.mark.parametrize("name", FIGURES)
def test_the_figure_of_one_image(name) -> None:
    for numbers in ((5, 7), (0, 3), (2, 0), (0, 0)):
        scores = scores_of(np.random.default_rng(1), *numbers)
        assert same(FIGURES[name].of_image(scores), FIGURES[name].pooled([scores]))


def test_every_figure_says_how_images_are_put_together() -> None:
    for name, figure in FIGURES.items():
        assert figure.pooling in POOLINGS
        assert name.startswith("mean_image_") == (figure.pooling == "mean over images")


@pytest.mark.parametrize("sizes", [(5.0, 5.0), (5.0, 8.0), (5.0, None), (None, None)])
def test_there_is_a_figure_where_the_pool_has_one(sizes) -> None:
    rng = np.random.default_rng(2)
    scores = [scores_of(rng, 6, 6, size) for size in sizes]
    if sizes == (5.0, None):
        scores = [scores_of(rng, 6, 6, None), scores[0]]
        assert not has_figure(FIGURES["localisation_nm"], scores)
        assert not has_figure(FIGURES["localisation_px"], scores)
        assert has_figure(FIGURES["f1"], scores)
        return
    pooled = pool_scores(scores)
    for name, figure in FIGURES.items():
        assert has_figure(figure, scores) == (getattr(pooled, name) is not None), name
