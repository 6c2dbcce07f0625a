from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from napari_slitseg.core.resample import mirrored, reach_px, resample, scaled_length, support

SHAPE = (37, 52)
SCALES = (1.0, 0.4, 0.83, 1.21, 2.0, 3.7)


def image(shape=SHAPE, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def whole(pixels, scale):
    size = tuple(slice(0, scaled_length(n, scale)) for n in pixels.shape)
    return resample(pixels, (0, 0), pixels.shape, size, scale)


def test_scale_one_copies_every_pixel():
    pixels = image()
    np.testing.assert_array_equal(whole(pixels, 1.0), pixels)


@pytest.mark.parametrize("scale", SCALES)
def test_windows_agree_with_the_whole_bit_for_bit(scale):
    pixels = image()
    expected = whole(pixels, scale)
    rng = np.random.default_rng(1)
    for _ in range(20):
        window, read = [], []
        for n_out, n_in in zip(expected.shape, SHAPE, strict=True):
            start = int(rng.integers(0, n_out))
            stop = int(rng.integers(start + 1, n_out + 1))
            window.append(slice(start, stop))
            read.append(slice(*support(start, stop, scale, n_in)))
        origin = (read[0].start, read[1].start)
        part = resample(pixels[tuple(read)], origin, SHAPE, tuple(window), scale)
        np.testing.assert_array_equal(part, expected[tuple(window)])


@pytest.mark.parametrize("scale", [1.5, 2.0, 3.7])
def test_growing_is_linear_interpolation_between_pixel_centres(scale):
    pixels = image()
    out = whole(pixels, scale)
    at = np.meshgrid(*((np.arange(n) + 0.5) / scale - 0.5 for n in out.shape), indexing="ij")
    expected = ndimage.map_coordinates(pixels, at, order=1, mode="reflect")
    np.testing.assert_allclose(out, expected, atol=1e-5)


@pytest.mark.parametrize("scale", [0.25, 0.4, 0.83, 1.7])
def test_positions_and_mean_are_kept(scale):
    """A blob stays where it is: its centroid follows the pixel-edge convention."""
    y, x = np.mgrid[:120, :90]
    blob = np.exp(-((y - 61.3) ** 2 + (x - 40.7) ** 2) / (2 * 6.0**2)).astype(np.float32)
    out = whole(blob, scale)
    centre = np.array(ndimage.center_of_mass(out))
    np.testing.assert_allclose((centre + 0.5) / scale - 0.5, (61.3, 40.7), atol=0.02)
    assert out.sum() / scale**2 == pytest.approx(blob.sum(), rel=0.01)


def test_shrinking_does_not_alias():
    """Stripes finer than an output pixel turn grey, not into coarse stripes."""
    stripes = np.tile(np.float32([1, -1]), (64, 48))
    assert np.abs(whole(stripes, 0.3)[2:-2, 2:-2]).max() < 0.06
    coarse = np.repeat(np.float32([1, -1]), 24)[None, :].repeat(48, 0)
    assert whole(coarse, 0.3).max() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (3, 2)])
def test_tiny_and_constant_images_stay_constant_even_far_outside(scale, shape):
    pixels = np.full(shape, 0.7, np.float32)
    far = (slice(-5, 21), slice(0, 17))
    np.testing.assert_allclose(resample(pixels, (0, 0), shape, far, scale), 0.7, rtol=1e-6)


def test_outside_the_image_is_its_mirror():
    pixels = image()
    far = (slice(-3, 45), slice(-2, 60))
    expected = np.pad(pixels, ((3, 8), (2, 8)), mode="symmetric")
    np.testing.assert_array_equal(resample(pixels, (0, 0), SHAPE, far, 1.0), expected)


def test_a_window_without_its_support_is_refused():
    pixels = image()
    with pytest.raises(ValueError, match="reads input pixels"):
        resample(pixels[5:], (5, 0), SHAPE, (slice(0, 10), slice(0, 10)), 0.5)


@given(st.integers(1, 9), st.integers(-60, 60))
def test_mirror_folds_like_numpy(length, index):
    expected = np.pad(np.arange(length), 70, mode="symmetric")[index + 70]
    assert mirrored(np.array([index]), length)[0] == expected


@given(st.integers(1, 5000), st.floats(0.02, 8))
def test_every_pixel_is_covered(length, scale):
    n = scaled_length(length, scale)
    assert (n - 1) * 1.0 < max(length * scale, 1e-3) <= n + 1e-6
    start = n // 2
    first, last = support(start, start + 1, scale, length)
    centre = (start + 0.5) / scale - 0.5
    assert 0 <= first < last <= length
    assert first <= max(0.0, centre) + 1
    assert last - first <= 2 * reach_px(scale) + 1


def test_rounding_of_the_scale_adds_no_pixel():
    assert scaled_length(30, 0.1) == 3
    assert scaled_length(1000, 16 / 10 * 10 / 16) == 1000
