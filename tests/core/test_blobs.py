"""Blobs: scikit-image's detectors, moved to where the dots are."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from skimage.feature import blob_doh

from napari_slitseg.core.detection.blobs import find_blobs_dog, find_blobs_doh, find_blobs_log

BLOBS = [find_blobs_log, find_blobs_dog, find_blobs_doh]
CENTRES = np.array([[20, 20], [20, 60], [50, 30], [60, 71]])


def discs(centres, radius_px, height=1.0, shape=(80, 90)):
    y, x = np.indices(shape)
    nearest = np.min([(y - cy) ** 2 + (x - cx) ** 2 for cy, cx in centres], axis=0)
    return np.where(nearest <= radius_px**2, height, 0.0)


def in_order(yx):
    return yx[np.lexsort((yx[:, 1], yx[:, 0]))]


def gaussian(yx, sigma_px, shape=(60, 60)):
    y, x = np.indices(shape)
    return np.exp(-((y - yx[0]) ** 2 + (x - yx[1]) ** 2) / (2 * sigma_px**2))


@pytest.mark.parametrize("find", BLOBS)
@pytest.mark.parametrize("radius_px", [1.5, 1.9, 2.3, 4.0])
def test_dots_are_found_where_they_are(find, radius_px):
    found = find(discs(CENTRES, radius_px))
    slack = 0.5 if find is find_blobs_doh else 0
    np.testing.assert_allclose(in_order(found.yx), CENTRES, rtol=0, atol=slack)


@pytest.mark.parametrize("radius_px", [1.5, 1.9, 2.3, 4.0])
def test_the_hessian_of_scikit_image_puts_discs_one_pixel_off(radius_px):
    dots = discs(CENTRES, radius_px)
    raw = blob_doh(dots, min_sigma=1, max_sigma=4, num_sigma=7, threshold=0.01)[:, :2]
    np.testing.assert_array_equal(in_order(raw), CENTRES - 1)
    np.testing.assert_array_equal(in_order(find_blobs_doh(dots, undo_shift=False).yx), CENTRES - 1)


@pytest.mark.parametrize(("sigma_px", "shift_px"), [(1.2, 1.0), (1.9, 0.5), (3.0, 0.5)])
def test_the_hessian_is_moved_back_at_every_scale(sigma_px, shift_px):
    rng = np.random.default_rng(3)
    centres = rng.uniform(20, 40, (60, 2))
    for undo, expected in ((False, -shift_px), (True, 0.0)):
        found = [find_blobs_doh(gaussian(yx, sigma_px), undo_shift=undo).yx for yx in centres]
        offset = np.concatenate(found) - centres
        np.testing.assert_allclose(offset.mean(axis=0), expected, atol=0.12)


def test_the_hessian_merges_dots_that_the_others_tell_apart():
    near = discs([(30, 30), (30, 34)], 1.9)
    assert [len(find(near)) for find in BLOBS] == [2, 2, 1]


@pytest.mark.parametrize("find", BLOBS)
def test_score_is_the_probability_and_the_threshold_keeps_to_it(find):
    dots = np.maximum(discs(CENTRES[:2], 1.9, 0.8), discs(CENTRES[2:], 1.9, 0.6))
    found = find(dots)
    np.testing.assert_allclose(found.score, [0.8, 0.8, 0.6, 0.6])
    np.testing.assert_array_equal(found.yx[:2], CENTRES[:2])
    assert len(find(dots, threshold=0.8)) == 2
    assert len(find(dots, threshold=0.81)) == 0


@pytest.mark.parametrize("find", BLOBS)
def test_the_weaker_of_two_close_dots_goes(find):
    dots = np.maximum(discs(CENTRES[:1], 1.9, 0.8), discs(CENTRES[:1] + np.array([0, 8]), 1.9, 0.6))
    assert len(find(dots, min_distance_px=8)) == 2
    np.testing.assert_array_equal(find(dots, min_distance_px=8.1).yx, CENTRES[:1])


@pytest.mark.parametrize("find", BLOBS)
def test_a_higher_response_finds_fewer(find):
    dots = np.maximum(discs(CENTRES[:2], 1.9, 1.0), discs(CENTRES[2:], 1.9, 0.1))
    low, high = find(dots, threshold=0, response=1e-4), find(dots, threshold=0, response=1e-2)
    assert len(low) >= 4
    assert len(find(dots, threshold=0, response=2.0)) == 0 < len(high) <= len(low)


def test_scales_choose_the_size():
    large = discs(CENTRES[:1], 6.0, shape=(60, 60))
    np.testing.assert_array_equal(find_blobs_log(large, max_sigma_px=5).yx, CENTRES[:1])
    small = discs(CENTRES[:1], 1.9, shape=(60, 60))
    assert len(find_blobs_log(small, min_sigma_px=5, max_sigma_px=6, response=0.3)) == 0


@pytest.mark.parametrize("find", BLOBS)
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (30, 30)])
def test_nothing_in_nothing(find, shape):
    assert len(find(np.zeros(shape))) == 0


@pytest.mark.parametrize("find", BLOBS)
def test_unknown_pixels_hold_nothing(find):
    dots = discs(CENTRES, 1.9)
    dots[:40] = np.nan
    np.testing.assert_array_equal(in_order(find(dots).yx), CENTRES[2:])


@pytest.mark.parametrize("find", BLOBS)
def test_refusals(find):
    with pytest.raises(ValueError, match="two-dimensional"):
        find(np.zeros((1, 4, 4)))
    with pytest.raises(ValueError, match="sigmoid"):
        find(np.full((4, 4), -3.0))
    with pytest.raises(ValueError, match="threshold"):
        find(np.zeros((4, 4)), threshold=1.5)
    with pytest.raises(ValueError, match="min_distance_px"):
        find(np.zeros((4, 4)), min_distance_px=-1)


def test_every_detector_takes_a_map_and_a_threshold():
    dots = discs(CENTRES, 1.9)
    for find in BLOBS:
        np.testing.assert_allclose(in_order(find(dots, threshold=0.9).yx), CENTRES, atol=0.01)


def test_scikit_image_is_loaded_when_it_is_needed():
    code = (
        "import sys, napari_slitseg.core.detection; sys.exit('skimage.feature.blob' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
