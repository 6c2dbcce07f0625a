"""The chain of fpw-dl-v1, with the numbers that OpenCV 4.11 gave on the same images."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from napari_slitseg.core.preprocessing import (
    PREPROCESSINGS,
    fpw_dl_v1,
    peak_of,
    sharpen,
    squeeze,
    to_eight_bits,
    to_peak,
)


def pattern(shape, low=0, high=255):
    """Grey values in bands and blocks, from whole numbers only, so the same everywhere."""
    y, x = np.indices(shape)
    values = (y * y * 3 + x * x * 5 + y * x * 7 + (y // 5) * 31 + (x // 7) * 17) % 256
    return (low + values * (high - low) // 255).astype(np.uint8)


def checksum(image):
    assert image.dtype == np.uint8
    return zlib.crc32(np.ascontiguousarray(image).tobytes())


# --- the peak --------------------------------------------------------------------------------


def test_the_peak_is_the_mean_of_the_20_most_frequent_grey_values():
    values = np.concatenate([np.repeat(np.arange(100, 120), 3), [0, 255, 7, 9]])
    assert peak_of(values.astype(np.uint8)) == np.arange(100, 120).mean()


def test_of_equally_frequent_grey_values_the_darker_count():
    assert peak_of(np.arange(256, dtype=np.uint8)) == np.arange(20).mean()


def test_too_few_grey_values_are_filled_up_from_the_dark_end():
    image = np.full((4, 4), 200, np.uint8)
    assert peak_of(image) == (200 + sum(range(19))) / 20


@pytest.mark.parametrize(
    ("low", "high", "peak", "before", "after"),
    [
        (0, 255, 127.35, 172612079, 2185992987),
        (150, 250, 199.35, 438752337, 4149159999),  # gamma at its upper, shift at its lower end
        (10, 90, 47.05, 2220441153, 551516718),  # gamma at its lower, shift at its upper end
        (100, 140, 118.9, 2270598841, 1788740015),
    ],
)
def test_moving_the_peak_gives_the_numbers_of_opencv(low, high, peak, before, after):
    image = pattern((60, 50), low, high)
    assert checksum(image) == before
    assert peak_of(image) == pytest.approx(peak)
    assert checksum(to_peak(image)) == after


@pytest.mark.parametrize(("low", "high"), [(160, 250), (5, 70)])
def test_the_peak_comes_nearer_to_120(low, high):
    image = pattern((60, 50), low, high)
    assert abs(peak_of(to_peak(image)) - 120) < abs(peak_of(image) - 120) - 10


def test_an_image_at_the_peak_stays():
    image = np.repeat(np.arange(111, 131, dtype=np.uint8), 5)[None]
    assert peak_of(image) == 120.5
    assert np.abs(to_peak(image).astype(int) - image).max() <= 4


def test_a_constant_image_has_no_deviation_to_divide_by():
    moved = to_peak(np.full((5, 6), 200, np.uint8))
    assert np.unique(moved).tolist() == [210]  # its peak is 18.55 by the rule, so 10 are added


# --- sharpening ------------------------------------------------------------------------------


def test_sharpening_gives_the_numbers_of_opencv():
    sharp = sharpen(pattern((60, 50)))
    assert checksum(sharp) == 2870344806
    assert sharp[0, :8].tolist() == [0, 3, 16, 38, 69, 111, 166, 0]
    assert sharp[30, 20:28].tolist() == [147, 66, 234, 158, 92, 37, 0, 208]


def test_a_flat_image_loses_a_tenth():
    assert np.unique(sharpen(np.full((9, 9), 200, np.uint8))).tolist() == [180]


def test_a_dot_takes_a_tenth_of_a_gaussian_from_its_surroundings():
    image = np.full((9, 9), 100, np.uint8)
    image[4, 4] = 200
    y, x = np.indices((9, 9)) - 4
    gaussian = np.exp(-(y**2 + x**2) / 2) / (2 * np.pi)
    expected = image - 0.1 * (100 + 100 * gaussian)
    assert np.abs(sharpen(image) - expected).max() <= 0.6  # 5 x 5 of the Gaussian, and rounding
    assert sharpen(image)[4, 3] < sharpen(image)[0, 0]


# --- squeezing -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "expected", "row"),
    [
        ((37, 32), 3831813745, [2, 20, 69, 121, 115, 108, 73, 178]),
        ((90, 80), 1577097494, [0, 1, 5, 13, 26, 41, 64, 82]),
        ((60, 50), 172612079, [0, 5, 20, 45, 80, 125, 180, 6]),
    ],
)
def test_squeezing_gives_the_numbers_of_opencv(shape, expected, row):
    small = squeeze(pattern((60, 50)), shape)
    assert small.shape == shape
    assert small[0, :8].tolist() == row
    assert checksum(small) == expected


def test_squeezing_keeps_pixel_edges_in_place():
    ramp = np.tile(np.arange(200, dtype=np.uint8), (30, 1))
    small = squeeze(ramp, (30, 100))
    expected = (np.arange(100) + 0.5) * 2 - 0.5
    assert np.abs(small[0, 4:-4] - expected[4:-4]).max() <= 0.5


def test_squeezing_is_different_along_the_axes():
    assert squeeze(pattern((60, 50)), (30, 50)).shape == (30, 50)
    np.testing.assert_array_equal(
        squeeze(pattern((60, 50)).T, (50, 30)), squeeze(pattern((60, 50)), (30, 50)).T
    )


# --- the chain -------------------------------------------------------------------------------


def test_the_whole_chain_gives_the_numbers_of_opencv():
    found = fpw_dl_v1(pattern((1104, 1024), 60, 230))
    assert found.dtype == np.float32
    assert found.shape == (640, 640)
    grey = found.astype(np.float64) * 42.81252670288086 + 115.83621215820312
    assert np.abs(grey - np.rint(grey)).max() < 1e-4
    assert checksum(np.rint(grey).astype(np.uint8)) == 846736438
    assert found[0, :3].tolist() == pytest.approx([-1.7012827, -1.4677062, -0.7436191], abs=1e-6)
    assert found[320, 320] == pytest.approx(0.7045552, abs=1e-6)
    assert (found.mean(), found.std()) == pytest.approx((0.09741706, 1.1274588), abs=1e-6)


def test_it_is_in_the_table_with_its_field_and_its_input():
    chain = PREPROCESSINGS["fpw-dl-v1"]
    assert (chain.name, chain.field_px, chain.input_px) == ("fpw-dl-v1", (1104, 1024), (640, 640))
    assert chain.apply is fpw_dl_v1


def test_eight_bits_are_rounded_and_cut_off():
    rounded = to_eight_bits(np.array([-3.0, 0.4, 1.5, 2.5, 254.6, 300]))
    assert rounded.tolist() == [0, 0, 2, 2, 255, 255]
