"""Targets drawn from points."""

import numpy as np
import pytest

from napari_slitseg.core.targets import dots, heatmap

RNG = np.random.default_rng(0)
POINTS = RNG.uniform(-3, 33, (12, 2))


def distances(points, shape):
    grid = np.stack(np.mgrid[: shape[0], : shape[1]], axis=-1).reshape(-1, 1, 2)
    return np.linalg.norm(grid - points, axis=-1).min(axis=1).reshape(shape)


@pytest.mark.parametrize("radius", [0.4, 1.9, 5.0])
def test_dots_are_the_pixels_within_the_radius(radius):
    expected = distances(POINTS, (30, 31)) <= radius
    np.testing.assert_array_equal(dots(POINTS, (30, 31), radius), expected)


def test_heatmap_is_the_gaussian_of_the_nearest_point():
    near = distances(POINTS, (30, 31))
    expected = np.where(near <= 6, np.exp(-(near**2) / (2 * 1.5**2)), 0)
    np.testing.assert_allclose(heatmap(POINTS, (30, 31), 1.5), expected, atol=1e-6)


def test_heatmap_is_one_at_a_point_on_a_pixel_centre():
    assert heatmap([(4, 7)], (10, 10), 2.0)[4, 7] == 1


@pytest.mark.parametrize("draw", [dots, heatmap])
def test_no_points_give_an_empty_float32_target(draw):
    target = draw(np.empty((0, 2)), (5, 6), 2.0)
    assert target.dtype == np.float32
    assert target.shape == (5, 6)
    assert not target.any()


@pytest.mark.parametrize("draw", [dots, heatmap])
@pytest.mark.parametrize("size", [0, -1, float("nan")])
def test_size_must_be_positive(draw, size):
    with pytest.raises(ValueError, match="positive"):
        draw([(1, 1)], (5, 5), size)


@pytest.mark.parametrize("points", [[1, 2], [(1, 2, 3)], [(np.nan, 1)]])
def test_points_must_be_finite_pairs(points):
    with pytest.raises(ValueError, match=r"\(N, 2\)"):
        dots(points, (5, 5), 1)
