"""Maps drawn from points."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from napari_slitseg.core.losses.draw import (
    distance_to_points,
    draw_dots,
    draw_heatmap,
    nearest_pixels,
)
from napari_slitseg.core.targets import dots, heatmap

SHAPE = (30, 41)
RNG = np.random.default_rng(0)
BATCH = [RNG.uniform(-3, 43, (n, 2)).astype(np.float32) for n in (12, 0, 1)]
NONE = torch.zeros((0, 2))


def tensors(batch):
    return [torch.from_numpy(yx) for yx in batch]


@pytest.mark.parametrize("radius", [0.4, 1.9, 2.0, 5.0, 60.0])
def test_dots_are_those_of_the_targets(radius):
    expected = np.stack([dots(yx, SHAPE, radius) for yx in BATCH])[:, None]
    np.testing.assert_array_equal(draw_dots(tensors(BATCH), SHAPE, radius_px=radius), expected)


def test_a_pixel_at_exactly_the_radius_belongs_to_the_disc():
    drawn = draw_dots([torch.tensor([[10.0, 10.0]])], SHAPE, radius_px=5.0)[0, 0]
    assert drawn[10, 15] == 1
    assert drawn[13, 14] == 1
    assert drawn[14, 14] == 0


@pytest.mark.parametrize("blur", [0.8, 2.0])
def test_blurred_dots_are_dots_convolved_with_a_gaussian(blur):
    inner = [yx.clip(12, 17) for yx in BATCH]
    sharp = [dots(yx, SHAPE, 1.9) for yx in inner]
    cut = math.ceil(4 * blur) / blur
    blurred = [gaussian_filter(each, blur, mode="constant", truncate=cut) for each in sharp]
    expected = np.stack(blurred)[:, None]
    drawn = draw_dots(tensors(inner), SHAPE, radius_px=1.9, blur_px=blur)
    np.testing.assert_allclose(drawn, expected, atol=1e-6)


def test_a_blurred_dot_at_the_border_is_as_bright_as_one_inside():
    places = [torch.tensor([[0.0, 20.0]]), torch.tensor([[15.0, 20.0]])]
    border, inside = draw_dots(places, SHAPE, radius_px=3.0, blur_px=1.5)[:, 0]
    assert torch.equal(border[:10], inside[15:25])


def test_blur_keeps_values_between_0_and_1():
    drawn = draw_dots(tensors(BATCH), SHAPE, radius_px=6.0, blur_px=0.7)
    assert drawn.min() == 0
    assert drawn.max() == 1


@pytest.mark.parametrize("sigma", [0.5, 1.5, 20.0])
def test_heatmap_is_that_of_the_targets(sigma):
    expected = np.stack([heatmap(yx, SHAPE, sigma) for yx in BATCH])[:, None]
    drawn = draw_heatmap(tensors(BATCH), SHAPE, sigma_px=sigma)
    np.testing.assert_allclose(drawn, expected, atol=1e-6)


def test_a_rounded_heatmap_is_exactly_1_at_the_nearest_pixel_of_each_point():
    yx = torch.tensor([[2.4, 7.6], [-0.5, -0.5], [29.5, 40.5], [10.0, 20.0]])
    drawn = draw_heatmap([yx], SHAPE, sigma_px=1.5, rounded=True)[0, 0]
    ones = (drawn == 1).nonzero().tolist()
    assert ones == [[0, 0], [2, 8], [10, 20], [29, 40]]


def test_nearest_pixels_leave_points_off_the_image_there():
    yx = torch.tensor([[-2.2, 3.0], [5.0, 41.0]])
    assert nearest_pixels(yx, SHAPE).tolist() == [[-2, 3], [5, 41]]


def nearest(yx, cap):
    grid = np.stack(np.mgrid[: SHAPE[0], : SHAPE[1]], axis=-1).reshape(-1, 2)
    if len(yx) == 0:
        return np.full(SHAPE, cap)
    return np.minimum(cKDTree(yx).query(grid)[0].reshape(SHAPE), cap)


@pytest.mark.parametrize("cap", [0.3, 2.0, 10.0, 17.3, None])
def test_distances_are_those_to_the_nearest_point(cap):
    largest = math.hypot(*SHAPE) if cap is None else cap
    expected = np.stack([nearest(yx, largest) for yx in BATCH])[:, None]
    found = distance_to_points(tensors(BATCH), SHAPE, cap_px=cap)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_many_points_on_a_large_image_give_the_same_distances_in_pieces(monkeypatch):
    whole = distance_to_points(tensors(BATCH), SHAPE)
    monkeypatch.setattr("napari_slitseg.core.losses.draw._MOST_AT_ONCE", 1)
    assert torch.equal(distance_to_points(tensors(BATCH), SHAPE), whole)


def test_an_empty_image_is_far_from_everything():
    assert (distance_to_points([NONE], (3, 4)) == 5).all()
    assert (distance_to_points([NONE], (30, 40), cap_px=2) == 2).all()


@pytest.mark.parametrize(
    "drawn",
    [
        draw_dots([NONE, NONE], SHAPE, radius_px=2),
        draw_dots([NONE, NONE], SHAPE, radius_px=2, blur_px=1),
        draw_heatmap([NONE, NONE], SHAPE, sigma_px=2),
    ],
)
def test_no_points_give_an_empty_float32_map(drawn):
    assert drawn.dtype == torch.float32
    assert drawn.shape == (2, 1, *SHAPE)
    assert not drawn.any()


def test_maps_of_float64_points_are_float32():
    yx = torch.tensor([[3.0, 4.0]], dtype=torch.float64)
    assert draw_heatmap([yx], SHAPE, sigma_px=1).dtype == torch.float32
    assert distance_to_points([yx], SHAPE).dtype == torch.float32


def test_maps_are_drawn_where_they_are_wanted():
    assert draw_dots([torch.ones(1, 2)], SHAPE, radius_px=1, device="meta").device.type == "meta"


def test_a_1x1_image_can_be_drawn_on():
    yx = [torch.tensor([[0.2, -0.3]])]
    assert draw_dots(yx, (1, 1), radius_px=1, blur_px=0.5).shape == (1, 1, 1, 1)
    assert draw_heatmap(yx, (1, 1), sigma_px=1, rounded=True).item() == 1
    assert distance_to_points(yx, (1, 1)).item() == pytest.approx(math.hypot(0.2, 0.3))


@pytest.mark.parametrize("size", [0, -1, float("nan")])
def test_sizes_must_be_positive(size):
    with pytest.raises(ValueError, match="positive"):
        draw_dots([NONE], SHAPE, radius_px=size)
    with pytest.raises(ValueError, match="positive"):
        draw_heatmap([NONE], SHAPE, sigma_px=size)
    with pytest.raises(ValueError, match="positive"):
        distance_to_points([NONE], SHAPE, cap_px=size)


def test_blur_must_not_be_negative():
    with pytest.raises(ValueError, match="blur"):
        draw_dots([NONE], SHAPE, radius_px=1, blur_px=-1)


def test_there_must_be_an_image():
    with pytest.raises(ValueError, match="at least one"):
        draw_dots([], SHAPE, radius_px=1)
