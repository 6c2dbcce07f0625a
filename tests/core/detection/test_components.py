"""Connected regions, against scikit-image's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import label, regionprops

from napari_slitseg.core.detection.components import find_components
from tests.core.detection.dots import disc, gaussian

ALL_SIZES = {"min_diameter_px": 0.0, "max_diameter_px": 1000.0}


def regions(image, level):
    return regionprops(label(image >= level, connectivity=2), image.astype(np.float64))


def table(yx, score):
    rows = np.column_stack([yx, score]).round(5)
    return rows[np.lexsort(rows.T)]


def test_regions_are_those_of_scikit_image_in_blocks_of_any_size():
    rng, n_regions = np.random.default_rng(0), 0
    for k in range(30):
        image = ndimage.gaussian_filter(rng.random(rng.integers(1, 60, 2)), (0, 0.7, 1.5)[k % 3])
        image = (image / image.max()).astype(np.float32)
        level = float(rng.choice([0.5, 0.7]))
        expected = regions(image, level)
        yx = np.array([each.centroid_weighted for each in expected]).reshape(-1, 2)
        score = [each.intensity_max for each in expected]
        for block_px in (7, 17, 100):
            found = find_components(image, level=level, block_px=block_px, **ALL_SIZES)
            np.testing.assert_allclose(
                table(found.yx, found.score), table(yx, score), rtol=0, atol=2e-5
            )
        n_regions += len(expected)
    assert n_regions > 300


def test_diameters_are_those_of_discs_of_the_same_area():
    rng = np.random.default_rng(1)
    image = ndimage.gaussian_filter(rng.random((80, 90)), 1.5)
    image /= image.max()
    diameters = np.array([each.equivalent_diameter_area for each in regions(image, 0.7)])
    for low, high in ((0, 4), (4, 9), (9, 1000), (20, 5)):
        found = find_components(image, level=0.7, min_diameter_px=low, max_diameter_px=high)
        assert len(found) == ((diameters >= low) & (diameters <= high)).sum()
    assert 5 < (diameters < 9).sum() < len(diameters)


def test_a_spiral_across_all_blocks_is_one_region():
    image = np.zeros((41, 41))
    for k in range(0, 20, 4):
        image[k, k : 41 - k] = image[40 - k, k : 41 - k] = 1
        image[k : 41 - k, 40 - k] = image[k + 4 : 41 - k, k] = 1
        image[k + 4, max(k - 1, 0) : k + 5] = 1
    expected = len(regions(image, 0.5))
    for block_px in (3, 11, 41):
        assert len(find_components(image, block_px=block_px, **ALL_SIZES)) == expected


@pytest.mark.parametrize("block_px", [1, 2, 3, 100])
def test_pixels_that_touch_at_a_corner_are_one_region(block_px):
    for image in (np.eye(6), np.eye(6)[::-1]):
        found = find_components(image, block_px=block_px)
        assert found.yx.tolist() == [[2.5, 2.5]]


def test_centre_of_mass_is_between_pixels():
    for yx in np.random.default_rng(2).uniform(15, 25, (30, 2)):
        found = find_components(gaussian(yx, 2.0, (41, 41), height=0.9), level=0.1)
        assert np.hypot(*(found.yx[0] - yx)) < 0.15


def test_the_level_is_inclusive_and_splits_what_touches():
    image = np.maximum(gaussian((20, 17), 2, (41, 41)), gaussian((20, 23), 2, (41, 41)))
    assert len(find_components(image, level=0.3)) == 1
    assert len(find_components(image, level=0.5)) == 2
    assert len(find_components(disc((20, 20), 3, height=0.7), level=0.7)) == 1
    assert len(find_components(disc((20, 20), 3, height=0.69), level=0.7)) == 0


def test_best_first_and_equal_scores_by_size():
    image = np.max([disc((10, 10), 2, height=0.8), disc((30, 30), 2), disc((50, 50), 4)], axis=0)
    found = find_components(image)
    np.testing.assert_allclose(found.yx, [[50, 50], [30, 30], [10, 10]])
    np.testing.assert_allclose(found.score, [1, 1, 0.8], atol=1e-6)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"level": 0.0}, "level"),
        ({"level": 1.1}, "level"),
        ({"min_diameter_px": -1.0}, "min_diameter_px"),
        ({"max_diameter_px": np.nan}, "max_diameter_px"),
        ({"border_px": -1.0}, "border_px"),
        ({"block_px": 0}, "block_px"),
    ],
)
def test_refusals(wrong, words):
    with pytest.raises(ValueError, match=words):
        find_components(np.zeros((4, 4)), **wrong)
