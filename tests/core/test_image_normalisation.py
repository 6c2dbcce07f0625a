"""Robust normalisation: what goes to -1 and +1, and arrays of every kind."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_slitseg.core.image import Normalisation

RNG = np.random.default_rng(5)


def normalised(pixels, normalisation=None):
    normalisation = normalisation or Normalisation()
    return normalisation.apply(pixels, *normalisation.range_of(pixels))


def test_percentiles_go_to_minus_one_and_one():
    pixels = np.arange(10001, dtype=np.float32).reshape(73, 137)
    low, high = Normalisation(5, 90).range_of(pixels)
    assert (low, high) == (500, 9000)
    out = Normalisation(5, 90).apply(np.array([[500, 4750, 9000]], np.float32), low, high)
    np.testing.assert_allclose(out, [[-1, 0, 1]], atol=1e-6)
    assert out.dtype == np.float32


def test_clip_bounds_outliers():
    pixels = RNG.normal(100, 5, (50, 50))
    pixels[0, 0], pixels[0, 1] = 1e9, -1e9
    out = normalised(pixels, Normalisation(clip=2.0))
    assert out[0, 0] == 2
    assert out[0, 1] == -2
    assert np.abs(out).max() == 2


@pytest.mark.parametrize(
    "dtype", ["u1", "i2", "u2", ">u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", ">f4"]
)
def test_dtypes_agree(dtype):
    pixels = RNG.integers(0, 120, (40, 30))
    np.testing.assert_allclose(normalised(pixels.astype(dtype)), normalised(pixels), atol=2e-6)


@pytest.mark.parametrize(("dtype", "offset"), [("u4", 2**31), ("i8", 2**40), ("f8", 1e12)])
def test_large_offsets_lose_nothing(dtype, offset):
    pixels = RNG.integers(0, 200, (40, 30))
    shifted = (pixels + np.array(offset, dtype)).astype(dtype)
    np.testing.assert_allclose(normalised(shifted), normalised(pixels), atol=1e-5)


def test_constant_image_is_zero():
    for value in (0, 7, -3.5):
        assert (normalised(np.full((4, 5), value)) == 0).all()


def test_sparse_image_uses_its_extremes():
    pixels = np.zeros((100, 100), np.uint8)
    pixels[3, 4] = 200
    assert Normalisation().range_of(pixels) == (0, 200)


def test_nan_is_left_out_and_becomes_zero():
    pixels = np.linspace(0, 1, 100, dtype=np.float32).reshape(10, 10)
    pixels[2, 2] = np.nan
    low, high = Normalisation().range_of(pixels)
    out = Normalisation().apply(pixels, low, high)
    assert 0 <= low < high <= 1
    assert out[2, 2] == 0
    assert np.isfinite(out).all()
    assert Normalisation().range_of(np.full((3, 3), np.nan)) == (0, 0)


def test_input_is_not_changed():
    pixels = RNG.random((9, 9)).astype(np.float32)
    copy = pixels.copy()
    normalised(pixels)
    np.testing.assert_array_equal(pixels, copy)


@pytest.mark.parametrize("shape", [(3000, 2000), (1, 3_000_000), (3_000_000, 1), (1, 1)])
def test_subsample_is_small_and_close(shape):
    pixels = RNG.integers(0, 256, shape, dtype=np.uint8)
    seen = []

    class Watched:
        def __init__(self, array):
            self.shape, self.array = array.shape, array

        def __getitem__(self, key):
            seen.append(self.array[key].size)
            return self.array[key]

    low, high = Normalisation().range_of(Watched(pixels))
    assert sum(seen) <= 1_000_000
    assert np.abs(np.array([low, high]) - np.percentile(pixels, (1, 99))).max() <= 2


def test_dask_and_zarr():
    zarr = pytest.importorskip("zarr")
    pixels = RNG.integers(0, 4000, (1500, 1200), dtype=np.uint16)
    expected = Normalisation().range_of(pixels)
    assert Normalisation().range_of(da.from_array(pixels, chunks=(256, 256))) == expected
    stored = zarr.create_array({}, shape=pixels.shape, chunks=(256, 256), dtype="uint16")
    stored[:] = pixels
    assert Normalisation().range_of(stored) == expected


def test_dictionary_round_trip():
    normalisation = Normalisation(0.5, 99.5, 4.0)
    assert Normalisation.from_dict(normalisation.to_dict()) == normalisation


@pytest.mark.parametrize(
    "values",
    [
        {"low_percent": 99, "high_percent": 1},
        {"low_percent": -1},
        {"high_percent": 101},
        {"clip": 0.5},
        {"clip": float("nan")},
        {"low_percent": float("nan")},
        {"gamma": 1},
        {"clip": "much"},
        {"clip": None},
    ],
)
def test_impossible_values_are_refused(values):
    with pytest.raises(ValueError, match="Normalisation"):
        Normalisation.from_dict(values)
